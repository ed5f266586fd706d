// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// poison are names that each make Loki refuse the whole request. What begins with two underscores is not sent anyway.
var poison = []string{"日志", "é", "-", " ", "...", "_", "_-_", "日_", "\xff", ""}

func TestExporterNamesThatWouldFailTheWholeRequest(t *testing.T) {
	l := SharedTenants(t)
	now := clock(time.Now())
	all, nested := attrs{}, attrs{}
	for i, name := range poison {
		all[name] = fmt.Sprint("v", i)
		nested[name] = fmt.Sprint("v", i)
	}
	for _, c := range []struct {
		name, settings string
		fill           func(rl plog.ResourceLogs)
		// prefix is what all names begin with.
		prefix string
	}{
		{"of records", alloy, func(rl plog.ResourceLogs) {
			require.NoError(t, rl.ScopeLogs().At(0).LogRecords().At(0).Attributes().FromRaw(all))
		}, "key_"},
		{"of the scope", alloy, func(rl plog.ResourceLogs) {
			require.NoError(t, rl.ScopeLogs().At(0).Scope().Attributes().FromRaw(all))
		}, "key_"},
		{"of the resource", alloy, func(rl plog.ResourceLogs) {
			for name, value := range all {
				rl.Resource().Attributes().PutStr(name, value.(string))
			}
		}, "key_"},
		{"within a map", alloy, func(rl plog.ResourceLogs) {
			require.NoError(t, rl.ScopeLogs().At(0).LogRecords().At(0).Attributes().PutEmptyMap("日志").FromRaw(nested))
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			tenant := Unique(t)
			e := exportAs(t, l, tenant, c.settings)
			batch := logs(t, of("a", now.record(0, "x")), of("b", now.record(1, "neighbour")))
			c.fill(batch.ResourceLogs().At(0))
			e.send(t, batch)
			got := e.outcome(t, tenant)
			values := map[string]bool{}
			for name, value := range l.Query(t, tenant, `{service_name="a"}`)[0].Metadata {
				assert.True(t, strings.HasPrefix(name, c.prefix) || name == "detected_level", name)
				values[value] = true
			}
			if c.prefix != "" {
				// Each has a name of its own.
				assert.Len(t, values, len(poison)+1)
				assert.Empty(t, got.Altered)
			}
			got.Altered = nil
			assert.Equal(t, outcome{Lines: []string{"x", "neighbour"}}.normal(), got.normal())
		})
	}
	t.Run("of labels", func(t *testing.T) {
		tenant := Unique(t)
		e := exportAs(t, l, tenant, `labels: {profile: none, resource_attributes: ["*"]}`)
		e.send(t, logs(t, resource{all, []record{now.record(0, "x")}}, of("b", now.record(1, "neighbour"))))
		assert.Equal(t, outcome{Lines: []string{"x", "neighbour"}}.normal(), e.outcome(t, tenant))
		// The service is unknown.
		assert.Len(t, l.Query(t, tenant, everything)[0].Labels, len(poison)+1)
	})
	t.Run("of labels by a hint", func(t *testing.T) {
		tenant := Unique(t)
		hinted := attrs{"loki.attribute.labels": strings.Join([]string{"日志", "é", "a.b", "-"}, ","), "日志": "1", "é": "2", "a.b": "3", "-": "4"}
		e := exportAs(t, l, tenant, "")
		e.send(t, logs(t, of("a", now.record(0, "x", hinted)), of("b", now.record(1, "neighbour"))))
		got := e.outcome(t, tenant)
		require.Len(t, got.Lines, 2)
		got.Lines = nil
		assert.Equal(t, outcome{}.normal(), got.normal())
		// Beside these four: exporter, job and service_name.
		assert.Len(t, l.Query(t, tenant, `{job="a"}`)[0].Labels, 4+3)
		assert.Equal(t, "3", l.Query(t, tenant, `{job="a"}`)[0].Labels["a_b"])
	})
}

// What Loki would rename arrives under that name already, so that nobody has to guess, and whatever an application
// invents as a name never fails a request.
func TestExporterNamesAreThoseThatLokiKeeps(t *testing.T) {
	l := SharedTenants(t)
	random := rand.New(rand.NewPCG(1, 2))
	now := clock(time.Now())
	alphabet := []string{"a", "B", "9", "_", "__", ".", "-", " ", "/", "é", "日", "🚰", "\x00", "\xff", "\n", "\"", "{", "="}
	batch := logs(t, of("a"))
	for i := range 500 {
		lr := batch.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().AppendEmpty()
		lr.Body().SetStr(fmt.Sprint(i))
		lr.SetTimestamp(pcommon.NewTimestampFromTime(time.Time(now).Add(time.Duration(i))))
		for range 3 {
			var name strings.Builder
			for range random.IntN(6) {
				name.WriteString(alphabet[random.IntN(len(alphabet))])
			}
			lr.Attributes().PutStr(name.String(), name.String())
		}
	}
	tenant, again := Unique(t), Unique(t)
	e := exportAs(t, l, tenant, alloy)
	e.send(t, batch)
	got := e.outcome(t, tenant)
	require.Len(t, got.Lines, 500)
	got.Lines, got.Altered = nil, nil
	assert.Equal(t, outcome{}.normal(), got.normal())

	// Sent once more under the names that came back, they come back unchanged.
	var entries []StreamEntry
	first := l.Query(t, tenant, everything)
	for _, entry := range first {
		var metadata []Pair
		for name, value := range entry.Metadata {
			metadata = append(metadata, Pair{name, value})
		}
		entries = append(entries, StreamEntry{Timestamp: entry.Timestamp, Line: entry.Line, Metadata: metadata})
	}
	require.Equal(t, 204, l.PushStreams(t, again, stream(labelsOf("a"), entries...)).Status)
	assert.Equal(t, first, l.Query(t, again, everything))
}

