// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/tributary-otel/tributary/components/resourcedetectionprocessor/internal/metadata"
)

// provider runs the detectors and keeps what they found, for all pipelines that name the same processor.
type provider struct {
	config    *Config
	set       component.TelemetrySettings
	telemetry *metadata.TelemetryBuilder
	detectors []detector
	users     int // Guarded by the factory.

	found atomic.Pointer[finding]

	mu      sync.Mutex
	started bool
	cancel  context.CancelFunc
	loop    sync.WaitGroup
}

// newProvider makes the detectors in the order in which the user names them.
func newProvider(set processor.Settings, cfg *Config) (*provider, error) {
	p := &provider{config: cfg, set: set.TelemetrySettings}
	for _, name := range cfg.detectors() {
		create, ok := makers[name]
		if !ok {
			return nil, fmt.Errorf("there is no detector %q; there are %s", name, names(makers))
		}
		detect, err := create(settings{logger: set.Logger, strict: cfg.FailOnMissingMetadata, sections: &cfg.DetectorConfig})
		if err != nil {
			return nil, fmt.Errorf("detector %s: %w", name, err)
		}
		p.detectors = append(p.detectors, detector{name: name, detect: detect})
	}
	var err error
	if p.telemetry, err = metadata.NewTelemetryBuilder(set.TelemetrySettings); err != nil {
		return nil, err
	}
	err = p.telemetry.RegisterResourcedetectionAttributesDetectedCallback(func(_ context.Context, o metric.Int64Observer) error {
		if found := p.found.Load(); found != nil {
			o.Observe(int64(found.resource.Attributes().Len()))
		}
		return nil
	})
	if err != nil {
		p.telemetry.Shutdown()
		return nil, err
	}
	return p, nil
}

// get returns what was found last, and nothing before the first detection.
func (p *provider) get() finding {
	if found := p.found.Load(); found != nil {
		return *found
	}
	return nothing()
}

// start detects, once for all pipelines, and goes on to do so if the user wants that.
func (p *provider) start(ctx context.Context, host component.Host) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.started {
		return nil
	}
	client, err := p.config.ClientConfig.ToClient(ctx, host.GetExtensions(), p.set)
	if err != nil {
		return err
	}
	if err := p.refresh(ctx, client); err != nil {
		return err
	}
	p.started = true
	if p.config.RefreshInterval <= 0 {
		client.CloseIdleConnections()
		return nil
	}
	// The context of the start ends with the start.
	loopCtx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	p.loop.Go(func() {
		defer client.CloseIdleConnections()
		p.refreshEach(loopCtx, client)
	})
	return nil
}

func (p *provider) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel != nil {
		p.cancel()
		p.loop.Wait()
	}
	p.telemetry.Shutdown()
}

func (p *provider) refreshEach(ctx context.Context, client *http.Client) {
	ticker := time.NewTicker(p.config.RefreshInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := p.refresh(ctx, client); err != nil && ctx.Err() == nil {
				p.set.Logger.Warn("Resource detection failed in part; what was found is used", zap.Error(err))
			}
		}
	}
}

// refresh detects again. After an error it keeps what it knew, if it knew something.
func (p *provider) refresh(ctx context.Context, client *http.Client) error {
	limit := p.config.ClientConfig.Timeout
	if p.config.Retry.MaxElapsedTime > 0 {
		limit = p.config.Retry.MaxElapsedTime
	}
	ctx, cancel := withTimeout(ctx, limit)
	defer cancel()
	found, err := p.detect(ctx, client)
	if previous := p.found.Load(); err != nil && previous != nil && previous.resource.Attributes().Len() > 0 {
		p.set.Logger.Warn("Resource detection failed; what was found before stays in use", zap.Error(err))
		return nil
	}
	p.found.Store(&found)
	return err
}

// detect runs all detectors side by side and merges their findings in the order of the configuration.
func (p *provider) detect(ctx context.Context, client *http.Client) (finding, error) {
	findings, errs := make([]finding, len(p.detectors)), make([]error, len(p.detectors))
	var running sync.WaitGroup
	for i := range p.detectors {
		running.Go(func() { findings[i], errs[i] = p.attempt(ctx, client, p.detectors[i]) })
	}
	running.Wait()

	all, succeeded := nothing(), 0
	for i, found := range findings {
		if errs[i] != nil {
			continue
		}
		succeeded++
		all.schemaURL = mergeSchemaURL(all.schemaURL, found.schemaURL)
		mergeAttributes(all.resource.Attributes(), found.resource.Attributes(), false)
	}
	err := errors.Join(errs...)
	if succeeded == 0 && err == nil {
		err = errors.New("`detectors` is empty: name one, such as `env`, or remove the processor")
	}
	if succeeded > 0 {
		p.set.Logger.Info("Detected the resource", zap.Any("resource", all.resource.Attributes().AsRaw()))
	}
	return all, err
}

func withTimeout(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, limit)
}
