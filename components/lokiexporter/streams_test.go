// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

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

// Of two values under one name that of the record counts, whatever the records before it were like.
func TestEachRecordHasOneValueUnderAName(t *testing.T) {
	ld, number := plog.NewLogs(), 0
	for _, resource := range []attrs{{"r": "1"}, {"r": "2", "a": "resource"}, {"a": "resource"}, {"r": "3"}} {
		rl := ld.ResourceLogs().AppendEmpty()
		require.NoError(t, rl.Resource().Attributes().FromRaw(resource))
		for _, scope := range []attrs{{}, {"b": "scope"}, {"a": "scope"}, {}} {
			sl := rl.ScopeLogs().AppendEmpty()
			require.NoError(t, sl.Scope().Attributes().FromRaw(scope))
			for _, own := range []attrs{{"a": "own"}, {}, {"b": "own"}, {"b": "own", "a": "own"}, {"a": "own"}} {
				lr := sl.LogRecords().AppendEmpty()
				want := attrs{}
				for _, from := range []attrs{scope, resource, own} { // Of scope and resource, the resource's.
					maps.Copy(want, from)
				}
				lr.Body().SetStr(fmt.Sprint(want))
				// Loki keeps one of two that are the same.
				lr.SetTimestamp(timestamp(time.Now().Add(time.Duration(number) * time.Microsecond)))
				number++
				require.NoError(t, lr.Attributes().FromRaw(own))
			}
		}
	}
	entries, _ := stored(t, "labels: {profile: none}", ld)
	require.Len(t, entries, ld.LogRecordCount())
	for _, e := range entries {
		assert.Equal(t, e.Line, fmt.Sprint(metadataOf(e)))
	}
	// Loki takes the last one of several. Here there is one.
	e := newEncoder(t, "labels: {profile: none}")
	b := e.batches.Get().(*batch)
	e.encode(t.Context(), b, ld, time.Now())
	assert.Equal(t, ld.LogRecordCount(), requireAcceptable(t, e, b.requests()))
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
