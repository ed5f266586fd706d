// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v7"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/otel/metric"
)

var errStopping = errors.New("the exporter is stopping")

// send delivers the requests, tenants independently of each other, each tenant's
// in their order. It returns nil when all is delivered or kept as a dead letter,
// and does not return before, unless ctx ends, the exporter stops, or
// retry_on_failure says so.
func (e *lokiExporter) send(ctx context.Context, byTenant [][]*request) error {
	if len(byTenant) == 1 {
		return e.deliver(ctx, byTenant[0])
	}
	errs := make([]error, len(byTenant))
	var all sync.WaitGroup
	for i, requests := range byTenant {
		all.Go(func() { errs[i] = e.deliver(ctx, requests) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// deliver delivers the requests of one tenant.
func (e *lokiExporter) deliver(ctx context.Context, pending []*request) error {
	var t trouble
	defer e.troubles.leave(ctx, &t)
	pause := backoff.ExponentialBackOff{
		InitialInterval:     e.config.RetryConfig.InitialInterval,
		RandomizationFactor: e.config.RetryConfig.RandomizationFactor,
		Multiplier:          e.config.RetryConfig.Multiplier,
		MaxInterval:         e.config.RetryConfig.MaxInterval,
	}
	pause.Reset()
	progress := time.Now()
	for _, r := range pending {
		if r.made.IsZero() {
			r.made = progress
		}
	}
	for len(pending) > 0 {
		place := e.next(pending)
		r := pending[place]
		a, rest, err := e.try(ctx, r, len(pending))
		if err != nil {
			return err
		}
		pending = slices.Replace(pending, place, place+1, rest...)
		if a == nil {
			pause.Reset()
			progress = time.Now()
			if !failing(pending) {
				e.troubles.end(ctx, &t)
			}
			continue
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("push to Loki: %w", err)
		}
		e.troubles.begin(ctx, &t, r.tenant, a)
		if a.ofStream && e.config.RetryConfig.Enabled && pending[e.next(pending)].rounds < r.rounds {
			continue // The other streams need not wait for this one.
		}
		delay := max(pause.NextBackOff(), a.retryAfter)
		limit := e.config.RetryConfig.MaxElapsedTime
		if !e.config.RetryConfig.Enabled || limit > 0 && time.Since(progress)+delay > limit {
			// With the delay the helper finds, too, that there is no time left.
			return exporterhelper.NewThrottleRetry(fmt.Errorf("push to Loki: %w", a), delay)
		}
		if err := e.wait(ctx, delay); err != nil {
			return fmt.Errorf("push to Loki: %w; %w", err, a)
		}
	}
	return nil
}

// try sends a request once and returns what has still to be sent of it. The answer
// is nil when that can be sent at once.
func (e *lokiExporter) try(ctx context.Context, r *request, pending int) (*answer, []*request, error) {
	sent := time.Now()
	if len(r.streams) > 1 && sent.Sub(r.made) > e.freshFor() {
		rest, err := r.byStream()
		return nil, rest, err
	}
	a := e.attempt(ctx, r)
	if a.status == 0 || a.status >= http.StatusInternalServerError {
		e.known.failed(r.tenant, sent)
	}
	if a.verdict == suspicious {
		e.suspect(r, &a, sent)
	}
	if a.ofStream {
		e.known.refused(r.tenant, r.streams[len(r.streams)-1], sent)
	}
	var rest []*request
	var err error
	switch {
	case a.verdict == delivered:
		e.delivered(ctx, r, r.entries)
	case a.verdict == refused:
		rest, err = e.sortOut(ctx, r, &a)
	case a.verdict == tooLarge && r.entries > 1:
		rest, err = r.halves()
	case a.verdict == tooLarge:
		err = e.refuseRequest(ctx, r, reasonTooLarge, a.text)
	case a.ofStream && len(r.streams) > 1:
		rest, err = r.byStream()
	case a.verdict == suspicious && guilty(r, &a):
		reason := reasonServerError
		if a.status < http.StatusInternalServerError {
			reason = reasonBadRequest
		}
		err = e.refuseRequest(ctx, r, reason, a.text)
	default:
		r.rounds++
		rest = []*request{r}
		if a.verdict == suspicious && r.divisible(pending) {
			rest, err = r.halves()
		}
		return &a, rest, err
	}
	return nil, rest, err
}

// attempt sends a request once.
func (e *lokiExporter) attempt(ctx context.Context, r *request) answer {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(r.body))
	if err != nil {
		return answer{verdict: waiting, text: err.Error()}
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("Content-Encoding", "snappy")
	req.Header.Set("User-Agent", e.userAgent)
	if r.tenant != "" {
		req.Header.Set(tenantHeader, r.tenant)
	}
	a := e.exchange(req)
	e.telemetry.ExporterLokiRequests.Add(ctx, 1, metric.WithAttributes(statusAttribute(a.label())))
	e.telemetry.ExporterLokiRequestSize.Add(ctx, int64(len(r.body)))
	return a
}

// maxAnswer bounds what is read of an answer. Loki lists each refused entry.
const maxAnswer = 1 << 20

func (e *lokiExporter) exchange(req *http.Request) answer {
	resp, err := e.client.Do(req)
	if err != nil {
		// The URL, which may hold a secret, is not repeated.
		if u := (*url.Error)(nil); errors.As(err, &u) {
			err = u.Err
		}
		return answer{verdict: waiting, text: err.Error()}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil && resp.StatusCode >= 300 {
		text = append(text, err.Error()...)
	}
	return judge(resp.StatusCode, resp.Header, string(text))
}

// wait returns nil after delay, and an error when the exporter stops before.
func (e *lokiExporter) wait(ctx context.Context, delay time.Duration) error {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-e.stopping:
		return errStopping
	}
}

// delivered notes that Loki has a number of entries of a request.
func (e *lokiExporter) delivered(ctx context.Context, r *request, entries int) {
	e.known.accepted(r.tenant, r.streams, time.Now())
	e.telemetry.ExporterLokiDeliveredLogRecords.Add(ctx, int64(entries))
}
