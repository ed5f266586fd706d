// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// outcome is what becomes of what the exporter was given. Statuses other than 204 are Statuses; Lines are stored, in the
// order of their times; Letters are the lines of dead letters by reason; Altered is the metric of that name; Discarded is
// what Loki counts as thrown away.
type outcome struct {
	Lines     []string
	Letters   map[string][]string
	Altered   map[string]int
	Statuses  []string
	Discarded map[string]int
}

// outcome gathers what became of the lines of a tenant, and checks what must hold whatever the outcome is: the exporter's
// own figures agree with Loki's store and with the dead-letter file.
func (e *exporting) outcome(t *testing.T, tenant string) outcome {
	t.Helper()
	o := outcome{Lines: lines(e.loki.Query(t, tenant, everything)), Altered: e.counter(t, "altered_log_records"), Discarded: e.loki.Discarded(t, tenant)}
	refused := map[string]int{}
	for _, l := range e.deadLetters(t) {
		if o.Letters == nil {
			o.Letters = map[string][]string{}
		}
		o.Letters[l.Reason] = append(o.Letters[l.Reason], l.Line)
		refused[l.Reason]++
	}
	for _, all := range o.Letters {
		slices.Sort(all)
	}
	for _, status := range slices.Sorted(maps.Keys(e.requests(t))) {
		if status != "204" {
			o.Statuses = append(o.Statuses, status)
		}
	}
	assert.Equal(t, refused, e.counter(t, "refused_log_records"), "what is refused is what the dead-letter file holds")
	assert.Empty(t, e.counter(t, "dead_letter_failed_log_records"))
	assert.Empty(t, e.counter(t, "waiting_requests"))
	return o.normal()
}

// normal makes empty what is nil, so that outcomes can be compared.
func (o outcome) normal() outcome {
	if len(o.Lines) == 0 {
		o.Lines = []string{}
	}
	if len(o.Letters) == 0 {
		o.Letters = map[string][]string{}
	}
	if len(o.Altered) == 0 {
		o.Altered = map[string]int{}
	}
	if len(o.Statuses) == 0 {
		o.Statuses = []string{}
	}
	if len(o.Discarded) == 0 {
		o.Discarded = map[string]int{}
	}
	return o
}

// exportRow is a batch, the settings of the exporter that it is given to, and what becomes of it.
type exportRow struct {
	name string
	// settings are those beside the endpoint and the tenant.
	settings string
	// before are streams that somebody else has pushed.
	before    []Stream
	resources []resource
	want      outcome
}

// checkExports exports each row as a tenant of its own, so that no row meets another.
func checkExports(t *testing.T, l *Loki, rows []exportRow) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			tenant := Unique(t)
			before := 0
			for _, s := range r.before {
				require.Equal(t, 204, l.PushStreams(t, tenant, s).Status)
				before += len(s.Entries)
			}
			e := exportAs(t, l, tenant, r.settings)
			e.send(t, logs(t, r.resources...))
			got := e.outcome(t, tenant)
			assert.Equal(t, r.want.normal(), got)
			assert.Equal(t, len(got.Lines)-before, e.delivered(t), "what is delivered is what Loki has")
		})
	}
}
