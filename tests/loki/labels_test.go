// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLimitsOfLabels(t *testing.T) {
	l := StartLoki(t, Options{MultiTenant: true})
	now := clock(time.Now())
	// Loki's own rendering of the labels of a stream: sorted, with a service_name.
	const many = `l00="v", l01="v", l02="v", l03="v", l04="v", l05="v", l06="v", l07="v", l08="v", l09="v", l10="v", l11="v", l12="v", l13="v", l14="v"`
	name, value := strings.Repeat("n", 1024), strings.Repeat("v", 2048)
	alone := func(labels string) []Stream { return []Stream{stream(labels, now.entry("x"))} }
	beside := func(labels string) []Stream {
		return []Stream{stream(labels, now.entry("x"), now.at(1, "y")), stream(`{app="good"}`, now.entry("good"))}
	}
	good := []string{"good"}
	check(t, l, []row{
		{"15 labels, service_name not counted", alone(`{` + many + `, service_name="s"}`), 204, nil, []string{"x"}},
		{"16 labels, beside a good stream", beside(`{` + many + `, z="v"}`), 400,
			[]string{`entry for stream '{` + many + `, service_name="unknown_service", z="v"}' has 16 label names; limit 15`}, good},
		{"a name of 1024 bytes", alone(`{` + name + `="v"}`), 204, nil, []string{"x"}},
		{"a name of 1025 bytes, beside a good stream", beside(`{` + name + `n="v"}`), 400,
			[]string{`stream '{` + name + `n="v", service_name="unknown_service"}' has label name too long: '` + name + `n'`}, good},
		{"a value of 2048 bytes", alone(`{a="` + value + `"}`), 204, nil, []string{"x"}},
		{"a value of 2049 bytes, beside a good stream", beside(`{a="` + value + `v"}`), 400,
			[]string{`stream '{a="` + value + `v", service_name="unknown_service"}' has label value too long: '` + value + `v'`}, good},
		{"683 characters of 3 bytes are 2049 bytes", beside(`{a="` + strings.Repeat("日", 683) + `"}`), 400,
			[]string{`stream '{a="` + strings.Repeat("日", 683) + `", service_name="unknown_service"}' has label value too long: '` + strings.Repeat("日", 683) + `'`}, good},
		{"a name given twice, beside a good stream", beside(`{a="1", a="2"}`), 400,
			[]string{`stream '{a="1", a="2", service_name="unknown_service"}' has duplicate label name: 'a'`}, good},
		{"reasons against streams and entries together", append(beside(`{`+many+`, z="v"}`), stream(`{app="old"}`, now.at(-8*day, "old"))), 400, []string{
			`1 errors like: entry for stream '{` + many + `, service_name="unknown_service", z="v"}' has 16 label names; limit 15`,
			`1 errors like: entry for stream '{app="old", service_name="old"}' has timestamp too old: TIME, oldest acceptable timestamp is: TIME`}, good},
	})
}

