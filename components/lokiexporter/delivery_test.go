// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap/zapcore"

	"github.com/tributary-otel/tributary/components/lokiexporter/internal/metadata"
	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

// patience bounds every wait for what must happen.
const patience = 20 * time.Second

// byService is a configuration with one label, so that a test decides what is a
// stream.
const byService = "labels: {profile: none, resource_attributes: [service.name]}\n"

// sum is the value of one of the exporter's metrics, over all data points that have
// the attributes: a name and a value each.
func (r *running) sum(t testing.TB, name string, attributes ...string) int {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, r.telemetry.Reader.Collect(context.Background(), &all))
	total := int64(0)
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name != "otelcol_exporter_loki_"+name {
				continue
			}
		points:
			for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
				for i := 0; i < len(attributes); i += 2 {
					if v, _ := point.Attributes.Value(attribute.Key(attributes[i])); v.AsString() != attributes[i+1] {
						continue points
					}
				}
				total += point.Value
			}
		}
	}
	return int(total)
}

// assertCounts compares what was delivered and refused with what is expected;
// refused is by reason.
func (r *running) assertCounts(t testing.TB, delivered int, refused map[string]int) {
	t.Helper()
	assert.Equal(t, delivered, r.sum(t, "delivered_log_records"), "delivered")
	total := 0
	for reason, n := range refused {
		assert.Equal(t, n, r.sum(t, "refused_log_records", "reason", reason), "refused: %s", reason)
		total += n
	}
	assert.Equal(t, total, r.sum(t, "refused_log_records"), "refused")
	assert.Len(t, r.letters(t), total, "in the dead-letter file")
	assert.Zero(t, r.sum(t, "waiting_requests"), "waiting")
}

// letters are the dead letters so far.
func (r *running) letters(t testing.TB) []deadLetter {
	t.Helper()
	file, err := os.Open(r.deadLetters)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	require.NoError(t, err)
	defer file.Close()
	var letters []deadLetter
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var d deadLetter
		require.NoError(t, json.Unmarshal(lines.Bytes(), &d))
		letters = append(letters, d)
	}
	require.NoError(t, lines.Err())
	return letters
}

// letterLines are the lines of the dead letters with a reason, sorted.
func (r *running) letterLines(t testing.TB, reason string) []string {
	t.Helper()
	lines := []string{}
	for _, d := range r.letters(t) {
		if d.Reason == reason {
			lines = append(lines, d.Line)
		}
	}
	slices.Sort(lines)
	return lines
}

// said are the messages of a level so far.
func (r *running) said(level zapcore.Level) []string {
	var messages []string
	for _, entry := range r.logs.FilterLevelExact(level).All() {
		messages = append(messages, entry.Message)
	}
	return messages
}

// sending is a call of the exporter that has not returned yet.
type sending struct {
	done chan error
}

// begin gives a batch to the exporter without waiting.
func (r *running) begin(ctx context.Context, ld plog.Logs) *sending {
	s := &sending{done: make(chan error, 1)}
	go func() { s.done <- r.ConsumeLogs(ctx, ld) }()
	return s
}

// wait returns what the call returned.
func (s *sending) wait(t testing.TB) error {
	t.Helper()
	select {
	case err := <-s.done:
		return err
	case <-time.After(patience):
		require.FailNow(t, "the exporter does not return")
		return nil
	}
}

// waits reports whether the call has not returned.
func (s *sending) waits() bool { return len(s.done) == 0 }

// service is a batch with one stream.
func service(t testing.TB, name string, records ...rec) plog.Logs {
	t.Helper()
	return logsOf(t, attrs{"service.name": name}, records...)
}

// numbered are n records a millisecond apart up to now, with lines "<name>-<i>".
func numbered(name string, n int) []rec {
	now := time.Now()
	records := make([]rec, n)
	for i := range records {
		records[i] = rec{body: fmt.Sprintf("%s-%03d", name, i), at: now.Add(time.Duration(i-n) * time.Millisecond)}
	}
	return records
}

// linesOf are the lines of entries.
func linesOf(entries []lokifake.Entry) []string {
	lines := []string{}
	for _, entry := range entries {
		lines = append(lines, entry.Line)
	}
	return lines
}

// bodies are the lines of records.
func bodies(records []rec) []string {
	lines := []string{}
	for _, r := range records {
		lines = append(lines, r.body.(string))
	}
	return lines
}

// statuses counts the requests by status.
func statuses(requests []lokifake.Request) map[int]int {
	counts := map[int]int{}
	for _, r := range requests {
		counts[r.Status]++
	}
	return counts
}

// onLine applies a fault to the requests with a line that contains text.
func onLine(text string, fault lokifake.Fault) lokifake.Fault {
	fault.When = func(p *lokifake.Push) bool { return p.HasLine(text) }
	return fault
}

// everything the exporter said, for looking for secrets.
func (r *running) everything() string {
	var text strings.Builder
	for _, entry := range r.logs.All() {
		fmt.Fprintln(&text, entry.Message, entry.ContextMap())
	}
	return text.String()
}

// exporterOf is the exporter without the helper around it.
func exporterOf(t testing.TB, endpoint string) *lokiExporter {
	t.Helper()
	config, err := load(t, byService+"endpoint: "+endpoint+"\nretry_on_failure: {initial_interval: 1ms, max_interval: 1ms}\ndead_letter: {path: none}")
	require.NoError(t, err)
	e, err := newExporter(config, exportertest.NewNopSettings(metadata.Type))
	require.NoError(t, err)
	require.NoError(t, e.start(context.Background(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, e.shutdown(context.Background())) })
	return e
}
