// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
)

// otlpLabels are the resource attributes that Loki makes labels of by default.
var otlpLabels = strings.Fields(`service.name service.namespace service.instance.id deployment.environment deployment.environment.name
	cloud.region cloud.availability_zone k8s.cluster.name k8s.namespace.name k8s.pod.name k8s.container.name container.name
	k8s.replicaset.name k8s.deployment.name k8s.statefulset.name k8s.daemonset.name k8s.cronjob.name k8s.job.name`)

func TestOTLP(t *testing.T) {
	l := StartLoki(t, Options{MultiTenant: true})
	now := time.Now()
	// record adds a record of a resource of its own.
	record := func(logs plog.Logs, age time.Duration, attributes ...string) plog.LogRecord {
		resource := logs.ResourceLogs().AppendEmpty()
		for _, name := range attributes {
			resource.Resource().Attributes().PutStr(name, "v")
		}
		log := resource.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		log.SetTimestamp(pcommon.NewTimestampFromTime(now.Add(-age)))
		log.Body().SetStr("line")
		return log
	}
	for _, c := range []struct {
		name    string
		fill    func(plog.Logs)
		status  int
		answers []string
		stored  []Entry
	}{
		{"an attribute that is no label is metadata", func(logs plog.Logs) { record(logs, 0, "service.name", "k8s.pod.name", "k8s.node.name") }, 204, nil, []Entry{{
			Labels: map[string]string{"service_name": "v", "k8s_pod_name": "v"}, Metadata: map[string]string{"k8s_node_name": "v", "detected_level": "unknown"}, Line: "line",
		}}},
		{"a body and an attribute that are maps", func(logs plog.Logs) {
			log := record(logs, 0, "service.name")
			body := log.Body().SetEmptyMap()
			body.PutInt("a", 1)
			body.PutEmptyMap("b").PutStr("c", "d")
			log.Attributes().PutEmptyMap("nest").PutEmptyMap("x").PutStr("y", "z")
			log.SetSeverityNumber(plog.SeverityNumberWarn)
			log.SetSeverityText("Warn")
		}, 204, nil, []Entry{{
			Labels: map[string]string{"service_name": "v"}, Line: `{"a":1,"b":{"c":"d"}}`,
			Metadata: map[string]string{"nest_x_y": "z", "severity_number": "13", "severity_text": "Warn", "detected_level": "warn"},
		}}},
		{"16 of the default labels", func(logs plog.Logs) { record(logs, 0, otlpLabels[:16]...) }, 204, nil, []Entry{{
			Labels: underscored(otlpLabels[:16]), Metadata: map[string]string{"detected_level": "unknown"}, Line: "line",
		}}},
		{"all 18 default labels", func(logs plog.Logs) { record(logs, 0, otlpLabels...) }, 400, []string{"has 17 label names; limit 15"}, nil},
		{"good, too old and too new", func(logs plog.Logs) {
			record(logs, 0, "service.name")
			record(logs, 8*day, "service.name")
			record(logs, -11*time.Minute, "service.name")
		}, 400, []string{"has timestamp too new: TIME", "has timestamp too old: TIME"}, []Entry{{
			Labels: map[string]string{"service_name": "v"}, Metadata: map[string]string{"detected_level": "unknown"}, Line: "line",
		}}},
		{"a name of other letters on one of two records", func(logs plog.Logs) {
			record(logs, 0, "service.name")
			record(logs, 0, "service.name").Attributes().PutStr("日志", "v")
		}, 400, []string{`symbolizer lookup: normalization for label name "日志" resulted in invalid name "_"`}, nil},
		{"a name of other letters on the resource", func(logs plog.Logs) { record(logs, 0, "service.name", "日志") }, 400,
			[]string{`symbolizer lookup: normalization for label name "日志" resulted in invalid name "_"`}, nil},
		{"an empty name", func(logs plog.Logs) { record(logs, 0, "service.name", "") }, 400, []string{"symbolizer lookup: label name is empty"}, nil},
		{"nothing", func(plog.Logs) {}, 422, []string{"error at least one valid stream is required for ingestion"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			logs := plog.NewLogs()
			c.fill(logs)
			body, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
			require.NoError(t, err)
			tenant := tenantOf(t)
			answer := l.PushOTLP(t, tenant, protobufType, "", body)
			assert.Equal(t, c.status, answer.Status)
			answers := refusals(otlpMessage(t, answer))
			require.Len(t, answers, len(c.answers))
			for i, want := range c.answers {
				// In the order of the alphabet the newer one comes first.
				assert.Contains(t, answers[i], want)
			}
			entries := l.Query(t, tenant, everything)
			for i := range entries {
				entries[i].Timestamp = time.Time{}
			}
			assert.Equal(t, append([]Entry{}, c.stored...), entries)
		})
	}
	for _, encoding := range []string{"snappy", "deflate"} {
		t.Run("encoding "+encoding, func(t *testing.T) {
			answer := l.PushOTLP(t, "encodings", protobufType, encoding, nil)
			assert.Equal(t, 400, answer.Status)
			assert.Equal(t, "unsupported content encoding "+encoding+": only gzip, lz4 and zstd are supported", otlpMessage(t, answer))
		})
	}
	t.Run("no tenant", func(t *testing.T) {
		answer := l.PushOTLP(t, "", protobufType, "", nil)
		assert.Equal(t, 401, answer.Status)
		assert.Equal(t, "no org id\n", answer.Body)
	})
}

// otlpMessage is the text in the answer, which is a Status, or empty without one.
func otlpMessage(t *testing.T, answer Answer) string {
	t.Helper()
	var s status.Status
	require.NoError(t, proto.Unmarshal([]byte(answer.Body), &s))
	return s.GetMessage()
}

// underscored are labels with the value "v" and the names that Loki makes of attributes.
func underscored(names []string) map[string]string {
	labels := map[string]string{}
	for _, name := range names {
		labels[strings.ReplaceAll(name, ".", "_")] = "v"
	}
	return labels
}
