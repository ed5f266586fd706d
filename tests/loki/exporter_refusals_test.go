// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A server whose limits are lower than the exporter knows refuses some of a request and stores the rest. Each refused
// entry is kept under Loki's own reason, and every other one arrives.
func TestExporterFindsWhatLokiRefused(t *testing.T) {
	tenants := map[string]map[string]any{
		"short-lines":    {"max_line_size": "1KB"},
		"few-labels":     {"max_label_names_per_series": 3},
		"short-names":    {"max_label_name_length": 20},
		"short-values":   {"max_label_value_length": 20},
		"few-pairs":      {"max_structured_metadata_entries_count": 4},
		"small-metadata": {"max_structured_metadata_size": "100B"},
		"no-metadata":    {"allow_structured_metadata": false},
		"young":          {"reject_old_samples_max_age": "1h"},
		"no-future":      {"creation_grace_period": "1m"},
		"no-service":     {"discover_service_name": []string{}},
		"enforcing":      {"enforced_labels": []string{"team"}},
		"several":        {"max_line_size": "1KB", "reject_old_samples_max_age": "1h", "creation_grace_period": "1m", "max_label_names_per_series": 3},
	}
	l := StartLoki(t, Options{MultiTenant: true, Tenants: tenants})
	now := clock(time.Now())
	long := strings.Repeat("x", 2<<10)
	good := []record{now.record(-3, "good 1"), now.record(-2, "good 2"), now.record(-1, "good 3")}
	// among puts a record between good ones.
	among := func(bad ...record) []resource {
		return []resource{of("a", append(append(good[:2:2], bad...), good[2])...)}
	}
	beside := func(bad attrs, records ...record) []resource {
		return []resource{{attrs{"a": "1"}, good[:2]}, {bad, records}, {attrs{"b": "1"}, good[2:]}}
	}
	for _, c := range []struct {
		tenant, settings string
		resources        []resource
		letters          map[string][]string
	}{
		{"short-lines", alloy, among(now.record(0, long)), map[string][]string{"line_too_long": {long}}},
		{"few-labels", star, beside(many(4), now.record(0, "x"), now.record(1, "y")), map[string][]string{"max_label_names_per_series": {"x", "y"}}},
		{"short-names", star, beside(attrs{strings.Repeat("n", 30): "1"}, now.record(0, "x"), now.record(1, "y")), map[string][]string{"label_name_too_long": {"x", "y"}}},
		{"short-values", star, beside(attrs{"v": strings.Repeat("v", 30)}, now.record(0, "x"), now.record(1, "y")), map[string][]string{"label_value_too_long": {"x", "y"}}},
		{"few-pairs", alloy, among(now.record(0, "x", many(5))), map[string][]string{"structured_metadata_too_many": {"x"}}},
		{"small-metadata", alloy, among(now.record(0, "x", attrs{"k": strings.Repeat("v", 100)})), map[string][]string{"structured_metadata_too_large": {"x"}}},
		{"young", alloy, among(now.record(-2*time.Hour, "x")), map[string][]string{"greater_than_max_sample_age": {"x"}}},
		{"no-future", alloy, among(now.record(5*time.Minute, "x")), map[string][]string{"too_far_in_future": {"x"}}},
		{"enforcing", "labels: {profile: none, resource_attributes: {a: a, b: b, team: team}}\nexternal_labels: {e: e}",
			[]resource{{attrs{"team": "t"}, good[:2]}, {attrs{"a": "1"}, []record{now.record(0, "x"), now.record(1, "y")}}, {attrs{"team": "u"}, good[2:]}},
			map[string][]string{"missing_enforced_labels": {"x", "y"}}},
		{"several", alloy, append(among(now.record(0, long), now.record(-2*time.Hour, "old"), now.record(5*time.Minute, "new"), now.record(-3*time.Hour, "older")),
			resource{attrs{"k8s.namespace.name": "n", "k8s.container.name": "c", "service.name": "s"}, []record{now.record(0, "labels")}}),
			map[string][]string{"line_too_long": {long}, "greater_than_max_sample_age": {"old", "older"}, "too_far_in_future": {"new"}, "max_label_names_per_series": {"labels"}}},
	} {
		t.Run(c.tenant, func(t *testing.T) {
			e := exportAs(t, l, c.tenant, c.settings)
			e.send(t, logs(t, c.resources...))
			got := e.outcome(t, c.tenant)
			assert.Equal(t, c.letters, got.Letters)
			assert.Equal(t, []string{"good 1", "good 2", "good 3"}, got.Lines)
			assert.Equal(t, len(got.Lines), e.delivered(t))
			for _, status := range got.Statuses {
				assert.Equal(t, "400", status)
			}
			reasons := map[string]bool{}
			for reason := range got.Discarded {
				reasons[reason] = true
			}
			// Loki counts what is wrong with labels twice.
			delete(reasons, "invalid_labels")
			for _, letter := range e.deadLetters(t) {
				assert.True(t, reasons[letter.Reason], "%s, of %v", letter.Reason, got.Discarded)
				assert.NotEmpty(t, letter.Answer)
				assert.Equal(t, c.tenant, letter.Tenant)
				assert.NotEmpty(t, letter.Labels)
				delete(c.letters, letter.Reason)
			}
			assert.Empty(t, c.letters)
		})
	}
	t.Run("where Loki takes no metadata the lines go without", func(t *testing.T) {
		e := exportAs(t, l, "no-metadata", alloy)
		e.send(t, logs(t, among(now.record(0, "x", attrs{"k": "v"}))...))
		got := e.outcome(t, "no-metadata")
		assert.Empty(t, got.Letters)
		assert.ElementsMatch(t, []string{"good 1", "good 2", "x", "good 3"}, got.Lines)
		assert.Equal(t, 4, e.delivered(t))
	})
	t.Run("without labels a stream would be refused where Loki looks for no service", func(t *testing.T) {
		e := export(t, l, "labels: {profile: none}\ntenant: {value: no-service}")
		e.send(t, logs(t, resource{nil, good}))
		assert.Equal(t, outcome{Lines: []string{"good 1", "good 2", "good 3"}}.normal(), e.outcome(t, "no-service"))
	})
}
