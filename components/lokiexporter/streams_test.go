// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

func TestScopesAreMetadata(t *testing.T) {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("r", "1")
	for _, name := range []string{"first", "second"} {
		sl := rl.ScopeLogs().AppendEmpty()
		sl.Scope().SetName(name)
		sl.Scope().SetVersion("v1")
		sl.Scope().Attributes().PutStr(name+".attribute", "2")
		sl.Scope().Attributes().PutStr("__x", "3")
		lr := sl.LogRecords().AppendEmpty()
		lr.Body().SetStr(name)
		lr.SetTraceID([16]byte{1, 2})
		lr.SetSpanID([8]byte{3})
	}
	entries, _ := stored(t, "labels: {profile: none}", ld)
	require.Len(t, entries, 2)
	ids := texts{"trace_id": "01020000000000000000000000000000", "span_id": "0300000000000000", "r": "1", "scope_version": "v1"}
	for i, name := range []string{"first", "second"} {
		want := texts{"scope_name": name, name + "_attribute": "2"}
		for k, v := range ids {
			want[k] = v
		}
		assert.Equal(t, want, metadataOf(entries[i]))
	}
}

func TestRecordsOfOneResourceInManyStreams(t *testing.T) {
	var records []rec
	want := map[string]int{}
	for i := range 5 * maxVariants {
		user := strings.Repeat("u", 1+i%(maxVariants+10))
		records = append(records, rec{body: string(rune('a'+i%20)) + user, attrs: attrs{"user": user, "n": "a\x00b"[:1+i%3]}})
		want[user]++
	}
	entries, _ := stored(t, "labels: {profile: none, attributes: [user, n]}", logsOf(t, nil, records...))
	require.Len(t, entries, len(records))
	got := map[string]int{}
	for _, e := range entries {
		assert.Equal(t, e.Labels["user"], e.Line[1:], "each is in its stream")
		got[e.Labels["user"]]++
	}
	assert.Equal(t, want, got)
}

func TestValuesWithNULsAreDifferentStreams(t *testing.T) {
	entries, _ := stored(t, "labels: {profile: none, attributes: [a, b]}", logsOf(t, nil,
		rec{body: "1", attrs: attrs{"a": "x\x00y", "b": "z"}},
		rec{body: "2", attrs: attrs{"a": "x", "b": "y\x00z"}},
	))
	require.Len(t, entries, 2)
	assert.Equal(t, texts{"a": "x\x00y", "b": "z", "service_name": "unknown_service"}, entries[0].Labels)
	assert.Equal(t, texts{"a": "x", "b": "y\x00z", "service_name": "unknown_service"}, entries[1].Labels)
}
