// SPDX-License-Identifier: Apache-2.0

package k8spodsextension

import (
	"os"
	"strings"

	"github.com/tributary-otel/tributary/components/internal/pods"
)

// nodeVariables are the environment variables in which manifests name the node.
var nodeVariables = []string{"K8S_NODE_NAME", "NODE_NAME", "KUBE_NODE_NAME"}

// nodeName returns the name of the node, or "" if nobody has said it.
func nodeName(configured string) string {
	if configured != "" {
		return configured
	}
	for _, variable := range nodeVariables {
		if name := os.Getenv(variable); name != "" {
			return name
		}
	}
	return ""
}

// namespaceFile is where a pod finds its namespace.
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// ownPod returns the pod that this process runs in. The host name of a pod is its own unless it
// has that of the node.
func ownPod() pods.Key {
	own := pods.Key{Name: os.Getenv("HOSTNAME")}
	if own.Name == "" {
		own.Name, _ = os.Hostname()
	}
	if namespace, err := os.ReadFile(namespaceFile); err == nil {
		own.Namespace = strings.TrimSpace(string(namespace))
	}
	return own
}