func TestLabelsThatAreStored(t *testing.T) {
	l := StartLoki(t, Options{MultiTenant: true})
	now := clock(time.Now())
	unknown := func(labels map[string]string) map[string]string {
		labels["service_name"] = "unknown_service"
		return labels
	}
	for _, c := range []struct {
		name, labels string
		want         map[string]string
	}{
		{"no labels", `{}`, unknown(map[string]string{})},
		{"an empty string", ``, unknown(map[string]string{})},
		{"a bare word is a name of Prometheus", `abc`, unknown(map[string]string{"__name__": "abc"})},
		{"an empty value is no label", `{a="", b="1"}`, unknown(map[string]string{"b": "1"})},
		{"internal names are labels like others", `{__x="1", __tenant_id__="t"}`, unknown(map[string]string{"__x": "1", "__tenant_id__": "t"})},
		{"whatever can be quoted", `{a="\n\"\\\t\x00日志🚰"}`, unknown(map[string]string{"a": "\n\"\\\t\x00日志🚰"})},
		{"a NUL that is not quoted", "{a=\"v\x00w\"}", unknown(map[string]string{"a": "v\x00w"})},
		{"a broken byte, quoted, comes back as a replacement", `{a="v\xffw"}`, unknown(map[string]string{"a": "v\uFFFDw"})},
		{"the service is looked for among the labels", `{job="j", container="c"}`, map[string]string{"job": "j", "container": "c", "service_name": "c"}},
		{"a service that is given stays", `{app="a", service_name="s"}`, map[string]string{"app": "a", "service_name": "s"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tenant := tenantOf(t)
			require.Equal(t, 204, l.PushStreams(t, tenant, stream(c.labels, now.entry("x"))).Status)
			entries := l.Query(t, tenant, everything)
			require.Len(t, entries, 1)
			assert.Equal(t, c.want, entries[0].Labels)
			assert.Equal(t, []map[string]string{c.want}, l.Series(t, tenant, everything))
		})
	}
	t.Run("the order of labels makes no other stream", func(t *testing.T) {
		answer := l.PushStreams(t, "order", stream(`{a="1", b="2"}`, now.entry("one")), stream(`{b="2",a="1"}`, now.at(1, "two")))
		require.Equal(t, 204, answer.Status)
		assert.Len(t, l.Series(t, "order", everything), 1)
		assert.Equal(t, []string{"one", "two"}, lines(l.Query(t, "order", everything)))
	})
	t.Run("a name that is quoted is taken, and no query can read the stream", func(t *testing.T) {
		require.Equal(t, 204, l.PushStreams(t, "quoted", stream(`{"a.b"="1"}`, now.entry("x"))).Status)
		_, err := l.TryQuery("quoted", everything)
		assert.ErrorContains(t, err, "got 500: failed to parse series labels to categorize labels: 1:3: parse error: unexpected character inside braces: '.'")
	})
}

func TestLabelsThatFailTheWholeRequest(t *testing.T) {
	l := StartLoki(t, Options{MultiTenant: true})
	now := clock(time.Now())
	var rows []row
	for _, c := range []struct{ name, labels, want string }{
		{"a dot in a name", `{a.b="1"}`, "1:3: parse error: unexpected character inside braces: '.'"},
		{"a name of other letters", `{日志="1"}`, "1:2: parse error: unexpected character inside braces: '日'"},
		{"a digit first", `{1a="1"}`, `1:2: parse error: unexpected character inside braces: '1'`},
		{"no end", `{a="1`, "1:4: parse error: unterminated quoted string"},
		{"a line break that is not quoted", "{a=\"v\nw\"}", "1:4: parse error: unterminated quoted string"},
		{"a broken byte that is not quoted", "{a=\"v\xffw\"}", "1:4: parse error: invalid UTF-8 rune"},
		{"a replacement character", "{a=\"v\uFFFDw\"}", "1:4: parse error: invalid UTF-8 rune"},
		{"a replacement character, quoted", `{a="v\ufffdw"}`, "1:4: parse error: invalid UTF-8 rune"},
		{"a replacement character, its bytes quoted", `{a="v\xef\xbf\xbdw"}`, "1:4: parse error: invalid UTF-8 rune"},
	} {
		streams := []Stream{stream(`{app="good"}`, now.entry("good")), stream(c.labels, now.entry("x"))}
		rows = append(rows, row{c.name, streams, 400, []string{"couldn't parse labels: " + c.want}, nil})
	}
	check(t, l, rows)
}

func TestLimitOfStreams(t *testing.T) {
	l := StartLoki(t, Options{MultiTenant: true})
	now := clock(time.Now())
	var streams []Stream
	for i := range 5001 {
		streams = append(streams, stream(fmt.Sprintf(`{app="a", n="%04d"}`, i), now.entry("x")))
	}
	check(t, l, []row{{"the stream after 5000 others", streams, 429, []string{streamLimit(`{app="a", n="5000", service_name="a"}`, "TestLimitOfStreams-the-stream-after-5000-others")},
		strings.Fields(strings.Repeat("x ", 5000))}})
}

// streamLimit is what Loki says of one stream too many.
func streamLimit(stream, tenant string) string {
	return "maximum active stream limit exceeded when trying to create stream " + stream + ", reduce the number of active streams " +
		"(reduce labels or reduce label values), or contact your Loki administrator to see if the limit can be increased, user: '" + tenant + "'"
}
