// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/tributary-otel/tributary/components/internal/deadletter"
	"github.com/tributary-otel/tributary/components/internal/trust"
	"github.com/tributary-otel/tributary/components/lokiexporter/internal/metadata"
)

// lokiExporter pushes logs to Loki. A call to push returns nil only when Loki has
// every record, or has refused it for good and it is kept as a dead letter. It may
// be called from several goroutines.
type lokiExporter struct {
	config    *Config
	settings  component.TelemetrySettings
	logger    *zap.Logger
	telemetry *metadata.TelemetryBuilder
	client    *http.Client
	url       string
	userAgent string

	// What the configuration says, made ready. plan is nil for the labels and lines
	// of the removed upstream exporter.
	plan     *labelPlan
	external []label
	wanted   wantedMetadata
	format   string
	tenant   string

	batches     sync.Pool
	known       knownStreams
	deadLetters *deadletter.File
	troubles    troubles
	quiet       quietLogger

	stopping chan struct{}
	stopOnce sync.Once
}

// newExporter expects a valid configuration.
func newExporter(config *Config, set exporter.Settings) (*lokiExporter, error) {
	target, err := pushURL(config.ClientConfig.Endpoint)
	if err != nil {
		return nil, err
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, fmt.Errorf("create metrics: %w", err)
	}
	e := &lokiExporter{
		config:    config,
		settings:  set.TelemetrySettings,
		logger:    set.Logger,
		telemetry: telemetry,
		url:       target,
		userAgent: fmt.Sprintf("%s/%s (%s/%s)", set.BuildInfo.Command, set.BuildInfo.Version, runtime.GOOS, runtime.GOARCH),
		external:  sortedLabels(config.ExternalLabels),
		wanted:    newWantedMetadata(config.StructuredMetadata),
		format:    config.Format,
		tenant:    config.Tenant.Value,
		stopping:  make(chan struct{}),
	}
	e.quiet.logger = set.Logger
	e.troubles.logger, e.troubles.telemetry, e.troubles.endpoint = set.Logger, telemetry, redacted(target)
	if config.Labels.HasValue() {
		plan := newLabelPlan(config.Labels.Get())
		e.plan = &plan
	}
	if e.format == "" {
		e.format = formatRaw
		if e.plan == nil {
			e.format = formatJSON
		}
	}
	if config.DeadLetter.Path != deadLetterNone {
		e.deadLetters = deadletter.New(deadLetterPath(config.DeadLetter.Path, set.ID), config.DeadLetter.MaxBytes)
	}
	e.batches.New = func() any { return &batch{byTenant: map[string]*tenantBatch{}, names: names{}} }
	return e, nil
}

// deadLetterPath is where the dead letters of an exporter are. Two exporters have
// two files.
func deadLetterPath(path string, id component.ID) string {
	if path != "" {
		return path
	}
	return filepath.Join(deadLetterFolder, strings.ReplaceAll(id.String(), "/", "_")+".jsonl")
}

// redacted is a URL without what may be a secret.
func redacted(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

func (e *lokiExporter) start(ctx context.Context, host component.Host) error {
	client := e.config.ClientConfig
	// The tenant is not for every request the same, and the headers of the client
	// would win over it.
	if tenant, ok := headerTenant(client.Headers); ok {
		if err := checkTenant(tenant); err != nil {
			return fmt.Errorf("the header %s %w", tenantHeader, err)
		}
		e.tenant = tenant
		client.Headers = slices.DeleteFunc(slices.Clone(client.Headers), func(h configopaque.Pair) bool {
			return strings.EqualFold(h.Name, tenantHeader)
		})
	}
	if client.Compression.IsCompressed() {
		e.logger.Warn("`compression` has no effect: the push API of Loki is compressed with snappy",
			zap.String("compression", string(client.Compression)))
		client.Compression = ""
	}
	if e.plan == nil {
		e.logger.Info("There is no `labels` section: labels and lines are those of the removed upstream exporter")
	}
	extensions := trust.Follow(&client, host.GetExtensions(), e.logger, nil)
	var err error
	e.client, err = client.ToClient(ctx, extensions, e.settings)
	if err != nil {
		return err
	}
	// A redirection that makes a GET of a POST would lose the logs and look like
	// success.
	e.client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if req.Method != http.MethodPost || len(via) >= 5 {
			return http.ErrUseLastResponse
		}
		return nil
	}
	e.troubles.host = host
	return nil
}

// stop lets the calls that wait for another attempt return. What they hold was not
// delivered, and they say so.
func (e *lokiExporter) stop() {
	e.stopOnce.Do(func() { close(e.stopping) })
}

// shutdown is called when no call is left.
func (e *lokiExporter) shutdown(context.Context) error {
	e.stop()
	if e.client != nil {
		e.client.CloseIdleConnections()
	}
	e.telemetry.Shutdown()
	if e.deadLetters != nil {
		return e.deadLetters.Close()
	}
	return nil
}

// push delivers a batch.
func (e *lokiExporter) push(ctx context.Context, ld plog.Logs) error {
	b := e.batches.Get().(*batch)
	e.encode(ctx, b, ld, time.Now())
	requests, unsent := b.requests(), b.refused
	b.refused = nil
	e.batches.Put(b)
	if err := e.send(ctx, requests); err != nil {
		return err // The whole batch comes again.
	}
	e.refuseUnsent(ctx, unsent)
	return nil
}

// encode puts all records into the batch.
func (e *lokiExporter) encode(ctx context.Context, b *batch, ld plog.Logs, now time.Time) {
	for i := range ld.ResourceLogs().Len() {
		rl := ld.ResourceLogs().At(i)
		e.beginResource(ctx, b, rl.Resource().Attributes())
		for j := range rl.ScopeLogs().Len() {
			sl := rl.ScopeLogs().At(j)
			e.beginScope(ctx, b, sl.Scope())
			for k := range sl.LogRecords().Len() {
				e.addRecord(ctx, b, now, sl.LogRecords().At(k), sl.Scope())
			}
		}
	}
}

// altered counts a record, or one of its labels or pairs, that had to change.
func (e *lokiExporter) altered(ctx context.Context, reason string) {
	e.telemetry.ExporterLokiAlteredLogRecords.Add(ctx, 1, metric.WithAttributes(reasonAttribute(reason)))
}

func reasonAttribute(reason string) attribute.KeyValue { return attribute.String("reason", reason) }
func statusAttribute(status string) attribute.KeyValue { return attribute.String("status", status) }
