// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

// stored sends a batch to a Loki that takes it, and returns what is stored then.
func stored(t testing.TB, yaml string, ld plog.Logs) ([]lokifake.Entry, *running) {
	t.Helper()
	loki := lokifake.Start(t, lokifake.Options{})
	e := run(t, loki.URL(), yaml)
	e.send(t, ld)
	for _, r := range loki.Requests() {
		require.Equal(t, 204, r.Status, r.Answer)
	}
	return loki.Entries(""), e
}

// metadataOf is the structured metadata of an entry.
func metadataOf(e lokifake.Entry) map[string]string {
	m := map[string]string{}
	for _, pair := range e.Metadata {
		m[pair.Name] = pair.Value
	}
	return m
}

type texts = map[string]string

func TestLabelsAndMetadata(t *testing.T) {
	host := attrs{"host.name": "web-1", "log.file.path": "/var/log/app.log", "service.name": "app", "os.type": "linux"}
	for _, tt := range []struct {
		name, yaml string
		resource   attrs
		record     rec
		labels     texts
		metadata   texts
	}{
		{
			name: "alloy: a pod", yaml: "labels: {profile: alloy}\nexternal_labels: {cluster: c1, k8s_cluster_name: c1}",
			resource: attrs{
				"k8s.namespace.name": "shop", "k8s.pod.name": "cart-5d4-x", "k8s.container.name": "app", "k8s.pod.uid": "u-1",
				"k8s.node.name": "n1", "k8s.deployment.name": "cart", "app.kubernetes.io/name": "cart",
				"deployment.environment": "prod", "deployment.environment.name": "production", "k8s.container.restart_count": 0,
			},
			record: rec{body: "x", attrs: attrs{"log.iostream": "stderr"}, level: plog.SeverityNumberWarn, text: "WARN"},
			labels: texts{
				"namespace": "shop", "container": "app", "job": "shop/app", "cluster": "c1", "k8s_cluster_name": "c1",
				"service_name": "cart", "service_namespace": "shop", "app_kubernetes_io_name": "cart",
				"deployment_environment": "prod", "deployment_environment_name": "production",
			},
			metadata: texts{
				"pod": "cart-5d4-x", "service_instance_id": "shop.cart-5d4-x.app", "k8s_pod_uid": "u-1", "k8s_node_name": "n1",
				"k8s_deployment_name": "cart", "k8s_container_restart_count": "0", "log_iostream": "stderr", "detected_level": "warn",
			},
		},
		{
			name: "alloy: a pod with all that its owner can set", yaml: "labels: {profile: alloy}",
			resource: attrs{
				"k8s.namespace.name": "shop", "k8s.pod.name": "cart-5d4-x", "k8s.container.name": "app", "k8s.cluster.name": "c2",
				"job": "my/job", "service.name": "basket", "service.namespace": "store", "service.instance.id": "i-1",
				"host.name": "n1", "log.file.path": "/var/log/pods/x",
			},
			record: rec{body: "x"},
			labels: texts{
				"namespace": "shop", "container": "app", "job": "my/job", "cluster": "c2", "k8s_cluster_name": "c2",
				"service_name": "basket", "service_namespace": "store",
			},
			metadata: texts{"pod": "cart-5d4-x", "service_instance_id": "i-1", "host_name": "n1", "log_file_path": "/var/log/pods/x"},
		},
		{
			name: "alloy: a container without a service", yaml: "labels: {profile: alloy}",
			resource: attrs{"k8s.namespace.name": "shop", "k8s.pod.name": "p", "k8s.container.name": "app"},
			record:   rec{body: "x"},
			labels:   texts{"namespace": "shop", "container": "app", "job": "shop/app", "service_name": "app", "service_namespace": "shop"},
			metadata: texts{"pod": "p", "service_instance_id": "shop.p.app"},
		},
		{
			name: "alloy: the name of the app, copied from the pod's labels", yaml: "labels: {profile: alloy}",
			resource: attrs{"k8s.namespace.name": "shop", "k8s.pod.name": "p", "k8s.container.name": "c", "k8s.pod.labels.app.kubernetes.io/name": "cart"},
			record:   rec{body: "x"},
			labels:   texts{"namespace": "shop", "container": "c", "job": "shop/c", "service_name": "cart", "service_namespace": "shop", "app_kubernetes_io_name": "cart"},
			metadata: texts{"pod": "p", "service_instance_id": "shop.p.c"},
		},
		{
			name: "alloy: names that Alloy gave already", yaml: "labels: {profile: alloy}",
			resource: attrs{"namespace": "a", "container": "b", "pod": "c", "job": "d", "service_name": "e", "instance": "f", "filename": "g", "cluster": "h"},
			record:   rec{body: "x"},
			labels:   texts{"namespace": "a", "container": "b", "job": "d", "service_name": "e", "instance": "f", "filename": "g", "cluster": "h", "k8s_cluster_name": "h"},
			metadata: texts{"pod": "c"},
		},
		{
			name: "alloy: a name that Alloy gave beside its attribute", yaml: "labels: {profile: alloy}",
			resource: attrs{"namespace": "a", "k8s.namespace.name": "b"}, record: rec{body: "x"},
			labels: texts{"namespace": "a", "service_namespace": "b"}, metadata: texts{},
		},
		{
			name: "alloy: a file of a host", yaml: "labels: {profile: alloy}", resource: host, record: rec{body: "x"},
			labels:   texts{"instance": "web-1", "filename": "/var/log/app.log", "job": "app", "service_name": "app"},
			metadata: texts{"os_type": "linux"},
		},
		{
			name: "alloy: the path of the file from the record", yaml: "labels: {profile: alloy, attributes: {log.file.path: filename}}",
			resource: attrs{"host.name": "web-1"}, record: rec{body: "x", attrs: attrs{"log.file.path": "/var/log/syslog"}},
			labels:   texts{"instance": "web-1", "filename": "/var/log/syslog", "service_name": "unknown_service"},
			metadata: texts{},
		},
		{
			name: "alloy: or from the resource, where the record has none", yaml: "labels: {profile: alloy, attributes: {log.file.path: filename}}",
			resource: host, record: rec{body: "x"},
			labels:   texts{"instance": "web-1", "filename": "/var/log/app.log", "job": "app", "service_name": "app"},
			metadata: texts{"os_type": "linux"},
		},
		{
			name: "alloy: nothing that it knows", yaml: "labels: {profile: alloy}", resource: attrs{"a": "b"}, record: rec{body: "x"},
			labels: texts{"service_name": "unknown_service"}, metadata: texts{"a": "b"},
		},
		{
			name: "otel: 17 attributes are 15 labels and service_name, which does not count", yaml: "labels: {profile: otel}",
			resource: attrs{
				"service.name": "a0", "service.namespace": "a1", "service.instance.id": "a2", "deployment.environment": "a3", "deployment.environment.name": "a4",
				"cloud.region": "a5", "cloud.availability_zone": "a6", "k8s.cluster.name": "a7", "k8s.namespace.name": "a8", "k8s.pod.name": "a9",
				"k8s.container.name": "b0", "container.name": "b1", "k8s.replicaset.name": "b2", "k8s.deployment.name": "b3", "k8s.statefulset.name": "b4",
				"k8s.daemonset.name": "b5", "k8s.cronjob.name": "b6", "k8s.job.name": "b7", "k8s.node.name": "c0", "host.name": "c1",
			},
			record: rec{body: "x", level: plog.SeverityNumberError2, text: "ERR"},
			labels: texts{
				"service_name": "a0", "service_namespace": "a1", "service_instance_id": "a2", "deployment_environment": "a3", "deployment_environment_name": "a4",
				"cloud_region": "a5", "cloud_availability_zone": "a6", "k8s_cluster_name": "a7", "k8s_namespace_name": "a8", "k8s_pod_name": "a9",
				"k8s_container_name": "b0", "container_name": "b1", "k8s_replicaset_name": "b2", "k8s_deployment_name": "b3", "k8s_statefulset_name": "b4",
				"k8s_daemonset_name": "b5",
			},
			metadata: texts{"k8s_cronjob_name": "b6", "k8s_job_name": "b7", "k8s_node_name": "c0", "host_name": "c1", "severity_number": "18", "severity_text": "ERR"},
		},
		{
			name: "otel: no service", yaml: "labels: {profile: otel}", resource: attrs{"host.name": "h"}, record: rec{body: "x"},
			labels: texts{"service_name": "unknown_service"}, metadata: texts{"host_name": "h"},
		},
		{
			name: "none: Loki names the service itself", yaml: "labels: {profile: none}", resource: host, record: rec{body: "x"},
			labels:   texts{"service_name": "unknown_service"},
			metadata: texts{"host_name": "web-1", "log_file_path": "/var/log/app.log", "os_type": "linux", "service_name": "app"},
		},
		{
			name: "a list of resource attributes", yaml: "labels: {profile: none, resource_attributes: [host.name, os.type, absent]}", resource: host, record: rec{body: "x"},
			labels: texts{"host_name": "web-1", "os_type": "linux", "service_name": "unknown_service"}, metadata: texts{"log_file_path": "/var/log/app.log", "service_name": "app"},
		},
		{
			name: "a map of resource attributes", yaml: "labels: {profile: none, resource_attributes: {host.name: host, service.name: app}}", resource: host, record: rec{body: "x"},
			labels: texts{"host": "web-1", "app": "app"}, metadata: texts{"log_file_path": "/var/log/app.log", "os_type": "linux"},
		},
		{
			name: "every resource attribute", yaml: "labels: {profile: none, resource_attributes: ['*']}",
			resource: attrs{"a.b": "1", "c": 2, "d": true, "e": "", "f": map[string]any{"g": "h"}, "日志": "i", "__x": "j"}, record: rec{body: "x", attrs: attrs{"r": "s"}},
			labels:   texts{"a_b": "1", "c": "2", "d": "true", "f": `{"g":"h"}`, "key_7dbac1c2": "i"},
			metadata: texts{"r": "s"},
		},
		{
			name: "every resource attribute beside a profile", yaml: "labels: {profile: alloy, resource_attributes: '*'}", resource: host, record: rec{body: "x"},
			labels:   texts{"instance": "web-1", "filename": "/var/log/app.log", "job": "app", "service_name": "app", "os_type": "linux"},
			metadata: texts{},
		},
		{
			name: "every resource attribute where two have one name", yaml: "labels: {profile: none, resource_attributes: '*', attributes: [r]}",
			resource: attrs{"a.b": "1", "r": "of the resource"}, record: rec{body: "x", attrs: attrs{"r": "of the record"}},
			labels: texts{"a_b": "1", "r": "of the record"}, metadata: texts{},
		},
		{
			name: "an attribute of the profile under another name as well", yaml: "labels: {profile: alloy, resource_attributes: {k8s.namespace.name: ns}}",
			resource: attrs{"k8s.namespace.name": "shop", "k8s.container.name": "c"}, record: rec{body: "x"},
			labels:   texts{"ns": "shop", "namespace": "shop", "service_namespace": "shop", "container": "c", "job": "shop/c", "service_name": "c"},
			metadata: texts{},
		},
		{
			name: "a label of the profile from another attribute", yaml: "labels: {profile: alloy, resource_attributes: {team: namespace}}",
			resource: attrs{"k8s.namespace.name": "shop", "team": "red"}, record: rec{body: "x"},
			labels: texts{"namespace": "red", "service_namespace": "shop"}, metadata: texts{},
		},
		{
			name: "record attributes", yaml: "labels: {profile: none, attributes: {level: level, http.method: method, code: code, ok: ok}}",
			record: rec{body: "x", attrs: attrs{"level": "info", "http.method": "GET", "code": 200, "ok": true, "other": 1.5}},
			labels: texts{"level": "info", "method": "GET", "code": "200", "ok": "true"}, metadata: texts{"other": "1.5"},
		},
		{
			name: "record attributes that are not there", yaml: "labels: {profile: none, attributes: [a, b]}",
			record: rec{body: "x", attrs: attrs{"a": ""}}, labels: texts{}, metadata: texts{},
		},
		{
			name: "level falls back to the severity", yaml: "labels: {profile: none, attributes: [level]}",
			record: rec{body: "x", level: plog.SeverityNumberError3}, labels: texts{"level": "error"}, metadata: texts{"detected_level": "error"},
		},
		{
			name: "also when it is empty", yaml: "labels: {profile: none, attributes: {level: severity}}",
			record: rec{body: "x", level: plog.SeverityNumberDebug, attrs: attrs{"level": ""}}, labels: texts{"severity": "debug"}, metadata: texts{"detected_level": "debug"},
		},
		{
			name: "and to the text of the severity", yaml: "labels: {profile: none, attributes: [level]}",
			record: rec{body: "x", text: "NOTICE"}, labels: texts{"level": "notice"}, metadata: texts{"detected_level": "notice"},
		},
		{
			name: "the text of the severity where it says more", yaml: "labels: {profile: none}",
			record: rec{body: "x", level: plog.SeverityNumberInfo2, text: "notice"}, labels: texts{}, metadata: texts{"detected_level": "info", "severity_text": "notice"},
		},
		{
			name: "templates", yaml: "labels: {profile: none, templates: {job: '{k8s.namespace.name}/{app|service.name}', fixed: tributary, missing: '{a}/{service.name}', n: '{count}'}}",
			resource: attrs{"k8s.namespace.name": "shop", "service.name": "cart", "count": 3}, record: rec{body: "x"},
			labels: texts{"job": "shop/cart", "fixed": "tributary", "n": "3"}, metadata: texts{"k8s_namespace_name": "shop", "service_name": "cart"},
		},
		{
			name: "templates take labels of the profile away", yaml: "labels: {profile: alloy, templates: {job: '', filename: '', instance: '{host.name}:9100'}}",
			resource: host, record: rec{body: "x"},
			labels: texts{"instance": "web-1:9100", "service_name": "app"}, metadata: texts{"host_name": "web-1", "log_file_path": "/var/log/app.log", "os_type": "linux"},
		},
		{
			name: "external labels come where there is none of the name", yaml: "labels: {profile: none, resource_attributes: [a], attributes: [b]}\nexternal_labels: {a: outer, b: outer, c: outer, service_name: outer}",
			resource: attrs{"a": "inner"}, record: rec{body: "x", attrs: attrs{"b": "inner"}},
			labels: texts{"a": "inner", "b": "inner", "c": "outer", "service_name": "outer"}, metadata: texts{},
		},
		{
			name: "no metadata", yaml: "labels: {profile: alloy}\nstructured_metadata: none", resource: pod,
			record:   rec{body: "x", attrs: attrs{"a": "b"}, level: plog.SeverityNumberInfo},
			labels:   texts{"namespace": "shop", "container": "app", "job": "shop/app", "service_name": "cart", "service_namespace": "shop"},
			metadata: texts{},
		},
		{
			name: "some metadata, by the name of the attribute or Loki's", yaml: "labels: {profile: alloy}\nstructured_metadata: [pod, http.method, k8s_node_name, scope_name, trace_id]", resource: pod,
			record:   rec{body: "x", attrs: attrs{"http.method": "GET", "a": "b"}, level: plog.SeverityNumberInfo},
			labels:   texts{"namespace": "shop", "container": "app", "job": "shop/app", "service_name": "cart", "service_namespace": "shop"},
			metadata: texts{"pod": "cart-5d4-x", "http_method": "GET", "k8s_node_name": "node-1"},
		},
		{
			name: "metadata of the profile by the name of its attribute", yaml: "labels: {profile: alloy}\nstructured_metadata: [k8s.pod.name]", resource: pod, record: rec{body: "x"},
			labels:   texts{"namespace": "shop", "container": "app", "job": "shop/app", "service_name": "cart", "service_namespace": "shop"},
			metadata: texts{"pod": "cart-5d4-x"},
		},
		{
			name: "metadata of the profile under its own name", yaml: "labels: {profile: alloy}\nstructured_metadata: [k8s_pod_name]", resource: pod, record: rec{body: "x"},
			labels:   texts{"namespace": "shop", "container": "app", "job": "shop/app", "service_name": "cart", "service_namespace": "shop"},
			metadata: texts{"k8s_pod_name": "cart-5d4-x"},
		},
		{
			name: "maps are taken apart, lists are JSON", yaml: "labels: {profile: none}",
			resource: attrs{"deep": map[string]any{"a": map[string]any{"b.c": 1, "d": nil}, "e": []any{1, "f", map[string]any{"g": true}}}},
			record:   rec{body: "x", attrs: attrs{"list": []any{"a", 2}, "bytes": []byte("abc"), "float": 0.25, "int": -7, "bool": false, "none": nil, "empty": map[string]any{}}},
			labels:   texts{},
			metadata: texts{"deep_a_b_c": "1", "deep_e": `[1,"f",{"g":true}]`, "list": `["a",2]`, "bytes": "YWJj", "float": "0.25", "int": "-7", "bool": "false"},
		},
		{
			name: "the record's own attribute counts", yaml: "labels: {profile: none}",
			resource: attrs{"a": "resource", "b": "resource", "c": "resource"}, record: rec{body: "x", attrs: attrs{"b": "record"}},
			labels: texts{}, metadata: texts{"a": "resource", "b": "record", "c": "resource"},
		},
		{
			name: "attributes without a name or of other letters", yaml: "labels: {profile: none}",
			resource: attrs{"": "1", "日志": "2"}, record: rec{body: "x", attrs: attrs{"-": "3", "é": map[string]any{"": "4"}}},
			labels: texts{}, metadata: texts{"key_e3b0c442": "1", "key_7dbac1c2": "2", lokiName("-"): "3", lokiName("é") + "_": "4"},
		},
		{
			name: "names that nobody may see are never sent", yaml: "labels: {profile: alloy, resource_attributes: '*', attributes: [level]}",
			resource: attrs{"__x": "1", "__name__": "2", "__tenant_id__": "3", "a": map[string]any{"__y": "5"}}, record: rec{body: "x", attrs: attrs{"__z": "4", "__meta": map[string]any{"a": "b"}}},
			labels: texts{"a": `{"__y":"5"}`}, metadata: texts{},
		},
		{
			name: "values of any text", yaml: "labels: {profile: none, resource_attributes: [a, b], attributes: [c]}",
			resource: attrs{"a": "日志 🚰 \"quoted\" back\\slash\nline\x00nul", "b": "x\xff\uFFFDy", "d": "m\xffn\x00"}, record: rec{body: "x", attrs: attrs{"c": "\xff", "e": "\uFFFD"}},
			labels: texts{"a": "日志 🚰 \"quoted\" back\\slash\nline\x00nul", "b": "x??y", "c": "?"}, metadata: texts{"d": "m n\x00", "e": " "},
		},
		{
			name: "hints beside labels", yaml: "labels: {profile: none, resource_attributes: [service.name], attributes: [level]}",
			resource: attrs{"service.name": "cart", "a.b": "1", "k": "2", "loki.resource.labels": "a.b"},
			record:   rec{body: "x", attrs: attrs{"level": "info", "c": "3", "d": "4", "loki.attribute.labels": []any{"c"}, "loki.resource.labels": "k"}},
			labels:   texts{"service_name": "cart", "a_b": "1", "k": "2", "c": "3", "level": "info"}, metadata: texts{"d": "4"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.labels["service_name"] == "" {
				// Loki adds it, of one of the other labels where it can.
				tt.labels["service_name"] = "unknown_service"
				for _, name := range []string{"app", "job"} {
					if value := tt.labels[name]; value != "" {
						tt.labels["service_name"] = value
						break
					}
				}
			}
			ld := logsOf(t, tt.resource, tt.record, tt.record) // The second one in the room of the first.
			ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(1).Body().SetStr("y")
			entries, _ := stored(t, tt.yaml, ld)
			require.Len(t, entries, 2)
			for _, entry := range entries {
				assert.Equal(t, tt.labels, entry.Labels)
				assert.Equal(t, tt.metadata, metadataOf(entry))
			}
		})
	}
}
