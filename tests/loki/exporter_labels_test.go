// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

const (
	star = `labels: {profile: none, resource_attributes: ["*"]}`
	otel = "labels: {profile: otel}"
)

// many are so many attributes, and labels.
func many(count int) attrs {
	all := attrs{}
	for i := range count {
		all[fmt.Sprintf("l%02d", i)] = "v"
	}
	return all
}

// with is a map with more in it.
func with[V any](m map[string]V, key string, value V) map[string]V {
	m = maps.Clone(m)
	m[key] = value
	return m
}

func TestExporterLabels(t *testing.T) {
	l := SharedTenants(t)
	now := clock(time.Now())
	fifteen := labels{}
	for name := range many(15) {
		fifteen[name] = "v"
	}
	const unknown = "unknown_service"
	long := strings.Repeat("v", 2048)
	for _, c := range []struct {
		name, settings string
		resource       attrs
		labels         labels
		metadata       labels
		altered        map[string]int
	}{
		{"none at all", "labels: {profile: none}", nil, labels{"service_name": unknown}, nil, nil},
		{"an empty value is none", star, attrs{"a": "", "b": "1"}, labels{"b": "1", "service_name": unknown}, nil, nil},
		{"routing data is none", star, attrs{"__x": "1", "__name__": "2", "a": "1"}, labels{"a": "1", "service_name": unknown}, nil, nil},
		{"names with dots and of other letters", star, attrs{"a.b": "1", "日志": "2", "c日d": "3", "9z": "4"},
			labels{"a_b": "1", "key_7dbac1c2": "2", "c_d": "3", "key_9z": "4", "service_name": unknown}, nil, nil},
		{"15, and a service_name", star, with(many(15), "service.name", any("s")), with(fifteen, "service_name", "s"), nil, nil},
		{"all of Loki's OTLP endpoint: 18", otel, otlpAttributes(18), underscored(otlpLabels[:16]), labels{"k8s_cronjob_name": "v", "k8s_job_name": "v"},
			map[string]int{"max_label_names_per_series": 2}},
		{"the first 16 of them", otel, otlpAttributes(16), underscored(otlpLabels[:16]), nil, nil},
		{"a value of 2048 bytes", star, attrs{"a": long}, labels{"a": long, "service_name": unknown}, nil, nil},
		{"a value of 2049 bytes is cut, and whole in the metadata", star, attrs{"a": long + "v"},
			labels{"a": long, "service_name": unknown}, labels{"a_extracted": long + "v"}, map[string]int{"label_value_too_long": 1}},
		{"a value is cut between characters", star, attrs{"a": strings.Repeat("日", 683)},
			labels{"a": strings.Repeat("日", 682), "service_name": unknown}, labels{"a_extracted": strings.Repeat("日", 683)}, map[string]int{"label_value_too_long": 1}},
		{"a name of 1025 bytes is cut", star, attrs{strings.Repeat("n", 1025): "v"}, labels{strings.Repeat("n", 1024): "v", "service_name": unknown}, nil, nil},
		{"whatever can be quoted", star, attrs{"a": "\n\"\\\t\x00日志🚰"}, labels{"a": "\n\"\\\t\x00日志🚰", "service_name": unknown}, nil, nil},
		{"broken bytes and replacement characters are question marks", star, attrs{"a": "v\xffw", "b": "v\uFFFDw"},
			labels{"a": "v?w", "b": "v?w", "service_name": unknown}, nil, nil},
		{"numbers and lists", star, attrs{"a": 1, "b": true, "c": []any{"d"}}, labels{"a": "1", "b": "true", "c": `["d"]`, "service_name": unknown}, nil, nil},
		{"two attributes of one name", star, attrs{"a.b": "1", "a_b": "1"}, labels{"a_b": "1", "service_name": unknown}, labels{"a_b_extracted": "1"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			tenant := Unique(t)
			e := exportAs(t, l, tenant, c.settings)
			e.send(t, logs(t, resource{c.resource, []record{now.record(0, "x")}}, of("neighbour", now.record(1, "y"))))
			assert.Equal(t, outcome{Lines: []string{"x", "y"}, Altered: c.altered}.normal(), e.outcome(t, tenant))
			got := l.Query(t, tenant, everything)[0]
			assert.Equal(t, c.labels, got.Labels)
			want := labels{"detected_level": "unknown"}
			maps.Copy(want, c.metadata)
			assert.Equal(t, want, got.Metadata)
		})
	}
}

