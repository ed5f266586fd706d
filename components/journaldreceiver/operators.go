// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/entry"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/helper"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/parser/container"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/transformer/recombine"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/pipeline"
	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/tributary-otel/tributary/components/internal/journal"
)

// operators are run on entries in the goroutine that reads, so that what comes out of
// them is delivered before the position passes it.
type operators struct {
	input  *helper.InputOperator
	pipe   *pipeline.DirectedPipeline
	mapper *mapper
	logger *zap.Logger
	// hold is for how long one of them holds an entry back at most.
	hold time.Duration

	// An operator that holds entries back gives them out from a goroutine of its own.
	mu  sync.Mutex
	out []*entry.Entry
}

// containerHold is after what time the operator `container` gives out what it holds.
const containerHold = 5 * time.Second

func newOperators(config *Config, set component.TelemetrySettings) (*operators, error) {
	o := &operators{mapper: newMapper(config), logger: set.Logger, hold: longestHold(config.Operators)}
	entrance := &entrance{InputConfig: config.InputConfig}
	exit := helper.NewSynchronousLogEmitter(set, o.collect)
	var err error
	// Build numbers the operators that have no name of their own, hence the copy.
	list := append([]operator.Config{{Builder: entrance}}, slices.Clone(config.Operators)...)
	if o.pipe, err = (pipeline.Config{Operators: list, DefaultOutput: exit}).Build(set); err != nil {
		return nil, fmt.Errorf("`operators`: %w", err)
	}
	o.input = entrance.built
	return o, nil
}

// entrance is the operator that the entries come from.
type entrance struct {
	helper.InputConfig
	built *helper.InputOperator
}

// Build keeps what it builds.
func (e *entrance) Build(set component.TelemetrySettings) (operator.Operator, error) {
	built, err := e.InputConfig.Build(set)
	if err != nil {
		return nil, err
	}
	e.built = &built
	return e.built, nil
}

// longestHold is for how long a chain of operators holds an entry back. The operators
// look every fifth of their time whether it is over; as long again is for a machine that
// is busy.
func longestHold(list []operator.Config) (longest time.Duration) {
	for _, config := range list {
		switch c := config.Builder.(type) {
		case *recombine.Config:
			longest += 2 * c.ForceFlushTimeout
		case *container.Config:
			longest += 2 * containerHold
		}
	}
	return longest
}

func (o *operators) start(persister operator.Persister) error {
	if err := o.pipe.Start(persister); err != nil {
		return fmt.Errorf("start `operators`: %w", err)
	}
	return nil
}

func (o *operators) stop() error { return o.pipe.Stop() }

// put runs the operators on an entry.
func (o *operators) put(ctx context.Context, e *journal.Entry) {
	h := held{cursor: e.Cursor, fields: e.Fields, file: e.File, bytes: e.Bytes}
	made, err := o.input.NewEntry(o.mapper.bodyMap(&h))
	if err != nil {
		// An expression in `attributes` or `resource` has failed. The entry goes on.
		o.logger.Warn("An attribute cannot be set", zap.Error(err))
		made = entry.New()
		made.Body = o.mapper.bodyMap(&h)
	}
	made.Timestamp = o.mapper.time(&h).AsTime()
	for key, value := range o.mapper.marks(&h) {
		made.AddAttribute(key, value)
	}
	// An operator that fails has said so, and has passed the entry on or dropped it, as
	// its `on_error` says.
	_ = o.input.Write(ctx, made)
}

func (o *operators) collect(_ context.Context, entries []*entry.Entry) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.out = append(o.out, entries...)
}

// ready returns how many entries have come out.
func (o *operators) ready() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.out)
}

// take returns what has come out since it was last called.
func (o *operators) take() []*entry.Entry {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := o.out
	o.out = nil
	return out
}
