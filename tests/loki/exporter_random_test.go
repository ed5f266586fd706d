// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/plog"
)

// chance makes what applications, and those who attack them, might log. Each line begins with a number of its own.
type chance struct {
	*rand.Rand
	now  clock
	next int
}

// numbers finds the number of a line, which JSON and logfmt wrap into more.
var numbers = regexp.MustCompile(`n\d{6}n`)

func pick[T any](c *chance, choices ...T) T { return choices[c.IntN(len(choices))] }

// text is a name or a value.
func (c *chance) text() string {
	var b strings.Builder
	for range c.IntN(5) {
		b.WriteString(pick(c, "a", "Z", "7", "_", "__", ".", "-", "/", " ", "é", "日志", "🚰", "\x00", "\xff", "\uFFFD", "\n", `"`, `\`, "{", "}", ",", "="))
	}
	return b.String() + pick(c, "", "", "", "", "", "", strings.Repeat("n", 1025), strings.Repeat("日", 700), strings.Repeat("v", 70_000))
}

func (c *chance) value(depth int) any {
	switch c.IntN(8) {
	case 0:
		return c.IntN(100)
	case 1:
		return []byte(c.text())
	case 2:
		return []any{c.text(), 1.5, nil}
	case 3:
		if depth < 3 {
			return c.attrs(3, depth+1)
		}
	}
	return c.text()
}

func (c *chance) attrs(most, depth int) attrs {
	all := attrs{}
	for range c.IntN(most + 1) {
		all[c.text()] = c.value(depth)
	}
	return all
}

func (c *chance) record() record {
	const minute = time.Minute
	offset := pick(c, 0, 0, 0, 0, -minute, -30*minute, -44*minute, -50*minute, -70*minute, -5*time.Hour, -6*day, -8*day, 9*minute, 11*minute)
	line := fmt.Sprintf("n%06dn ", c.next) + c.text() + pick(c, "", "", "", "", "", "", "", "", "", strings.Repeat("x", 256<<10-10), strings.Repeat("日", 100_000))
	c.next++
	return record{
		at: time.Time(c.now).Add(offset + time.Duration(c.next)), body: line, attrs: c.attrs(6, 0),
		level: plog.SeverityNumber(c.IntN(27)), text: pick(c, "", "WARN", c.text()),
	}
}

func (c *chance) resource() resource {
	r := resource{attrs: c.attrs(20, 0)}
	for _, name := range []string{"service.name", "k8s.namespace.name", "k8s.pod.name", "k8s.container.name", "k8s.cluster.name", "host.name"} {
		if c.IntN(2) == 0 {
			r.attrs[name] = pick(c, "a", "b", "c", c.text())
		}
	}
	if c.IntN(6) == 0 {
		r.attrs["__tenant_id__"] = pick(c, "other", "other", "a/b", "日志", "..")
	}
	if c.IntN(10) == 0 {
		maps.Copy(r.attrs, attrs{"loki.resource.labels": "service.name, " + c.text(), "loki.format": pick(c, "raw", "json", "logfmt", "xml")})
	}
	for range c.IntN(5) {
		r.records = append(r.records, c.record())
	}
	return r
}

// Whatever comes in, each line is in Loki or in the dead-letter file, not in both, and the only thing that Loki had to
// refuse by itself is what was too far behind.
func TestExporterLosesNothingAtRandom(t *testing.T) {
	t.Parallel()
	l := StartLoki(t, Options{MultiTenant: true, Tenants: map[string]map[string]any{
		// Loki's rates are another test's.
		"fast": {"ingestion_rate_mb": 1000, "ingestion_burst_size_mb": 1000}, "other": {"ingestion_rate_mb": 1000, "ingestion_burst_size_mb": 1000},
	}})
	for name, settings := range map[string]string{
		"alloy":    alloy + "\nexternal_labels: {run: RUN}",
		"otel":     otel + "\nexternal_labels: {run: RUN}",
		"all":      star + "\nexternal_labels: {run: RUN}",
		"JSON":     "labels: {profile: alloy, attributes: [level]}\nexternal_labels: {run: RUN, e1: v, e2: v}\nformat: json",
		"upstream": "format: raw\nexternal_labels: {run: RUN}",
	} {
		t.Run(name, func(t *testing.T) {
			c := &chance{Rand: rand.New(rand.NewPCG(1, 2)), now: clock(time.Now())}
			run := Unique(t)
			e := exportAs(t, l, "fast", strings.ReplaceAll(settings, "RUN", run))
			for range 12 {
				var all []resource
				for range c.IntN(15) {
					all = append(all, c.resource())
				}
				e.send(t, logs(t, all...))
			}
			seen := map[string]string{}
			for _, tenant := range []string{"fast", "other"} {
				for _, entry := range l.Query(t, tenant, `{run="`+run+`"} | regexp "(?P<n>n\\d{6}n)" | line_format "{{ .n }}"`) {
					for _, number := range numbers.FindAllString(entry.Line, 1) {
						seen[number] += "stored"
					}
				}
			}
			letters := map[string]int{}
			for _, letter := range e.deadLetters(t) {
				letters[letter.Reason]++
				// The further pieces of a long line have no number.
				if number := numbers.FindString(letter.Line); number != "" && !strings.Contains(seen[number], letter.Reason) {
					seen[number] += letter.Reason
				}
			}
			assert.Len(t, seen, c.next)
			for number, fate := range seen {
				assert.Contains(t, []string{"stored", "greater_than_max_sample_age", "too_far_in_future", "too_far_behind", "invalid_tenant"}, fate, number)
			}
			assert.Equal(t, letters, e.counter(t, "refused_log_records"))
			assert.Subset(t, []string{"204", "400"}, keys(e.requests(t)))
			for _, tenant := range []string{"fast", "other"} {
				assert.Subset(t, []string{"too_far_behind"}, slices.Collect(maps.Keys(l.Discarded(t, tenant))))
			}
		})
	}
}