func TestExporterLabelsThatAreTooMany(t *testing.T) {
	l := SharedTenants(t)
	now := clock(time.Now())
	for _, c := range []struct {
		name, settings   string
		resource, record attrs
		labels, metadata int
	}{
		{"16 attributes", star, many(16), nil, 15, 1},
		{"16 attributes and labels of everything", star + "\nexternal_labels: {e1: v, e2: v}", many(16), nil, 15, 3},
		{"a label of the record has its place", strings.Replace(star, "}", ", attributes: [level]}", 1), many(16), attrs{"level": "warn"}, 15, 2},
		{"hints", star, with(many(10), "loki.attribute.labels", any("h1,h2,h3,h4,h5,h6")), attrs{"h1": "v", "h2": "v", "h3": "v", "h4": "v", "h5": "v", "h6": "v"}, 10, 6},
		{"hints of the record", star, many(10), attrs{"loki.attribute.labels": "h1,h2,h3,h4,h5,h6", "h1": "v", "h2": "v", "h3": "v", "h4": "v", "h5": "v", "h6": "v"}, 15, 1},
		{"hints, and labels of everything", star + "\nexternal_labels: {e1: v, e2: v}", many(10), attrs{"loki.attribute.labels": "h1,h2,h3,h4,h5,h6", "h1": "v", "h2": "v", "h3": "v", "h4": "v", "h5": "v", "h6": "v"}, 15, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			tenant := Unique(t)
			e := exportAs(t, l, tenant, c.settings)
			e.send(t, logs(t, resource{c.resource, []record{now.record(0, "x", c.record)}}, of("neighbour", now.record(1, "y"))))
			got := e.outcome(t, tenant)
			delete(got.Altered, "max_label_names_per_series")
			assert.Equal(t, outcome{Lines: []string{"x", "y"}}.normal(), got)
			entry := l.Query(t, tenant, everything)[0]
			assert.Len(t, entry.Labels, c.labels+1, "%v, service_name is not counted", entry.Labels)
			assert.Len(t, entry.Metadata, c.metadata+1, "%v, with detected_level", entry.Metadata)
		})
	}
}

// Profile `otel` gives what Loki's OTLP endpoint gives: labels, metadata and line.
func TestExporterProfileOTelIsLokisOTLPEndpoint(t *testing.T) {
	l := SharedTenants(t)
	now := time.Now()
	batch := logs(t, resource{otlpAttributes(16), nil})
	rl := batch.ResourceLogs().At(0)
	rl.Resource().Attributes().PutStr("k8s.node.name", "node")
	scope := rl.ScopeLogs().At(0)
	scope.Scope().SetName("scope")
	scope.Scope().SetVersion("1.2")
	scope.Scope().Attributes().PutStr("scope.attribute", "v")
	for i, body := range []any{"text", attrs{"a": 1, "b": attrs{"c": "d"}}, []any{1, "x"}, 1.5, true} {
		lr := scope.LogRecords().AppendEmpty()
		lr.SetTimestamp(pcommon.NewTimestampFromTime(now.Add(time.Duration(i))))
		require.NoError(t, lr.Body().FromRaw(body))
		require.NoError(t, lr.Attributes().FromRaw(attrs{"http.method": "GET", "nest": attrs{"x": attrs{"y": "z"}}, "list": []any{1, 2}, "n": 1, "f": 0.5, "b": true}))
		lr.SetSeverityNumber(plog.SeverityNumberWarn)
		lr.SetSeverityText("Warn")
		lr.SetTraceID(pcommon.TraceID{1, 2, 3})
		lr.SetSpanID(pcommon.SpanID{4, 5, 6})
	}
	body, err := plogotlp.NewExportRequestFromLogs(batch).MarshalProto()
	require.NoError(t, err)
	endpoint, exporter := Unique(t), Unique(t)
	require.Equal(t, 204, l.PushOTLP(t, endpoint, protobufType, "", body).Status)
	exportAs(t, l, exporter, otel).send(t, batch)
	assert.Len(t, l.Query(t, exporter, everything), 5)
	assert.Equal(t, l.Query(t, endpoint, everything), l.Query(t, exporter, everything))
	assert.Equal(t, l.Series(t, endpoint, everything), l.Series(t, exporter, everything))
}

// otlpAttributes are the first of the attributes that Loki's OTLP endpoint makes labels of.
func otlpAttributes(count int) attrs {
	all := attrs{}
	for _, name := range otlpLabels[:count] {
		all[name] = "v"
	}
	return all
}
