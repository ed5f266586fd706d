// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// attrs are attributes, labels those of a stream in Loki.
type (
	attrs  = map[string]any
	labels = map[string]string
)

// resource is a resource with its records, all of one scope.
type resource struct {
	attrs   attrs
	records []record
}

// record is a log record. Body is a string, []byte, map or number.
type record struct {
	at    time.Time
	body  any
	attrs attrs
	level plog.SeverityNumber
	text  string
}

// logs makes a batch.
func logs(t *testing.T, resources ...resource) plog.Logs {
	t.Helper()
	all := plog.NewLogs()
	for _, r := range resources {
		rl := all.ResourceLogs().AppendEmpty()
		require.NoError(t, rl.Resource().Attributes().FromRaw(r.attrs))
		records := rl.ScopeLogs().AppendEmpty().LogRecords()
		for _, r := range r.records {
			lr := records.AppendEmpty()
			require.NoError(t, lr.Body().FromRaw(r.body))
			require.NoError(t, lr.Attributes().FromRaw(r.attrs))
			lr.SetTimestamp(pcommon.NewTimestampFromTime(r.at))
			lr.SetSeverityNumber(r.level)
			lr.SetSeverityText(r.text)
		}
	}
	return all
}

// of is a resource that is one service, and hence one stream.
func of(service string, records ...record) resource {
	return resource{attrs{"service.name": service}, records}
}

// record is a record of later, or of earlier when the offset is negative.
func (c clock) record(offset time.Duration, body any, attributes ...attrs) record {
	r := record{at: time.Time(c).Add(offset), body: body}
	for _, a := range attributes {
		r.attrs = a
	}
	return r
}

// labelsOf are the labels of that stream in Loki's text form.
func labelsOf(service string) string {
	return `{job="` + service + `", service_name="` + service + `"}`
}

// pod is a resource that is one of several pods of the same container, which share a stream.
func pod(name string, records ...record) resource {
	return resource{attrs{"k8s.namespace.name": "shop", "k8s.pod.name": name, "k8s.container.name": "app", "service.name": "cart"}, records}
}