func TestExporterMetadata(t *testing.T) {
	l := SharedTenants(t)
	now := clock(time.Now())
	for _, c := range []struct {
		name  string
		attrs attrs
		want  map[string]string
	}{
		{"names with dots, with a digit first", attrs{"a.b": "1", "9z": "2", "trailing.": "3", "A-B": "4"}, map[string]string{"a_b": "1", "key_9z": "2", "trailing_": "3", "A_B": "4"}},
		{"maps become a pair for each leaf", attrs{"nest": attrs{"x": attrs{"y": "z", "n": 1}, "b": true}}, map[string]string{"nest_x_y": "z", "nest_x_n": "1", "nest_b": "true"}},
		{"lists become JSON", attrs{"list": []any{"a", 1, attrs{"b": nil}}}, map[string]string{"list": `["a",1,{"b":null}]`}},
		{"numbers, truth values and bytes", attrs{"i": -1, "f": 1.5, "b": false, "bytes": []byte{1, 2}}, map[string]string{"i": "-1", "f": "1.5", "b": "false", "bytes": "AQI="}},
		{"empty values are not there", attrs{"empty": "", "none": nil, "map": attrs{}}, map[string]string{}},
		{"routing data is not sent", attrs{"__x": "1", "__path__": "2", "___": "3"}, map[string]string{}},
		{"broken bytes become blanks, as Loki has it", attrs{"k": "v\xffw", "l": "v\uFFFDw"}, map[string]string{"k": "v w", "l": "v w"}},
		{"all other characters stay", attrs{"k": "\x00\n\t\"日志🚰"}, map[string]string{"k": "\x00\n\t\"日志🚰"}},
		{"a name in front of which Loki would put something", attrs{"service_name": "other"}, map[string]string{"service_name_extracted": "other"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tenant := Unique(t)
			e := exportAs(t, l, tenant, alloy)
			e.send(t, logs(t, of("a", now.record(0, "x", c.attrs), now.record(1, "neighbour"))))
			assert.Equal(t, outcome{Lines: []string{"x", "neighbour"}}.normal(), e.outcome(t, tenant))
			c.want["detected_level"] = "unknown"
			assert.Equal(t, c.want, l.Query(t, tenant, everything)[0].Metadata)
		})
	}
}

func TestExporterMetadataThatIsTooMuch(t *testing.T) {
	l := SharedTenants(t)
	now := clock(time.Now())
	so := func(many, bytes int) attrs {
		all := attrs{}
		for i := range many {
			all[fmt.Sprintf("k%03d", i)] = "v"
		}
		if bytes > 0 {
			all["long"] = strings.Repeat("v", bytes-len("long"))
		}
		return all
	}
	two := []string{"x", "neighbour"}
	one := func(a attrs) []resource {
		return []resource{of("a", now.record(0, "x", a), now.record(1, "neighbour"))}
	}
	checkExports(t, l, []exportRow{
		{"128 pairs", alloy, nil, one(so(128, 0)), outcome{Lines: two}},
		{"129 pairs", alloy, nil, one(so(129, 0)), outcome{Lines: two, Altered: map[string]int{"structured_metadata_too_many": 1}}},
		{"128 pairs, and those of the resource", alloy, nil, []resource{{attrs{"service.name": "a", "r1": "v", "r2": "v"}, []record{now.record(0, "x", so(128, 0)), now.record(1, "neighbour")}}},
			outcome{Lines: two, Altered: map[string]int{"structured_metadata_too_many": 2}}},
		{"64 KiB", alloy, nil, one(so(0, 64<<10)), outcome{Lines: two}},
		{"64 KiB and a byte", alloy, nil, one(so(0, 64<<10+1)), outcome{Lines: two, Altered: map[string]int{"structured_metadata_too_large": 1}}},
	})
	t.Run("what fits is there", func(t *testing.T) {
		tenant := Unique(t)
		e := exportAs(t, l, tenant, alloy)
		e.send(t, logs(t, of("a", now.record(0, "x", so(129, 0)))))
		entries := l.Query(t, tenant, everything)
		require.Len(t, entries, 1)
		assert.Len(t, entries[0].Metadata, 128+1, "and detected_level, which Loki adds")
	})
}
