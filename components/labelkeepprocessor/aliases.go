// SPDX-License-Identifier: Apache-2.0

package labelkeepprocessor

// aliases are the label names of Loki agents that are not a spelling of the OpenTelemetry attribute whose value they
// hold. Who lists the label keeps the attribute. It does not work the other way round, and an alias stands for the
// attribute as it is written here, with dots: `namespace` on the list says nothing of an attribute k8s_namespace_name,
// which a Loki agent takes for a label of its own.
//
// Not here, since they hold no attribute: `job` (composed from two), `instance` (each agent means another thing by
// it), `level` (the severity), `stream` and `flags` (attributes of the record). Listed, they keep an attribute of that
// very name.
var aliases = map[string]string{
	// Grafana's k8s-monitoring chart, pod logs: __meta_kubernetes_namespace, …_pod_name and …_pod_container_name, and
	// `cluster` of the destination's external labels.
	"namespace": "k8s.namespace.name",
	"pod":       "k8s.pod.name",
	"container": "k8s.container.name",
	"cluster":   "k8s.cluster.name",
	// Alloy's guide for pod logs: __meta_kubernetes_pod_label_app_kubernetes_io_name.
	"app": "app.kubernetes.io/name",
	// Relabelled from __meta_kubernetes_pod_node_name: `node` by hand in most Alloy configurations, `node_name` in
	// Promtail's chart and in Alloy's guide.
	"node":      "k8s.node.name",
	"node_name": "k8s.node.name",
	// Set by loki.source.file and Promtail on every line.
	"filename": "log.file.path",
}
