// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"maps"
	"slices"
)

// rule gives one label or one pair of metadata its value: the first of the
// templates whose attributes are all there.
type rule struct {
	name    string
	choices []template
	// unless names an attribute whose presence switches the rule off.
	unless string
}

func newRule(name string, choices ...string) rule {
	r := rule{name: name}
	for _, text := range choices {
		r.choices = append(r.choices, mustTemplate(text))
	}
	return r
}

const serviceNameLabel = "service_name"

// Labels as Grafana's k8s-monitoring chart sets them for the logs of pods
// (podLogs in 3.8, podLogsViaLoki in 4.4), and those that loki.source.file sets
// for other files. An attribute that has the label's own name wins: it was set
// on purpose. The order is that in which labels give way when there are too many.
var alloyLabels = []rule{
	newRule(serviceNameLabel, "{service_name|service.name|app.kubernetes.io/name|"+
		"k8s.pod.label.app.kubernetes.io/name|k8s.pod.labels.app.kubernetes.io/name|k8s.container.name}"),
	newRule("namespace", "{namespace|k8s.namespace.name}"),
	newRule("container", "{container|k8s.container.name}"),
	newRule("job", "{job}", "{k8s.namespace.name}/{k8s.container.name}", "{service.namespace}/{service.name}", "{service.name}"),
	newRule("cluster", "{cluster|k8s.cluster.name}"),
	newRule("k8s_cluster_name", "{k8s_cluster_name|k8s.cluster.name|cluster}"),
	newRule("service_namespace", "{service_namespace|service.namespace|k8s.namespace.name}"),
	newRule("app_kubernetes_io_name", "{app_kubernetes_io_name|app.kubernetes.io/name|"+
		"k8s.pod.label.app.kubernetes.io/name|k8s.pod.labels.app.kubernetes.io/name}"),
	newRule("deployment_environment", "{deployment_environment|deployment.environment}"),
	newRule("deployment_environment_name", "{deployment_environment_name|deployment.environment.name}"),
	{name: "instance", choices: []template{mustTemplate("{instance|host.name}")}, unless: podAttribute},
	{name: "filename", choices: []template{mustTemplate("{filename|log.file.path}")}, unless: podAttribute},
}

// podAttribute tells the logs of pods from all others.
const podAttribute = "k8s.pod.name"

// The chart moves these two to structured metadata: as labels they would give
// each pod streams of its own.
var alloyMetadata = []rule{
	newRule("pod", "{pod|k8s.pod.name}"),
	newRule("service_instance_id", "{service_instance_id|service.instance.id}",
		"{k8s.namespace.name}.{k8s.pod.name}.{k8s.container.name}"),
}

// Labels of Loki's OTLP endpoint (default_resource_attributes_as_index_labels in
// v3.7). They are more than Loki accepts: the last ones become metadata.
var otelLabels = func() []rule {
	rules := []rule{newRule(serviceNameLabel, "{service.name}", "unknown_service")}
	for _, attribute := range []string{
		"service.namespace", "service.instance.id", "deployment.environment", "deployment.environment.name",
		"cloud.region", "cloud.availability_zone", "k8s.cluster.name", "k8s.namespace.name", "k8s.pod.name",
		"k8s.container.name", "container.name", "k8s.replicaset.name", "k8s.deployment.name", "k8s.statefulset.name",
		"k8s.daemonset.name", "k8s.cronjob.name", "k8s.job.name",
	} {
		rules = append(rules, newRule(lokiName(attribute), "{"+attribute+"}"))
	}
	return rules
}()

// recordRule makes a label of a record attribute.
type recordRule struct {
	name      string
	attribute string
}

// labelPlan is LabelsConfig made ready.
type labelPlan struct {
	// labels and metadata are rules over resource attributes, by priority.
	labels   []rule
	metadata []rule
	record   []recordRule
	// fixed has the names of the labels of records, for which room is kept.
	fixed []label
	// every makes a label of every other resource attribute.
	every bool
	// otel sends severity and scope the way Loki's OTLP endpoint stores them.
	otel bool
}

// newLabelPlan expects a valid configuration.
func newLabelPlan(c *LabelsConfig) labelPlan {
	var p labelPlan
	taken := map[string]bool{}
	for _, attribute := range slices.Sorted(maps.Keys(c.ResourceAttributes)) {
		if attribute == everyAttribute {
			p.every = true
			continue
		}
		label := c.ResourceAttributes[attribute]
		taken[label] = true
		p.labels = append(p.labels, rule{name: label, choices: []template{{parts: []templatePart{{attributes: []string{attribute}}}}}})
	}
	for _, label := range slices.Sorted(maps.Keys(c.Templates)) {
		taken[label] = true
		if text := c.Templates[label]; text != "" {
			p.labels = append(p.labels, newRule(label, text))
		}
	}
	// These do not take the place of the profile's: they win where a record has them.
	for _, attribute := range slices.Sorted(maps.Keys(c.Attributes)) {
		p.record = append(p.record, recordRule{name: c.Attributes[attribute], attribute: attribute})
		p.fixed = append(p.fixed, label{name: c.Attributes[attribute]})
	}
	profile := map[string][]rule{profileAlloy: alloyLabels, profileOTel: otelLabels}[c.Profile]
	for _, r := range profile {
		if !taken[r.name] {
			p.labels = append(p.labels, r)
		}
	}
	p.otel = c.Profile == profileOTel
	if c.Profile == profileAlloy {
		for _, r := range alloyMetadata {
			if !taken[r.name] {
				p.metadata = append(p.metadata, r)
			}
		}
	}
	return p
}
