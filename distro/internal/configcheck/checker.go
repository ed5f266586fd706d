// SPDX-License-Identifier: Apache-2.0

package configcheck

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"

	"go.uber.org/zap"

	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/otelcol"
)

// Checker checks each configuration that the Collector resolves. One Checker belongs to one Collector
// command, and like confmap.Resolver it must not be used by two goroutines at once.
type Checker struct {
	factories func() (otelcol.Factories, error)
	round     *round
	// sources is how many documents the resolver retrieves before it expands references.
	sources int
	// schemes are those of the providers.
	schemes map[string]bool
	// off lets every configuration pass.
	off bool
	// before is the configuration that ran when a reload began; nil until then.
	before *round
	// refused is what was wrong with a reload, until it is logged.
	refused error
	// secrets are those of the configuration that was checked last, for the log.
	secrets atomic.Pointer[scrubber]
}

// New returns a Checker that knows the components of factories. It does nothing until it is installed.
func New(factories func() (otelcol.Factories, error)) *Checker {
	c := &Checker{factories: factories, round: newRound(), schemes: map[string]bool{}}
	c.secrets.Store(&scrubber{})
	return c
}

// Install makes every resolution with these settings pass the Checker. The settings keep their providers and
// converters; the Checker runs after the last converter, so it sees what the components will get. It takes the
// log lines away that repeat what Explain is given, and the secrets out of all others and out of the status.
func (c *Checker) Install(set *otelcol.CollectorSettings) {
	resolver := &set.ConfigProviderSettings.ResolverSettings
	c.Sources(len(resolver.URIs))

	providers := make([]confmap.ProviderFactory, 0, len(resolver.ProviderFactories))
	for _, inner := range resolver.ProviderFactories {
		providers = append(providers, confmap.NewProviderFactory(func(ps confmap.ProviderSettings) confmap.Provider {
			provider := inner.Create(ps)
			c.schemes[provider.Scheme()] = true
			return &recorder{Provider: provider, checker: c}
		}))
	}
	resolver.ProviderFactories = providers

	last := confmap.NewConverterFactory(func(cs confmap.ConverterSettings) confmap.Converter {
		return converter{checker: c, logger: cs.Logger}
	})
	resolver.ConverterFactories = append(slices.Clone(resolver.ConverterFactories), last)

	set.Factories = c.discreetFactories(set.Factories)
	set.LoggingOptions = append(slices.Clone(set.LoggingOptions), zap.WrapCore(withoutStartErrors), zap.WrapCore(c.withoutSecrets))
}

// Sources says how many locations are given with --config and --set. The resolver retrieves these first, each
// once, and that is the only way to tell them from documents that `${…}` brings in. Install takes the number
// from the settings; a command that gets its locations from flags must say it again before it runs.
func (c *Checker) Sources(n int) {
	c.sources = n
}

// Off lets every configuration pass: a command that only shows one must show an incomplete one too.
func (c *Checker) Off() {
	c.off = true
}

// GoBack tells whether err is that of a reload which failed, and if so makes the next resolution get the documents
// of the configuration before it, which ran. What was wrong goes into the Collector's log then. If that configuration
// does not start any more either, there is nothing to go back to.
func (c *Checker) GoBack(err error) bool {
	if !c.reloading(err) {
		return false
	}
	c.refused = c.Explain(err)
	c.round = newRound()
	c.round.again, c.before = c.before, nil
	return true
}

// reloading tells whether err is that of a reload.
func (c *Checker) reloading(err error) bool {
	return c.before != nil && err != nil && strings.HasPrefix(err.Error(), "failed to setup configuration components")
}

// Redact returns a text without the secrets of the configuration that was resolved last.
func (c *Checker) Redact(text string) string {
	return c.round.scrubber().text(text)
}

// current returns the round that a retrieval belongs to. The first retrieval after a finished check opens a
// new round, so a reload never sees documents of the configuration before it.
func (c *Checker) current() *round {
	if c.round.checked {
		if c.round.passed {
			c.before = c.round
		}
		c.round = newRound()
	}
	return c.round
}

// converter is the last step of a resolution. It changes nothing.
type converter struct {
	checker *Checker
	logger  *zap.Logger
}

func (v converter) Convert(_ context.Context, conf *confmap.Conf) error {
	if refused := v.checker.refused; refused != nil {
		v.checker.refused = nil
		v.logger.Error(refused.Error())
	}
	if v.checker.off {
		return nil
	}
	return v.checker.check(conf)
}
