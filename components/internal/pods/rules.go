// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"regexp"
	"slices"
	"strings"
)

// Order is where service.name is looked for.
type Order string

const (
	// OrderOTel is the order of OpenTelemetry's conventions for Kubernetes: annotation,
	// app.kubernetes.io/instance, app.kubernetes.io/name, the workload, the pod.
	OrderOTel Order = "otel"
	// OrderK8sMonitoring is the order of Grafana's k8s-monitoring chart: annotation,
	// app.kubernetes.io/name, the container.
	OrderK8sMonitoring Order = "k8s-monitoring"
)

// Orders are all of them.
var Orders = []Order{OrderOTel, OrderK8sMonitoring}

// Source is the object that a field is taken from.
type Source string

// The sources of labels and annotations.
const (
	FromPod       Source = "pod"
	FromNamespace Source = "namespace"
	FromNode      Source = "node"
)

// Sources are all of them.
var Sources = []Source{FromPod, FromNamespace, FromNode}

// Field chooses labels or annotations, and says which attributes they become.
type Field struct {
	// Key is the name of the label or annotation. When it is empty, KeyRegex counts.
	Key string
	// KeyRegex matches whole names: CompileKey makes it.
	KeyRegex *regexp.Regexp
	// TagName is the attribute; with KeyRegex, $1 and ${name} in it stand for its groups. Empty
	// is k8s.<source>.labels.<key> or k8s.<source>.annotations.<key>.
	TagName string
	// From is the object; empty is FromPod.
	From Source
}

// Rules say which attributes follow from a pod. They are not changed once they are in use.
type Rules struct {
	// Metadata are names of attributes, each one of MetadataNames.
	Metadata []string
	// ServiceName is the order for service.name; empty is OrderOTel.
	ServiceName Order
	// OTelAnnotations makes attributes of the pod's annotations with the prefix
	// resource.opentelemetry.io/, which win over all else.
	OTelAnnotations bool
	Labels          []Field
	Annotations     []Field
}

// MetadataNames are the attributes that Rules.Metadata may name.
var MetadataNames = []string{
	"container.id", "container.image.name", "container.image.repo_digests", "container.image.tag", "container.image.tags",
	"k8s.container.name", "k8s.cronjob.name", "k8s.daemonset.name", "k8s.daemonset.uid", "k8s.deployment.name",
	"k8s.job.name", "k8s.job.uid", "k8s.namespace.name", "k8s.node.name", "k8s.node.uid", "k8s.pod.hostname", "k8s.pod.ip",
	"k8s.pod.name", "k8s.pod.start_time", "k8s.pod.uid", "k8s.replicaset.name", "k8s.replicaset.uid",
	"k8s.statefulset.name", "k8s.statefulset.uid",
	"service.instance.id", "service.name", "service.namespace", "service.version",
}

// otelPrefix is what annotations begin with that set an attribute.
const otelPrefix = "resource.opentelemetry.io/"

// identity are the attributes by which one knows where a line came from. No annotation
// sets them: its owner could pass off lines as those of another pod.
var identity = []string{
	"container.id", "k8s.container.name", "k8s.container.restart_count", "k8s.namespace.name", "k8s.node.name", "k8s.pod.name", "k8s.pod.uid",
}

// needNode reports whether the Node object has something that is asked for.
func (r *Rules) needNode() bool {
	return slices.Contains(r.Metadata, "k8s.node.uid") || r.needFrom(FromNode)
}

// needNamespaces reports whether the Namespace objects have something that is asked for.
func (r *Rules) needNamespaces() bool { return r.needFrom(FromNamespace) }

func (r *Rules) needFrom(source Source) bool {
	from := func(f Field) bool { return f.from() == source }
	return slices.ContainsFunc(r.Labels, from) || slices.ContainsFunc(r.Annotations, from)
}

// chosen returns those labels or annotations of an object that a field asks for.
func chosen(fields []Field, source Source, values map[string]string) map[string]string {
	var kept map[string]string
	for key, value := range values {
		if !chooses(fields, source, key) {
			continue
		}
		if kept == nil {
			kept = map[string]string{}
		}
		kept[key] = value
	}
	return kept
}

func chooses(fields []Field, source Source, key string) bool {
	return slices.ContainsFunc(fields, func(f Field) bool { return f.from() == source && f.matches(key) })
}

func (f *Field) from() Source {
	if f.From == "" {
		return FromPod
	}
	return f.From
}

func (f *Field) matches(key string) bool {
	if f.Key != "" {
		return key == f.Key
	}
	return f.KeyRegex != nil && f.KeyRegex.MatchString(key)
}

// CompileKey compiles an expression for Field.KeyRegex.
func CompileKey(expression string) (*regexp.Regexp, error) {
	// Without the first look the error would name an expression that nobody has written.
	if _, err := regexp.Compile(expression); err != nil {
		return nil, err
	}
	return regexp.Compile("^(?:" + expression + ")$")
}

// extract adds the attributes of an object. Kind is "labels" or "annotations". Later fields
// win over earlier ones, and among the keys of an expression those that come last in order.
func extract(fields []Field, kind string, source Source, values map[string]string, into map[string]string) {
	for i := range fields {
		f := &fields[i]
		if f.from() != source {
			continue
		}
		if f.Key != "" {
			if value, ok := values[f.Key]; ok {
				into[f.name(kind, f.Key)] = value
			}
			continue
		}
		for _, key := range sortedKeys(values) {
			if f.matches(key) && values[key] != "" {
				if name := f.name(kind, key); name != "" {
					into[name] = values[key]
				}
			}
		}
	}
}

// name returns the attribute that a label or annotation becomes.
func (f *Field) name(kind, key string) string {
	switch {
	case f.TagName == "":
		return "k8s." + string(f.from()) + "." + kind + "." + key
	case f.Key == "" && strings.Contains(f.TagName, "$"):
		return string(f.KeyRegex.ExpandString(nil, f.TagName, key, f.KeyRegex.FindStringSubmatchIndex(key)))
	}
	return f.TagName
}
