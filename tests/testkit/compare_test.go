// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recordOf is the record a faultless collector sends for a line.
func recordOf(e Expected) Record {
	return Record{
		Resource: map[string]any{
			"k8s.namespace.name": e.Pod.Namespace, "k8s.pod.name": e.Pod.Name, "k8s.pod.uid": e.Pod.UID,
			"k8s.container.name": e.Pod.Container, "k8s.container.restart_count": strconv.Itoa(e.Pod.Restart),
		},
		Attributes: map[string]any{"log.iostream": e.Stream},
		Body:       e.Body,
		Timestamp:  e.Time,
	}
}

// pair returns expected lines and the records a faultless collector sends.
func pair(t *testing.T, lines int) ([]Expected, []Record) {
	t.Helper()
	want := Generate(t, t.TempDir(), GenerateOptions{Pods: 2, Lines: lines})
	got := make([]Record, len(want))
	for i, w := range want {
		got[i] = recordOf(w)
	}
	return want, got
}

func TestCompareFindsNoDifferenceInAnyOrder(t *testing.T) {
	want, got := pair(t, 50)
	slices.Reverse(got)
	diff := Compare(want, got)
	assert.True(t, diff.Empty())
	assert.Empty(t, diff.String())
}

func TestCompareFindsLostAndDuplicated(t *testing.T) {
	want, got := pair(t, 50)
	got = append(got[:10:10], got[12:]...)
	got = append(got, got[0], got[0])
	diff := Compare(want, got)
	assert.Equal(t, Diff{
		Lost:       []string{want[10].Marker, want[11].Marker},
		Duplicated: []string{want[0].Marker},
	}, diff)
	assert.False(t, diff.Empty())
	assert.Equal(t, "2 lost:\n  sq_0000_000000010\n  sq_0000_000000011\n1 duplicated:\n  sq_0000_000000000\n", diff.String())
}

func TestCompareIgnoresOtherRecords(t *testing.T) {
	want, got := pair(t, 5)
	got = append(got, Record{Body: "sq_0009_000000001 of another test"}, Record{Body: nil}, Record{Body: "sq_1_2"})
	assert.True(t, Compare(want, got).Empty())
}

func TestCompareNamesEachWrongField(t *testing.T) {
	stamp := noon.Add(time.Nanosecond)
	want := Expected{Pod: webPod, Stream: "stderr", Body: "x sq_0000_000000001 y", Marker: "sq_0000_000000001", Time: noon}
	for _, c := range []struct {
		name   string
		change func(*Record)
		wrong  string
	}{
		{"body", func(r *Record) { r.Body = "x sq_0000_000000001 " }, `body: want 21 bytes, got 20, which part at byte 20: want …"x sq_0000_000000001 y", got …"x sq_0000_000000001 "`},
		{"parsed body", func(r *Record) { r.Body = map[string]any{"msg": r.Body} }, `body: want "x sq_0000_000000001 y", got a map[string]interface {}: "{\"msg\":\"x sq_0000_000000001 y\"}"`},
		{"timestamp", func(r *Record) { r.Timestamp = stamp }, "timestamp: want 2026-05-06T12:00:00.12Z, got 2026-05-06T12:00:00.120000001Z"},
		{"stream", func(r *Record) { r.Attributes["log.iostream"] = "stdout" }, `log.iostream: want "stderr", got "stdout"`},
		{"no stream", func(r *Record) { r.Attributes = nil }, `log.iostream: want "stderr", got none`},
		{"namespace", func(r *Record) { r.Resource["k8s.namespace.name"] = "" }, `k8s.namespace.name: want "shop", got ""`},
		{"pod", func(r *Record) { r.Resource["k8s.pod.name"] = "a" }, `k8s.pod.name: want "web-0", got "a"`},
		{"uid", func(r *Record) { r.Resource["k8s.pod.uid"] = "a" }, `k8s.pod.uid: want "ab-12", got "a"`},
		{"container", func(r *Record) { r.Resource["k8s.container.name"] = "a" }, `k8s.container.name: want "nginx", got "a"`},
		{"restart count", func(r *Record) { r.Resource["k8s.container.restart_count"] = int64(0) }, `k8s.container.restart_count: want "0", got 0`},
	} {
		t.Run(c.name, func(t *testing.T) {
			record := recordOf(want)
			c.change(&record)
			diff := Compare([]Expected{want}, []Record{record})
			assert.Equal(t, Diff{Wrong: []string{"sq_0000_000000001: " + c.wrong}}, diff)
		})
	}
}

func TestCompareCallsLinesJoinedByMistakeWrong(t *testing.T) {
	want, got := pair(t, 3)
	got[0].Body = got[0].Body.(string) + got[1].Body.(string)
	diff := Compare(want, slices.Delete(got, 1, 2))
	assert.Empty(t, diff.Lost)
	assert.Contains(t, diff.String(), want[0].Marker+": body: ")
	assert.Contains(t, diff.String(), want[1].Marker+": body: ")
}

func TestDiffShowsTheFirstFive(t *testing.T) {
	want, _ := pair(t, 8)
	text := Compare(want, nil).String()
	require.Equal(t, 7, strings.Count(text, "\n"))
	assert.Contains(t, text, "8 lost:\n")
	assert.Contains(t, text, "  … and 3 more\n")
}
