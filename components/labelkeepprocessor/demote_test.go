// SPDX-License-Identifier: Apache-2.0

package labelkeepprocessor

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"go.opentelemetry.io/collector/pdata/plog"
)

func TestDemotedAttributes(t *testing.T) {
	const config = `{values: [job], others: demote}`
	for _, tt := range []struct {
		name     string
		resource attributes
		in, want []attributes
	}{
		{
			"go to every record", attributes{"job": "shop/web", "host.name": "node-1", "k8s.pod.uid": "1"},
			[]attributes{{}, {"level": "info"}},
			[]attributes{{"host.name": "node-1", "k8s.pod.uid": "1"}, {"level": "info", "host.name": "node-1", "k8s.pod.uid": "1"}},
		},
		{
			"do not replace what the record says", attributes{"host.name": "node-1"},
			[]attributes{{"host.name": "own"}, {}, {"host.name": ""}},
			[]attributes{{"host.name": "own"}, {"host.name": "node-1"}, {"host.name": ""}},
		},
		{
			"keep their types", attributes{"n": int64(1), "f": 1.5, "b": false, "bytes": []byte{0xff}, "list": []any{"a", int64(2)}, "map": attributes{"k": "v"}, "nothing": nil},
			[]attributes{{}, {}},
			[]attributes{
				{"n": int64(1), "f": 1.5, "b": false, "bytes": []byte{0xff}, "list": []any{"a", int64(2)}, "map": attributes{"k": "v"}, "nothing": nil},
				{"n": int64(1), "f": 1.5, "b": false, "bytes": []byte{0xff}, "list": []any{"a", int64(2)}, "map": attributes{"k": "v"}, "nothing": nil},
			},
		},
		{
			"are not those that are listed, nor routing data", attributes{"job": "shop/web", "__tenant_id__": "a", "loki.format": "raw", "loki.tenant": "team", "team": "b"},
			[]attributes{{}},
			[]attributes{{}},
		},
		{
			"are not those without a name", attributes{"": "x", "host.name": "node-1"},
			[]attributes{{}},
			[]attributes{{"host.name": "node-1"}},
		},
		{
			"stay where they are without a record to go to", attributes{"host.name": "node-1", "job": "shop/web"},
			nil,
			nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := process(t, config, batch(t, tt.resource, tt.in)).ResourceLogs().At(0)
			assert.Equal(t, tt.want, recordsOf(got))
			if tt.in == nil {
				assert.Equal(t, tt.resource, got.Resource().Attributes().AsRaw())
			}
		})
	}
}

// A map cannot be made with one name twice, but what a sender writes can have it.
func TestOfTwoAttributesWithOneNameTheFirstIsDemoted(t *testing.T) {
	logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs([]byte(`{"resourceLogs": [{
		"resource": {"attributes": [
			{"key": "x", "value": {"stringValue": "first"}},
			{"key": "job", "value": {"stringValue": "a"}},
			{"key": "x", "value": {"stringValue": "second"}}]},
		"scopeLogs": [{"logRecords": [{}]}]}]}`))
	require.NoError(t, err)
	got := process(t, `{values: [job], others: demote}`, logs).ResourceLogs().At(0)
	assert.Equal(t, []attributes{{"x": "first"}}, recordsOf(got))
	assert.Equal(t, 1, got.Resource().Attributes().Len())
}
