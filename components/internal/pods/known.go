// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"maps"
	"slices"
)

// Attribute is a resource attribute.
type Attribute struct{ Key, Value string }

// Known is what is known of a pod at one moment. It is never changed, and may be used by several
// goroutines.
type Known struct {
	rules     *Rules
	pod       *pod
	namespace *meta // Nil when nothing is known of it.
	node      *meta // Nil when nothing is known of it.
}

// containerRun is one start of a container.
type containerRun struct {
	name    string
	restart int
}

// Labels returns the labels of the pod. They must not be changed.
func (k *Known) Labels() map[string]string { return k.pod.Labels }

// Annotations returns the annotations of the pod, but for values above 8 KiB, what goes beyond
// 64 KiB in all, and the last applied configuration. They must not be changed.
func (k *Known) Annotations() map[string]string { return k.pod.Annotations }

// NamespaceLabels returns those labels of the namespace that the rules ask for. They must not
// be changed.
func (k *Known) NamespaceLabels() map[string]string {
	if k.namespace == nil {
		return nil
	}
	return k.namespace.Labels
}

// Attributes returns the resource attributes of a start of a container, sorted by key. They are computed anew each time:
// they are needed once for each file, and to keep them would take half of what is kept of a pod.
func (k *Known) Attributes(container string, restart int) []Attribute {
	run := containerRun{name: container, restart: restart}
	// Later ones win: what the configuration names, and above all what the owner says.
	set := map[string]string{}
	k.podAttributes(set)
	k.containerAttributes(run, set)
	k.serviceAttributes(run.name, set)
	k.fieldAttributes(set)
	k.annotated(set)
	attributes := make([]Attribute, 0, len(set))
	for _, key := range sortedKeys(set) {
		attributes = append(attributes, Attribute{Key: key, Value: set[key]})
	}
	return attributes
}

// podAttributes adds those that all containers of the pod have.
func (k *Known) podAttributes(set map[string]string) {
	p := k.pod
	owner := p.owners()
	nodeUID := ""
	if k.node != nil && k.node.Name == p.Node {
		nodeUID = k.node.UID
	}
	values := map[string]string{
		"k8s.namespace.name": p.Namespace, "k8s.pod.name": p.Name, "k8s.pod.uid": p.UID, "k8s.pod.hostname": p.Hostname,
		"k8s.pod.ip": p.IP, "k8s.pod.start_time": p.Started, "k8s.node.name": p.Node, "k8s.node.uid": nodeUID,
		"k8s.deployment.name": owner.deployment, "k8s.replicaset.name": owner.replicaSet, "k8s.statefulset.name": owner.statefulSet,
		"k8s.daemonset.name": owner.daemonSet, "k8s.cronjob.name": owner.cronJob, "k8s.job.name": owner.job,
	}
	if owner.uidOf != "" {
		values[owner.uidOf] = p.OwnerUID
	}
	k.choose(values, set)
}

// fieldAttributes adds the labels and annotations that the rules name.
func (k *Known) fieldAttributes(set map[string]string) {
	p := k.pod
	extract(k.rules.Labels, "labels", FromPod, p.Labels, set)
	extract(k.rules.Annotations, "annotations", FromPod, p.Annotations, set)
	if k.namespace != nil {
		extract(k.rules.Labels, "labels", FromNamespace, k.namespace.Labels, set)
		extract(k.rules.Annotations, "annotations", FromNamespace, k.namespace.Annotations, set)
	}
	if k.node != nil && k.node.Name == p.Node {
		extract(k.rules.Labels, "labels", FromNode, k.node.Labels, set)
		extract(k.rules.Annotations, "annotations", FromNode, k.node.Annotations, set)
	}
}

// containerAttributes adds what the containers differ in.
func (k *Known) containerAttributes(run containerRun, set map[string]string) {
	values := map[string]string{"k8s.container.name": run.name}
	if c := k.pod.container(run.name); c != nil {
		image := parseImage(c.Image)
		values["container.id"] = c.IDs[run.restart]
		values["container.image.name"] = image.name
		values["container.image.tag"] = image.pulled()
		values["container.image.tags"] = image.pulled()
		values["container.image.repo_digests"] = repoDigest(c.ImageID)
	}
	k.choose(values, set)
}

// annotated adds what the owner of the pod says himself.
func (k *Known) annotated(set map[string]string) {
	if !k.rules.OTelAnnotations {
		return
	}
	for key, value := range k.pod.Annotations {
		if name, ok := otelName(key); ok && value != "" && !slices.Contains(identity, name) {
			set[name] = value
		}
	}
}

// choose adds those values that are known and asked for.
func (k *Known) choose(values, set map[string]string) {
	for _, name := range k.rules.Metadata {
		if value := values[name]; value != "" {
			set[name] = value
		}
	}
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
