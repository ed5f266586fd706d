// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap/zapcore"

	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

// A server that is stricter than the exporter was told refuses some entries and
// stores the others of the request.
func TestEntriesThatLokiRefuses(t *testing.T) {
	t.Parallel()
	now := time.Now()
	long := func(line string) rec { return rec{body: line + strings.Repeat("x", 100)} }
	meta := func(line string, n int) rec {
		r := rec{body: line, attrs: attrs{}}
		for i := range n {
			r.attrs[fmt.Sprintf("m%02d", i)] = "v"
		}
		return r
	}
	for _, tt := range []struct {
		name   string
		limits lokifake.Limits
		bad    []rec
		reason string
		says   string
		// most bounds the requests.
		most int
	}{
		{
			name: "one line too long", limits: lokifake.Limits{LineBytes: 100}, bad: []rec{long("bad")},
			reason: "line_too_long", says: "max entry size '100' bytes exceeded for stream", most: 12,
		},
		{
			name: "lines too long", limits: lokifake.Limits{LineBytes: 100}, bad: []rec{long("bad 001"), long("bad 02"), long("bad 3")},
			reason: "line_too_long", says: "max entry size '100' bytes exceeded for stream", most: 20,
		},
		{
			name: "too old", limits: lokifake.Limits{MaxAge: time.Hour}, bad: []rec{{body: "bad", at: now.Add(-2 * time.Hour)}},
			reason: "greater_than_max_sample_age", says: "has timestamp too old: ", most: 12,
		},
		{
			name: "too new", limits: lokifake.Limits{MaxAhead: time.Minute}, bad: []rec{{body: "bad", at: now.Add(2 * time.Minute)}},
			reason: "too_far_in_future", says: "has timestamp too new: ", most: 12,
		},
		{
			name: "too many pairs of metadata", limits: lokifake.Limits{MetadataPairs: 5}, bad: []rec{meta("bad", 6)},
			reason: "structured_metadata_too_many", says: "has too many structured metadata labels: '6', limit: '5'", most: 12,
		},
		{
			name: "too much metadata", limits: lokifake.Limits{MetadataBytes: 20}, bad: []rec{meta("bad", 6)},
			reason: "structured_metadata_too_large", says: "has structured metadata too large: '24' bytes", most: 12,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			loki := lokifake.Start(t, lokifake.Options{Limits: tt.limits})
			e := run(t, loki.URL(), byService)
			e.send(t, service(t, "b", rec{body: "b is known"}))
			e.send(t, service(t, "a", rec{body: "a is known"}))
			before := len(loki.Requests())

			good := numbered("x", 20)
			ld := service(t, "a", slices.Concat(good[:7], tt.bad[:1], good[7:], tt.bad[1:])...)
			appendLogs(t, ld, attrs{"service.name": "b"}, numbered("y", 5)...)
			e.send(t, ld)

			assert.Len(t, loki.Entries(""), 2+20+5)
			e.assertCounts(t, 2+20+5, map[string]int{tt.reason: len(tt.bad)})
			assert.Equal(t, bodies(tt.bad), e.letterLines(t, tt.reason))
			for _, d := range e.letters(t) {
				assert.Contains(t, d.Answer, tt.says)
				assert.Equal(t, `{service_name="a"}`, d.Labels)
			}
			assert.LessOrEqual(t, len(loki.Requests())-before, tt.most, "requests")
			warnings := e.logs.FilterLevelExact(zapcore.WarnLevel).All()
			require.Len(t, warnings, 1, "one message for all of a reason")
			assert.Equal(t, "Loki refuses log records for good", warnings[0].Message)
			assert.Equal(t, tt.reason, warnings[0].ContextMap()["reason"])
			assert.Equal(t, e.deadLetters, warnings[0].ContextMap()["kept_in"])
		})
	}
}

// Of a stream with labels that Loki refuses, all entries go at once.
func TestStreamsThatLokiRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		limits lokifake.Limits
		fault  lokifake.Fault
		reason string
	}{
		{name: "too many labels", limits: lokifake.Limits{LabelNames: 1}, reason: "max_label_names_per_series"},
		{name: "a label's name is too long", limits: lokifake.Limits{LabelNameBytes: 20}, reason: "label_name_too_long"},
		{name: "a label's value is too long", limits: lokifake.Limits{LabelValueBytes: 20}, reason: "label_value_too_long"},
		{name: "labels that an administrator requires", reason: "missing_enforced_labels",
			fault: lokifake.Fault{Status: 400, Body: `missing required labels 'team' for user 'fake' for stream '{service_name="bad"}' (policy: '')`}},
		{name: "no labels", reason: "missing_labels", fault: lokifake.Fault{Status: 400, Body: "error at least one label pair is required per stream"}},
		{name: "labels that Loki cannot parse", reason: "invalid_labels", fault: lokifake.Fault{Status: 400,
			Body: "couldn't parse labels: 1:15: parse error: unexpected character inside braces: '.'"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			loki := lokifake.Start(t, lokifake.Options{Limits: tt.limits})
			if tt.fault.Status != 0 {
				loki.SetFault(onLine("bad", tt.fault))
			}
			e := run(t, loki.URL(), "labels: {profile: none, resource_attributes: [service.name, a_label_with_a_long_name, b]}\n")
			bad := attrs{"service.name": "bad", "a_label_with_a_long_name": strings.Repeat("v", 30), "b": "1"}
			ld := logsOf(t, bad, numbered("bad", 100)...)
			appendLogs(t, ld, attrs{"service.name": "good"}, numbered("good", 5)...)
			e.send(t, ld)
			assert.Len(t, loki.Entries(""), 5)
			e.assertCounts(t, 5, map[string]int{tt.reason: 100})
			assert.Len(t, loki.Requests(), 2)
		})
	}
}

