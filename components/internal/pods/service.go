// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"cmp"
	"strings"
)

// The labels that Kubernetes recommends.
const (
	instanceLabel = "app.kubernetes.io/instance"
	nameLabel     = "app.kubernetes.io/name"
	versionLabel  = "app.kubernetes.io/version"
)

// serviceAttributes adds what names the service. An annotation of the pod, which wins over all
// of it, is added later.
func (k *Known) serviceAttributes(container string, set map[string]string) {
	p := k.pod
	version := p.Labels[versionLabel]
	if c := p.container(container); c != nil && version == "" {
		version = parseImage(c.Image).version()
	}
	k.choose(map[string]string{
		"service.name":        k.serviceName(container),
		"service.namespace":   p.Namespace,
		"service.instance.id": p.Namespace + "." + p.Name + "." + container,
		"service.version":     version,
	}, set)
}

func (k *Known) serviceName(container string) string {
	p := k.pod
	if k.rules.ServiceName == OrderK8sMonitoring {
		return cmp.Or(p.Labels[nameLabel], container)
	}
	o := p.owners()
	return cmp.Or(p.Labels[instanceLabel], p.Labels[nameLabel],
		o.deployment, o.replicaSet, o.statefulSet, o.daemonSet, o.cronJob, o.job, p.Name, container)
}

// otelName returns the attribute that an annotation sets.
func otelName(annotation string) (string, bool) {
	name, ok := strings.CutPrefix(annotation, otelPrefix)
	return name, ok && name != ""
}
