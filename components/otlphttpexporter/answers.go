// SPDX-License-Identifier: Apache-2.0

package otlphttpexporter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/otel/metric"
)

// maxAnswer is how much of an answer is read, as upstream does.
const maxAnswer = 64 << 10

// errWebPage is what a login page or a proxy's page makes of a request. No backend answers so.
var errWebPage = errors.New("the answer is a web page, hence not of a backend that speaks OTLP: check `endpoint`")

// watch looks at the answers of the backend before upstream does.
type watch struct {
	component.StartFunc
	component.ShutdownFunc
	rejected metric.Int64Counter
}

var _ extensionmiddleware.HTTPClient = (*watch)(nil)

func newWatch(settings component.TelemetrySettings) (*watch, error) {
	rejected, err := settings.MeterProvider.Meter("github.com/tributary-otel/tributary/components/otlphttpexporter").Int64Counter(
		"otelcol_exporter_otlp_http_rejected_log_records", metric.WithUnit("{records}"),
		metric.WithDescription("Log records that the backend said it has rejected, in an answer that took the others."))
	if err != nil {
		return nil, fmt.Errorf("create metrics: %w", err)
	}
	return &watch{rejected: rejected}, nil
}

// GetHTTPRoundTripper implements extensionmiddleware.HTTPClient.
func (w *watch) GetHTTPRoundTripper(context.Context) (extensionmiddleware.WrapHTTPRoundTripperFunc, error) {
	return func(_ context.Context, next http.RoundTripper) (http.RoundTripper, error) {
		return &transport{watch: w, next: next}, nil
	}, nil
}

type transport struct {
	*watch
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(req)
	if err != nil || response.StatusCode < 200 || response.StatusCode > 299 {
		return response, err
	}
	media := strings.ToLower(response.Header.Get("Content-Type"))
	if strings.HasPrefix(media, "text/html") {
		_ = response.Body.Close()
		return nil, errWebPage
	}
	head, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		_ = response.Body.Close()
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if n := rejected(media, head); n > 0 {
		t.rejected.Add(req.Context(), n)
	}
	// What is beyond is not read: upstream would read as much again before it closes the body.
	_ = response.Body.Close()
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(head)), int64(len(head))
	return response, nil
}

// rejected is how many records an answer rejects. What is no answer of OTLP rejects none; upstream says what is wrong.
func rejected(media string, body []byte) int64 {
	answer := plogotlp.NewExportResponse()
	switch {
	case strings.HasPrefix(media, "application/x-protobuf"):
		if answer.UnmarshalProto(body) != nil {
			return 0
		}
	case strings.HasPrefix(media, "application/json"):
		if answer.UnmarshalJSON(body) != nil {
			return 0
		}
	}
	return answer.PartialSuccess().RejectedLogRecords()
}