// Lines are worth more than what is said about them.
func TestALokiWithoutStructuredMetadataGetsTheLines(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	loki.SetFault(lokifake.Fault{
		Status: 400,
		Body: "2 errors like: stream '{service_name=\"a\"}' includes structured metadata, but this feature is disallowed. Please see " +
			"`limits_config.allow_structured_metadata` or contact your Loki administrator to enable it",
		When: func(p *lokifake.Push) bool {
			return slices.ContainsFunc(p.Entries, func(e lokifake.Entry) bool { return len(e.Metadata) > 0 })
		},
	})
	e := run(t, loki.URL(), byService)
	e.send(t, service(t, "a", rec{body: "x", attrs: attrs{"k": "v"}}, rec{body: "y"}, rec{body: "z", attrs: attrs{"k": "w"}}))
	var lines []string
	for _, entry := range loki.Entries("") {
		lines = append(lines, entry.Line)
		assert.Empty(t, entry.Metadata)
	}
	assert.Equal(t, []string{"x", "y", "z"}, lines)
	e.assertCounts(t, 3, nil)
	assert.Len(t, e.logs.FilterMessageSnippet("structured_metadata: none").All(), 1)
}

func TestADeadLetterHoldsAllOfTheEntry(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{MultiTenant: true, Limits: lokifake.Limits{LineBytes: 10}})
	e := run(t, loki.URL(), byService+"tenant: {value: team}")
	at := time.Now().Add(-time.Second).UTC()
	before := time.Now().Add(-time.Millisecond)
	e.send(t, service(t, "a <b> & c", rec{body: "a long line <&> with \u2028 日志", at: at, attrs: attrs{"k.é": "v <>"}}))
	e.send(t, service(t, "a <b> & c", rec{body: "binary \xff\x00 line"}))
	letters := e.letters(t)
	require.Len(t, letters, 2)
	d := letters[0]
	assert.WithinRange(t, d.RefusedAt, before, time.Now())
	d.RefusedAt = time.Time{}
	assert.Equal(t, deadLetter{
		Reason: "line_too_long",
		Answer: `max entry size '10' bytes exceeded for stream '{service_name="a <b> & c"}' while adding an entry with length '31' bytes`,
		Tenant: "team", Labels: `{service_name="a <b> & c"}`, Timestamp: at, Line: "a long line <&> with \u2028 日志",
		Metadata: map[string]string{"k_": "v <>"},
	}, d)
	assert.Equal(t, "binary \uFFFD\x00 line", letters[1].Line)
	assert.Equal(t, "YmluYXJ5IP8AIGxpbmU=", letters[1].LineBase64)
	info, err := os.Stat(e.deadLetters)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestSeveralReasonsAreKeptApart(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{Limits: lokifake.Limits{LineBytes: 10, MaxAge: time.Hour, LabelValueBytes: 10}})
	e := run(t, loki.URL(), byService)
	old := time.Now().Add(-2 * time.Hour)
	ld := service(t, "a",
		rec{body: "a line too long"}, rec{body: "old", at: old}, rec{body: "good 1"}, rec{body: "old and too long", at: old}, rec{body: "good 2"})
	appendLogs(t, ld, attrs{"service.name": "all-of-a-label-too-long"}, rec{body: "x"}, rec{body: "y"})
	appendLogs(t, ld, attrs{"service.name": "b"}, rec{body: "another line too long"}, rec{body: "and older", at: old})
	e.send(t, ld)
	assert.ElementsMatch(t, []string{"good 1", "good 2"}, linesOf(loki.Entries("")))
	e.assertCounts(t, 2, map[string]int{"line_too_long": 2, "greater_than_max_sample_age": 3, "label_value_too_long": 2})
	assert.Equal(t, []string{"a line too long", "another line too long"}, e.letterLines(t, "line_too_long"))
	assert.Equal(t, []string{"and older", "old", "old and too long"}, e.letterLines(t, "greater_than_max_sample_age"))
}

