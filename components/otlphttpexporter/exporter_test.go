// SPDX-License-Identifier: Apache-2.0

package otlphttpexporter

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	upstream "go.opentelemetry.io/collector/exporter/otlphttpexporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// partial is an answer that rejects two records.
func partial(t *testing.T, json bool) string {
	answer := plogotlp.NewExportResponse()
	answer.PartialSuccess().SetRejectedLogRecords(2)
	marshal := answer.MarshalProto
	if json {
		marshal = answer.MarshalJSON
	}
	raw, err := marshal()
	require.NoError(t, err)
	return string(raw)
}

func TestWhatAnAnswerOf200Means(t *testing.T) {
	for name, tt := range map[string]struct {
		media, body string
		says        string // "" for delivered
		rejected    int64
	}{
		"nothing":                      {},
		"text":                         {media: "text/plain", body: "ok"},
		"protobuf that rejects":        {media: "application/x-protobuf", body: partial(t, false), rejected: 2},
		"JSON that rejects":            {media: "application/json", body: partial(t, true), rejected: 2},
		"a web page":                   {media: "text/html; charset=utf-8", body: "<html>log in", says: "web page"},
		"garbage that calls itself so": {media: "application/x-protobuf", body: "\xff\xff garbage", says: "parsing protobuf"},
		"more than anybody reads":      {media: "text/plain", body: strings.Repeat("x", 10*maxAnswer)},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Content-Type", tt.media)
				_, _ = io.WriteString(w, tt.body)
			}))
			defer server.Close()
			telemetry := componenttest.NewTelemetry()
			defer func() { require.NoError(t, telemetry.Shutdown(context.Background())) }()
			e := start(t, server.URL, telemetry)
			logs := plog.NewLogs()
			logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("x")
			err := e.ConsumeLogs(t.Context(), logs)
			if tt.says == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tt.says)
			}
			const name = "otelcol_exporter_otlp_http_rejected_log_records"
			if tt.rejected == 0 {
				_, err := telemetry.GetMetric(name)
				require.Error(t, err, "nothing is counted")
				return
			}
			got, err := telemetry.GetMetric(name)
			require.NoError(t, err)
			points := got.Data.(metricdata.Sum[int64]).DataPoints
			require.Len(t, points, 1)
			assert.Equal(t, tt.rejected, points[0].Value)
		})
	}
}

// start runs an exporter without a queue and without a retry of its own.
func start(t *testing.T, url string, telemetry *componenttest.Telemetry) exporter.Logs {
	factory := NewFactory()
	config := factory.CreateDefaultConfig().(*upstream.Config)
	config.ClientConfig.Endpoint = url
	config.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
	config.RetryConfig.Enabled = false
	set := exportertest.NewNopSettings(factory.Type())
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	e, err := factory.CreateLogs(t.Context(), set, config)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, e.Shutdown(context.Background())) })
	require.Empty(t, config.ClientConfig.Middlewares, "the configuration is the user's")
	return e
}

// reporter is a host that is told the status.
type reporter struct {
	component.Host
	events []componentstatus.Status
}

func (r *reporter) Report(event *componentstatus.Event) { r.events = append(r.events, event.Status()) }

func TestTheHostIsStillToldTheStatus(t *testing.T) {
	told := &reporter{Host: componenttest.NewNopHost()}
	componentstatus.ReportStatus(hostWith{Host: told}, componentstatus.NewEvent(componentstatus.StatusOK))
	assert.Equal(t, []componentstatus.Status{componentstatus.StatusOK}, told.events)
}

func TestTheFormerNameIsStillKnown(t *testing.T) {
	assert.Equal(t, "otlphttp", NewFactory().(full).DeprecatedAlias().String())
}
