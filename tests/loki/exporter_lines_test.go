// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

func TestExporterLines(t *testing.T) {
	l := SharedTenants(t)
	now := clock(time.Now())
	for _, c := range []struct {
		name string
		body any
		want string
	}{
		{"text", "hello", "hello"},
		{"nothing", nil, ""},
		{"an empty line", "", ""},
		{"blanks and line breaks", " \t\r\n x \n", " \t\r\n x \n"},
		{"NUL and colours", "a\x00b\x1b[31mred", "a\x00b\x1b[31mred"},
		{"a replacement character", "a\uFFFDb", "a\uFFFDb"},
		{"broken bytes, which the query shows as replacement characters", "a\xffb\xc3(z", "a\uFFFDb\uFFFD(z"},
		{"bytes", []byte("raw \xff"), "raw \uFFFD"},
		{"other letters", "日志🚰", "日志🚰"},
		{"a map is JSON", attrs{"b": attrs{"c": "d"}, "a": 1}, `{"a":1,"b":{"c":"d"}}`},
		{"a list is JSON", []any{1, "x", nil}, `[1,"x",null]`},
		{"a number", 1.5, "1.5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tenant := Unique(t)
			stamp := clock(time.Time(now).Truncate(time.Second).Add(123456789))
			e := exportAs(t, l, tenant, alloy)
			e.send(t, logs(t, of("a", stamp.record(0, c.body), stamp.record(1, "neighbour"))))
			assert.Equal(t, outcome{Lines: []string{c.want, "neighbour"}}.normal(), e.outcome(t, tenant))
			assert.True(t, time.Time(stamp).Equal(l.Query(t, tenant, everything)[0].Timestamp), "every nanosecond counts")
		})
	}
}

func TestExporterLongLines(t *testing.T) {
	l := SharedTenants(t)
	now := clock(time.Now())
	long := strings.Repeat("x", 256<<10)
	wide := strings.Repeat("é", 128<<10)
	one := func(body any) []resource {
		return []resource{of("a", now.record(0, body), now.record(10, "neighbour"))}
	}
	tooLong := map[string]int{"line_too_long": 1}
	checkExports(t, l, []exportRow{
		{"256 KiB", alloy, nil, one(long), outcome{Lines: []string{long, "neighbour"}}},
		{"a byte more becomes two entries", alloy, nil, one(long + "y"), outcome{Lines: []string{long, "y", "neighbour"}, Altered: tooLong}},
		{"a megabyte", alloy, nil, one(long + long + long + long), outcome{Lines: []string{long, long, long, long, "neighbour"}, Altered: tooLong}},
		{"no character is cut", alloy, nil, one("x" + wide), outcome{Lines: []string{"x" + wide[:len(wide)-2], "é", "neighbour"}, Altered: tooLong}},
		{"bytes may be cut anywhere", alloy, nil, one([]byte(long + "y")), outcome{Lines: []string{long, "y", "neighbour"}, Altered: tooLong}},
		{"cut", alloy + "\nlimits: {long_lines: truncate}", nil, one(long + "y"), outcome{Lines: []string{long, "neighbour"}, Altered: tooLong}},
		{"refused", alloy + "\nlimits: {long_lines: refuse}", nil, one(long + "y"), outcome{
			Lines: []string{"neighbour"}, Letters: map[string][]string{"line_too_long": {long + "y"}}}},
		{"the limit of the server is another", alloy + "\nlimits: {max_line_bytes: 1024}", nil, one(strings.Repeat("x", 1025)), outcome{
			Lines: []string{strings.Repeat("x", 1024), "x", "neighbour"}, Altered: tooLong}},
	})
}

func TestExporterLevels(t *testing.T) {
	l := SharedTenants(t)
	now := clock(time.Now())
	for _, c := range []struct {
		name, settings string
		record         record
		want           map[string]string
	}{
		{"of the severity, not of the line", alloy, record{body: "error: x", level: plog.SeverityNumberInfo, text: "INFO"}, map[string]string{"detected_level": "info"}},
		{"finer than Loki knows", alloy, record{body: "x", level: plog.SeverityNumberInfo2, text: "NOTICE"}, map[string]string{"detected_level": "info", "severity_text": "NOTICE"}},
		{"only a text", alloy, record{body: "x", text: "WARN"}, map[string]string{"detected_level": "warn"}},
		{"of the line where there is no severity", alloy, record{body: "level=warn x"}, map[string]string{"detected_level": "warn"}},
		{"fatal", alloy, record{body: "x", level: plog.SeverityNumberFatal4}, map[string]string{"detected_level": "fatal"}},
		{"profile otel", otel, record{body: "x", level: plog.SeverityNumberError, text: "Error"}, map[string]string{"detected_level": "error", "severity_text": "Error", "severity_number": "17"}},
		{"no metadata", alloy + "\nstructured_metadata: none", record{body: "error: x", level: plog.SeverityNumberInfo}, map[string]string{"detected_level": "error"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tenant := Unique(t)
			c.record.at = time.Time(now)
			e := exportAs(t, l, tenant, c.settings)
			e.send(t, logs(t, of("a", c.record)))
			entries := l.Query(t, tenant, everything)
			require.Len(t, entries, 1)
			assert.Equal(t, c.want, entries[0].Metadata)
		})
	}
}
