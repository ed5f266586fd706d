// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/connector/forwardconnector"
	"go.opentelemetry.io/collector/exporter/debugexporter"
	"go.opentelemetry.io/collector/exporter/nopexporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/processor/batchprocessor"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/tributary-otel/tributary/components/journaldreceiver"
	"github.com/tributary-otel/tributary/components/podlogsreceiver"
	"github.com/tributary-otel/tributary/distro/internal/cores"
)

// thrifty are the sources that do not read on until what they have read is delivered, and what only hands on.
//
// A queue in memory between reading and sending takes that away: on one processor it gets longer than with several, since
// who reads is not behind who sends for as long as there is something to read. (A backlog: from file_log to otlp_http 840 MB
// instead of 100, from pod_logs to a queue 580 MB instead of 155, and more CPU time, not less.)
var thrifty = map[component.Type]bool{
	podlogsreceiver.NewFactory().Type():  true,
	journaldreceiver.NewFactory().Type(): true,
	forwardconnector.NewFactory().Type(): true,
}

// queueless are exporters, and connectors, that have no queue unless one is set. All others have one unless that is turned off.
var queueless = map[component.Type]bool{
	forwardconnector.NewFactory().Type(): true,
	debugexporter.NewFactory().Type():    true,
	nopexporter.NewFactory().Type():      true,
}

// processors decides how many processors Go uses.
type processors struct {
	// log is the Collector's log that was opened last.
	log atomic.Pointer[zapcore.Core]
	// running is whether the command runs pipelines, and does not only look at their configuration.
	running bool
	// stop leaves the number to Go again; nil while Go decides.
	stop func()
}

// install makes each configuration decide anew, and the log say when the number changes.
func (p *processors) install(set *otelcol.CollectorSettings) {
	set.LoggingOptions = append(set.LoggingOptions, zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		p.log.Store(&core)
		return core
	}))
	resolver := &set.ConfigProviderSettings.ResolverSettings
	resolver.ConverterFactories = append(resolver.ConverterFactories,
		confmap.NewConverterFactory(func(confmap.ConverterSettings) confmap.Converter { return p }))
}

// run begins to heed configurations, until stop is called.
func (p *processors) run() (stop func()) {
	p.running = true
	return func() {
		p.running = false
		p.heed(false)
	}
}

// Convert changes nothing. It is not called by several goroutines at once.
func (p *processors) Convert(_ context.Context, conf *confmap.Conf) error {
	p.heed(p.running && allThrifty(conf))
	return nil
}

func (p *processors) heed(one bool) {
	switch {
	case one && p.stop == nil:
		p.stop = cores.Keep(p.changed)
	case !one && p.stop != nil:
		p.stop()
		p.stop = nil
	}
}

// pipelines is what has to be known of a configuration.
type pipelines struct {
	Exporters map[component.ID]struct {
		Queue struct {
			Enabled *bool `mapstructure:"enabled"`
		} `mapstructure:"sending_queue"`
	} `mapstructure:"exporters"`
	Service struct {
		Pipelines map[string]struct {
			Receivers  []component.ID `mapstructure:"receivers"`
			Processors []component.ID `mapstructure:"processors"`
			Exporters  []component.ID `mapstructure:"exporters"`
		} `mapstructure:"pipelines"`
	} `mapstructure:"service"`
}

// allThrifty tells whether all pipelines are from such sources, without a queue in memory on the way. What cannot be read is
// for the Collector to refuse.
func allThrifty(conf *confmap.Conf) bool {
	var config pipelines
	if conf.Unmarshal(&config, confmap.WithIgnoreUnused()) != nil {
		return false
	}
	for _, pipeline := range config.Service.Pipelines {
		greedy := func(id component.ID) bool { return !thrifty[id.Type()] }
		batches := func(id component.ID) bool { return id.Type() == batchprocessor.NewFactory().Type() }
		if slices.ContainsFunc(pipeline.Receivers, greedy) || slices.ContainsFunc(pipeline.Processors, batches) ||
			slices.ContainsFunc(pipeline.Exporters, config.queues) {
			return false
		}
	}
	return true
}

// queues tells whether an exporter, or a connector, has a queue.
func (p pipelines) queues(id component.ID) bool {
	if enabled := p.Exporters[id].Queue.Enabled; enabled != nil {
		return *enabled
	}
	return !queueless[id.Type()]
}

// changed is for cores.Keep.
func (p *processors) changed(before, now int) {
	core := p.log.Load()
	if core == nil || !(*core).Enabled(zapcore.InfoLevel) {
		return
	}
	message := "All processors in use were busy for a while: more are used now. GOMAXPROCS sets a fixed number."
	if now < before {
		message = "Fewer processors are enough again."
	}
	_ = (*core).Write(zapcore.Entry{Level: zapcore.InfoLevel, Time: time.Now(), Message: message},
		[]zapcore.Field{zap.Int("gomaxprocs", now), zap.Int("before", before)})
}
