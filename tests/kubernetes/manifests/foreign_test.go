// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// foreignKind is a kind that a plain cluster does not know. Only the names of its fields are checked, where they are known.
type foreignKind struct {
	group, version, kind, plural string
	namespaced                   bool
	// fields are all there are beside metadata; none means that they are not checked.
	fields string
}

var foreign = []foreignKind{
	{group: "monitoring.coreos.com", version: "v1", kind: "PodMonitor", plural: "podmonitors", namespaced: true, fields: "spec status"},
	{group: "monitoring.coreos.com", version: "v1", kind: "PrometheusRule", plural: "prometheusrules", namespaced: true, fields: "spec status"},
	{
		group: "security.openshift.io", version: "v1", kind: "SecurityContextConstraints", plural: "securitycontextconstraints",
		fields: "allowHostDirVolumePlugin allowHostIPC allowHostNetwork allowHostPID allowHostPorts allowPrivilegeEscalation " +
			"allowPrivilegedContainer allowedCapabilities allowedFlexVolumes allowedUnsafeSysctls defaultAddCapabilities " +
			"defaultAllowPrivilegeEscalation forbiddenSysctls fsGroup groups priority readOnlyRootFilesystem " +
			"requiredDropCapabilities runAsUser seLinuxContext seccompProfiles supplementalGroups userNamespaceLevel users volumes",
	},
}

func (f foreignKind) groupKind() schema.GroupKind {
	return schema.GroupKind{Group: f.group, Kind: f.kind}
}

// definition is its CustomResourceDefinition.
func (f foreignKind) definition() *unstructured.Unstructured {
	properties := map[string]any{}
	for field := range strings.FieldsSeq(f.fields) {
		properties[field] = map[string]any{"x-kubernetes-preserve-unknown-fields": true}
	}
	scope := "Cluster"
	if f.namespaced {
		scope = "Namespaced"
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": f.plural + "." + f.group},
		"spec": map[string]any{
			"group": f.group, "scope": scope,
			"names": map[string]any{"kind": f.kind, "plural": f.plural},
			"versions": []any{map[string]any{
				"name": f.version, "served": true, "storage": true,
				"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "properties": properties}},
			}},
		},
	}}
}
