// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v7"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	conventions "go.opentelemetry.io/otel/semconv/v1.40.0"
	"go.uber.org/zap"
)

// attempt runs one detector until it succeeds, or until the context ends.
func (p *provider) attempt(ctx context.Context, client *http.Client, d detector) (finding, error) {
	began := time.Now()
	var first error
	once := func(limit time.Duration) (finding, error) {
		ctx, cancel := withTimeout(ctx, limit)
		defer cancel()
		found, err := d.detect(ctx, client)
		if err != nil && first == nil {
			first = err
		}
		return found, err
	}

	retry := p.config.Retry
	var found finding
	var err error
	if !retry.Enabled {
		found, err = once(p.config.ClientConfig.Timeout)
	} else {
		// Without a limit of the retries the timeout bounds all of them together, and one attempt may use it up.
		var limit time.Duration
		if retry.MaxElapsedTime > 0 {
			limit = p.config.ClientConfig.Timeout
		}
		found, err = backoff.Retry(ctx, func() (finding, error) { return once(limit) },
			backoff.WithBackOff(&backoff.ExponentialBackOff{
				InitialInterval:     retry.InitialInterval,
				RandomizationFactor: retry.RandomizationFactor,
				Multiplier:          retry.Multiplier,
				MaxInterval:         retry.MaxInterval,
			}),
			backoff.WithMaxElapsedTime(retry.MaxElapsedTime),
			backoff.WithNotify(func(err error, pause time.Duration) {
				p.set.Logger.Warn("A detector failed and runs again",
					zap.String("detector", d.name), zap.Duration("pause", pause), zap.Error(err))
			}))
	}
	// The detection may be over, the measurement of it is not.
	p.measure(context.WithoutCancel(ctx), d.name, time.Since(began), first, err != nil)
	if err == nil {
		return found, nil
	}
	// The last error often says no more than that the time is over; the first one says why.
	if err = lastOf(err); err.Error() != first.Error() {
		err = errors.Join(first, err)
	}
	p.set.Logger.Warn("A detector failed", zap.String("detector", d.name), zap.Error(err))
	return nothing(), fmt.Errorf("detector %s: %w", d.name, err)
}

// lastOf takes the error of the last attempt out of what the retry says about itself.
func lastOf(err error) error {
	var retry *backoff.RetryError
	if errors.As(err, &retry) && retry.LastErr != nil {
		return retry.LastErr
	}
	return err
}

func (p *provider) measure(ctx context.Context, name string, took time.Duration, first error, failed bool) {
	attributes := []attribute.KeyValue{attribute.String("detector", name), attribute.String("outcome", "success")}
	if failed {
		attributes[1] = attribute.String("outcome", "failure")
	}
	p.telemetry.ResourcedetectionDetectorDuration.Record(ctx, took.Seconds(), metric.WithAttributes(attributes...))
	if failed {
		attributes = append(attributes, conventions.ErrorType(first))
	}
	p.telemetry.ResourcedetectionDetectorResults.Add(ctx, 1, metric.WithAttributes(attributes...))
}
