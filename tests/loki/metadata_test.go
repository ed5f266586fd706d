// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMetadataThatIsStored(t *testing.T) {
	l := StartLoki(t, Options{MultiTenant: true})
	now := clock(time.Now())
	type metadata = map[string]string
	for _, c := range []struct {
		name string
		sent []string
		want metadata
	}{
		{"names become names of labels", []string{"a.b", "1", "9z", "2", "x日志y", "3", "trailing.", "4", "A-B", "5"},
			metadata{"a_b": "1", "key_9z": "2", "x_y": "3", "trailing_": "4", "A_B": "5"}},
		{"runs of underscores become one", []string{"a__b", "1", "_x", "2", "__y", "3", "z___", "4", "__in__", "5"},
			metadata{"a_b": "1", "_x": "2", "_y": "3", "z_": "4", "__in__": "5"}},
		{"a letter or a digit is enough", []string{"日a", "1", "日1", "2", "1", "3"}, metadata{"_a": "1", "_1": "2", "key_1": "3"}},
		{"broken bytes and NUL in a name", []string{"k\xffm", "1", "k\x00n", "2"}, metadata{"k_m": "1", "k_n": "2"}},
		{"broken bytes in a value become blanks", []string{"k", "v\xffw", "l", "\xff"}, metadata{"k": "v w", "l": " "}},
		{"and so does a replacement character", []string{"k", "v\uFFFDw"}, metadata{"k": "v w"}},
		{"also under a name that was changed", []string{"a.b", "v\xffw"}, metadata{"a_b": "v w"}},
		{"other characters stay", []string{"k", "\x00\n\t\"日志🚰"}, metadata{"k": "\x00\n\t\"日志🚰"}},
		{"an empty value is no pair", []string{"k", "", "l", "v"}, metadata{"l": "v"}},
		{"the last of equal names wins", []string{"k", "1", "k", "2"}, metadata{"k": "2"}},
		{"a changed name wins over one that was right", []string{"a.b", "1", "a_b", "2"}, metadata{"a_b": "1"}},
		{"the name of a label is told apart", []string{"app", "1", "service_name", "2"}, metadata{"app_extracted": "1", "service_name_extracted": "2"}},
		{"the names of errors do not come back", []string{"__error__", "1", "__error_details__", "2"}, metadata{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tenant := tenantOf(t)
			require.Equal(t, 204, l.PushStreams(t, tenant, stream(`{app="a"}`, now.entry("x", c.sent...))).Status)
			entries := l.Query(t, tenant, everything)
			require.Len(t, entries, 1)
			c.want["detected_level"] = "unknown"
			assert.Equal(t, c.want, entries[0].Metadata)
			assert.Equal(t, map[string]string{"app": "a", "service_name": "a"}, entries[0].Labels)
		})
	}
}

func TestMetadataNamesThatFailTheWholeRequest(t *testing.T) {
	l := StartLoki(t, Options{MultiTenant: true})
	now := clock(time.Now())
	var rows []row
	for _, c := range []struct{ name, key, want string }{
		{"other letters", "日志", `normalization for label name "日志" resulted in invalid name "_"`},
		{"one letter with an accent", "é", `normalization for label name "é" resulted in invalid name "_"`},
		{"a sign", "-", `normalization for label name "-" resulted in invalid name "_"`},
		{"a blank", " ", `normalization for label name " " resulted in invalid name "_"`},
		{"dots", "...", `normalization for label name "..." resulted in invalid name "_"`},
		{"an underscore", "_", `normalization for label name "_" resulted in invalid name "_"`},
		{"underscores", "___", `normalization for label name "___" resulted in invalid name "_"`},
		{"a broken byte", "\xff", `normalization for label name "\xff" resulted in invalid name "_"`},
		{"nothing", "", "label name is empty"},
	} {
		streams := []Stream{stream(`{app="good"}`, now.entry("good")), stream(`{app="a"}`, now.entry("good"), now.entry("x", c.key, "v"))}
		rows = append(rows, row{c.name, streams, 500, []string{c.want}, nil})
	}
	check(t, l, append(rows,
		row{"an entry that is refused first does no harm", []Stream{stream(`{app="a"}`, now.at(-8*day, "x", "日志", "v"), now.entry("good"))}, 400,
			[]string{`entry for stream '{app="a", service_name="a"}' has timestamp too old: TIME, oldest acceptable timestamp is: TIME`}, []string{"good"}},
		row{"nor does a stream that is refused first", []Stream{stream(`{a="1", a="2"}`, now.entry("x", "日志", "v")), stream(`{app="a"}`, now.entry("good"))}, 400,
			[]string{`stream '{a="1", a="2", service_name="unknown_service"}' has duplicate label name: 'a'`}, []string{"good"}},
	))
}

func TestLinesThatAreStored(t *testing.T) {
	l := StartLoki(t, Options{MultiTenant: true})
	now := clock(time.Now())
	for _, c := range []struct{ name, sent, want string }{
		{"an empty line", "", ""},
		{"blanks", " \t\n", " \t\n"},
		{"line breaks and colours", "a\nb\r\n\x1b[31mred\x1b[0m", "a\nb\r\n\x1b[31mred\x1b[0m"},
		{"NUL", "a\x00b", "a\x00b"},
		{"a replacement character", "a\uFFFDb", "a\uFFFDb"},
		{"broken bytes come back as replacements", "a\xffb\xc3(z", "a\uFFFDb\uFFFD(z"},
		{"other letters", "日志🚰", "日志🚰"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tenant := tenantOf(t)
			stamp := time.Time(now).Truncate(time.Second).Add(123456789)
			require.Equal(t, 204, l.PushStreams(t, tenant, stream(`{app="a"}`, StreamEntry{Timestamp: stamp, Line: c.sent})).Status)
			entries := l.Query(t, tenant, everything)
			require.Len(t, entries, 1)
			assert.Equal(t, c.want, entries[0].Line)
			assert.True(t, stamp.Equal(entries[0].Timestamp), "every nanosecond counts: %s", entries[0].Timestamp)
		})
	}
}