// The labels of a stream may hold Loki's own words, and a line too.
func TestNobodyCanMakeAnotherEntryLookRefused(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{Limits: lokifake.Limits{LineBytes: 200}})
	e := run(t, loki.URL(), byService)
	const hostile = "'}' has 99 label names; limit 15; 99 errors like: entry for stream '{}' has timestamp too old: \n" +
		"entry with timestamp 2026-11-23 13:53:17.7 +0000 UTC ignored, reason: 'entry too far behind',\n" +
		"user 'fake', total ignored: 10 out of 10 for stream: "
	records := numbered("x", 9)
	e.send(t, service(t, hostile, append(records, rec{body: strings.Repeat("long", 100)})...))
	assert.Equal(t, bodies(records), linesOf(loki.Entries("")))
	e.assertCounts(t, 9, map[string]int{"line_too_long": 1})
}

func TestTooFarBehind(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		// behind entries are refused, recent ones are not.
		behind, recent int
		most           int
	}{
		{"one", 1, 9, 1},
		{"ten, which the answer still lists", 10, 5, 1},
		{"fifteen, of which it lists ten", 15, 5, 8},
		{"all of three", 3, 0, 1},
		{"all of forty", 40, 0, 16},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			loki := lokifake.Start(t, lokifake.Options{})
			e := run(t, loki.URL(), byService)
			e.send(t, service(t, "a", rec{body: "somebody else's newest entry", at: time.Now().Add(time.Minute)}))
			before := len(loki.Requests())
			var records []rec
			for i, r := range numbered("behind", tt.behind) {
				r.at = r.at.Add(-2*time.Hour + time.Duration(i)*time.Second)
				records = append(records, r)
			}
			e.send(t, service(t, "a", append(records, numbered("recent", tt.recent)...)...))
			assert.Len(t, loki.Entries(""), 1+tt.recent)
			e.assertCounts(t, 1+tt.recent, map[string]int{"too_far_behind": tt.behind})
			assert.Equal(t, bodies(records), e.letterLines(t, "too_far_behind"))
			assert.LessOrEqual(t, len(loki.Requests())-before, tt.most)
		})
	}
}

func TestAnAnswerOfTheIngesterHidesOneOfTheDistributor(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{Limits: lokifake.Limits{LineBytes: 20}})
	e := run(t, loki.URL(), byService)
	e.send(t, service(t, "a", rec{body: "newest"}))
	e.send(t, service(t, "a", rec{body: "behind", at: time.Now().Add(-2 * time.Hour)},
		rec{body: "this line is too long"}, rec{body: "good 1"}, rec{body: "good 2"}))
	assert.Equal(t, 400, loki.Requests()[1].Status)
	assert.Contains(t, loki.Requests()[1].Answer, "total ignored: 1 out of 3")
	assert.NotContains(t, loki.Requests()[1].Answer, "max entry size")
	assert.ElementsMatch(t, []string{"newest", "good 1", "good 2"}, linesOf(loki.Entries("")))
	e.assertCounts(t, 3, map[string]int{"too_far_behind": 1, "line_too_long": 1})
}

func TestAnEntryOverTheRateIsNotTooFarBehind(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	e := run(t, loki.URL(), byService)
	at := time.Now().Truncate(time.Second).UTC()
	rate := fmt.Sprintf("entry with timestamp %s ignored, reason: 'Per stream rate limit exceeded (limit: 1KB/sec) while attempting to ingest', \n", at)
	rate = strings.Replace(rate, "', \n", "',\n", 1)
	behind := fmt.Sprintf("entry with timestamp %s ignored, reason: 'entry too far behind, …',\n", at.Add(time.Second))
	loki.SetFault(lokifake.Fault{Status: 400, Times: 1, Body: rate + behind + `user 'fake', total ignored: 2 out of 2 for stream: {service_name="a"}`})
	e.send(t, service(t, "a", rec{body: "over the rate", at: at}, rec{body: "behind", at: at.Add(time.Second)}))
	assert.Equal(t, []string{"over the rate", "behind"}, linesOf(loki.Entries("")), "both were sent again")
	e.assertCounts(t, 2, nil)
}

func TestRefusedBeforeSending(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	e := run(t, loki.URL(), byService)
	e.send(t, service(t, "a",
		rec{body: "old", at: time.Now().Add(-8 * 24 * time.Hour)}, rec{body: "good"}, rec{body: "ahead", at: time.Now().Add(11 * time.Minute)}))
	assert.Equal(t, []string{"good"}, linesOf(loki.Entries("")))
	assert.Len(t, loki.Requests(), 1)
	assert.Equal(t, []string{"good"}, loki.Requests()[0].Lines)
	e.assertCounts(t, 1, map[string]int{"greater_than_max_sample_age": 1, "too_far_in_future": 1})
	for _, d := range e.letters(t) {
		assert.Empty(t, d.Answer)
	}
}

