// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTally has a sink's file with everything in it that the tests of a node have to find.
func TestTally(t *testing.T) {
	t.Parallel()
	expected := func(l line) map[string]any { return map[string]any{"k8s.pod.name": l.pod} }
	written := func(n int, stream string) string {
		text := fmt.Sprintf("run=r pod=shop/web/uid-1/main start=2 stream=%s n=%d size=90 ", stream, n)
		return text + strings.Repeat("x", 90-len(text))
	}
	record := func(attributes, stream, body string, size int) string {
		return fmt.Sprintf(`{"a":%s,"s":%q,"b":%q,"n":%d}`+"\n", attributes, stream, body, size)
	}
	const web, other = `{"k8s.pod.name":"web"}`, `{"k8s.pod.name":"other"}`
	of := start{uid: "uid-1", container: "main", attempt: 2}
	for _, tt := range []struct {
		name, records   string
		missing         []int // Of three lines.
		repeated, wrong int
	}{
		{
			name:    "attributes hold for the records after them",
			records: record(web, "stdout", written(1, "stdout"), 90) + record("null", "stderr", written(2, "stderr"), 90) + record("null", "stdout", written(3, "stdout"), 90),
		},
		{name: "a line is lost", records: record(web, "stdout", written(1, "stdout"), 90) + record(web, "stdout", written(3, "stdout"), 90), missing: []int{2}},
		{name: "the last lines are lost", records: record(web, "stdout", written(1, "stdout"), 90), missing: []int{2, 3}},
		{name: "a line comes twice", records: strings.Repeat(record(web, "stdout", written(1, "stdout"), 90), 2), missing: []int{2, 3}, repeated: 1},
		{name: "a line is another pod's", records: record(other, "stdout", written(1, "stdout"), 90), missing: []int{2, 3}, wrong: 1},
		{name: "a line is of no pod", records: record(web, "stdout", written(1, "stdout"), 90) + record("{}", "stdout", written(2, "stdout"), 90), missing: []int{3}, wrong: 1},
		{name: "a line is cut", records: record(web, "stdout", written(1, "stdout"), 80), missing: []int{2, 3}, wrong: 1},
		{name: "a line is of the other stream", records: record(web, "stderr", written(1, "stdout"), 90), missing: []int{2, 3}, wrong: 1},
		{name: "a line begins in its middle", records: record(`{"k8s.namespace.name":"shop"}`, "stdout", "xxx", 3), missing: []int{1, 2, 3}, wrong: 1},
		{name: "a record is not whole yet", records: record(web, "stdout", written(1, "stdout"), 90) + `{"a":nu`, missing: []int{2, 3}},
		{name: "others write, too", records: record(`{"k8s.namespace.name":"logging"}`, "stdout", "level=info", 10), missing: []int{1, 2, 3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "records")
			require.NoError(t, os.WriteFile(path, []byte(tt.records), 0o600))
			c := newTally(path, expected)
			c.update(t)
			assert.Equal(t, tt.missing, c.missing(of, 3))
			repeated, _ := c.repeated(map[start]int{of: 3})
			assert.Equal(t, tt.repeated, repeated)
			assert.Len(t, c.wrong, tt.wrong, "%q", c.wrong)
		})
	}
}