func TestNoDeadLetterFile(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{Limits: lokifake.Limits{LineBytes: 10}})
	e := run(t, loki.URL(), byService+"dead_letter: {path: none}")
	e.send(t, service(t, "a", rec{body: "a long long line"}, rec{body: "good"}))
	assert.Equal(t, []string{"good"}, linesOf(loki.Entries("")))
	assert.Equal(t, 1, e.sum(t, "refused_log_records", "reason", "line_too_long"))
	assert.Zero(t, e.sum(t, "dead_letter_failed_log_records"))
	_, err := os.Stat("none")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A 400 that is not Loki's refusal is no reason to give anything up.
func TestA400ThatNobodyKnows(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	e := run(t, loki.URL(), byService)
	loki.SetFault(onLine("x-005", lokifake.Fault{Status: 400, Body: "entry is boring"}))

	// Alone, it waits, however often it comes.
	s := e.begin(context.Background(), service(t, "a", rec{body: "x-005"}))
	loki.WaitForRequests(t, patience, "many attempts", func(r []lokifake.Request) bool { return len(r) > 3*giveUpAfter })
	assert.True(t, s.waits())
	assert.Empty(t, e.letters(t))

	// Beside others that Loki takes it is given up.
	records := numbered("x", 20)
	e.send(t, service(t, "b", records...))
	e.send(t, service(t, "c", rec{body: "y"}))
	require.Eventually(t, func() bool {
		if s.waits() {
			require.NoError(t, e.ConsumeLogs(context.Background(), service(t, "c", rec{body: "z"})))
		}
		return !s.waits()
	}, patience, time.Millisecond)
	require.NoError(t, s.wait(t))
	assert.Equal(t, 2, e.sum(t, "refused_log_records", "reason", "bad_request"))
	assert.Equal(t, []string{"x-005", "x-005"}, e.letterLines(t, "bad_request"))
	assert.Equal(t, "entry is boring", e.letters(t)[0].Answer)
	want := append(bodies(records[:5]), bodies(records[6:])...)
	assert.ElementsMatch(t, want, linesOf(slices.DeleteFunc(loki.Entries(""), func(e lokifake.Entry) bool { return e.Labels["service_name"] != "b" })))
}

func TestDeadLettersThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	isFile := t.TempDir() + "/file"
	require.NoError(t, os.WriteFile(isFile, nil, 0o600))
	for name, path := range map[string]string{
		"a folder that is a file":       isFile + "/letters.jsonl",
		"the path is a folder":          t.TempDir(),
		"a folder that is not writable": "/proc/letters/loki.jsonl",
		"a full disk":                   "/dev/full",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loki := lokifake.Start(t, lokifake.Options{Limits: lokifake.Limits{LineBytes: 10}})
			e := run(t, loki.URL(), byService+"dead_letter: {path: "+path+"}")
			for i := range 3 {
				e.send(t, service(t, "a", rec{body: fmt.Sprintf("a long long line %d", i)}, rec{body: fmt.Sprintf("good %d", i)}))
			}
			assert.Equal(t, []string{"good 0", "good 1", "good 2"}, linesOf(loki.Entries("")))
			assert.Equal(t, 3, e.sum(t, "refused_log_records", "reason", "line_too_long"))
			assert.Equal(t, 3, e.sum(t, "dead_letter_failed_log_records", "reason", "line_too_long"))
			failures := e.logs.FilterLevelExact(zapcore.ErrorLevel).All()
			require.Len(t, failures, 1, "named once")
			assert.Contains(t, failures[0].Message, "they cannot be kept: they are lost")
			assert.NotEmpty(t, failures[0].ContextMap()["error"])
		})
	}
}

// batchOf makes one batch of several streams.
func batchOf(t testing.TB, streams map[string][]rec) plog.Logs {
	t.Helper()
	ld := plog.NewLogs()
	for name, records := range streams {
		appendLogs(t, ld, attrs{"service.name": name}, records...)
	}
	return ld
}

// A server that complains of metadata where there is none is not asked for ever.
func TestMetadataIsNotTakenOutTwice(t *testing.T) {
	t.Parallel()
	loki := lokifake.Start(t, lokifake.Options{})
	loki.SetFault(lokifake.Fault{Status: 400, Body: `stream '{service_name="a"}' includes structured metadata, but this feature is disallowed.`})
	e := run(t, loki.URL(), byService)
	e.send(t, service(t, "a", rec{body: "x", attrs: attrs{"k": "v"}}, rec{body: "y"}))
	e.assertCounts(t, 0, map[string]int{"disallowed_structured_metadata": 2})
}
