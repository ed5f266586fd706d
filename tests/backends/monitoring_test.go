// SPDX-License-Identifier: Apache-2.0

package backends

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const withOperator = `
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [ROOT/deploy/kubernetes/base]
components: [ROOT/deploy/kubernetes/components/prometheus-operator]
`

// The operator gets the alerts that tests/alerts fires, and no others.
func TestTheRulesOfTheOperatorAreTheFile(t *testing.T) {
	var file map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(read(t, shipped("prometheus", "tributary-rules.yaml"))), &file))
	var object struct{ Spec map[string]any }
	require.NoError(t, yaml.Unmarshal([]byte(read(t, shipped("kubernetes", "components", "prometheus-operator", "prometheusrule.yaml"))), &object))
	assert.Equal(t, file, object.Spec, "`make generate` writes it anew")
}

func TestThePodMonitorFindsTheCollector(t *testing.T) {
	objects := render(t, folder(t, withOperator))
	rule := find(t, objects, "PrometheusRule", "tributary")
	assert.Equal(t, "monitoring.coreos.com/v1", rule.GetAPIVersion())
	monitor := find(t, objects, "PodMonitor", "tributary")
	daemons := find(t, objects, "DaemonSet", "tributary")
	assert.Equal(t, daemons.GetNamespace(), monitor.GetNamespace(), "it looks in its own namespace")
	assert.Equal(t, daemons.GetNamespace(), rule.GetNamespace())

	selector, _, err := unstructured.NestedStringMap(monitor.Object, "spec", "selector", "matchLabels")
	require.NoError(t, err)
	template := daemons.typed.(*appsv1.DaemonSet).Spec.Template
	assert.True(t, labels.SelectorFromSet(selector).Matches(labels.Set(template.Labels)))
	endpoints, _, err := unstructured.NestedSlice(monitor.Object, "spec", "podMetricsEndpoints")
	require.NoError(t, err)
	require.Len(t, endpoints, 1)
	port := endpoints[0].(map[string]any)["port"]
	assert.True(t, slices.ContainsFunc(template.Spec.Containers[0].Ports, func(p corev1.ContainerPort) bool { return p.Name == port && p.ContainerPort == 8888 }))
	// What the operator calls the job, the alerts look for.
	assert.Regexp(t, `^.*tributary.*$`, monitor.GetNamespace()+"/"+monitor.GetName())
}

// dashboard is what the tests read of the dashboard.
type dashboard struct {
	UID        string
	Templating struct {
		List []struct {
			Name, Type string
			// A name, or of a variable that asks a data source what it asks.
			Query   any
			Current struct{ Value any }
		}
	}
	Panels []struct {
		Title      string
		Type       string
		Datasource struct{ Type, UID string }
		Targets    []struct{ Expr string }
	}
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	var d dashboard
	require.NoError(t, json.Unmarshal([]byte(read(t, shipped("grafana", "tributary.json"))), &d))
	return d
}

// The dashboard begins with the data sources that are provisioned, and is one of those.
func TestTheDashboardFindsItsDataSources(t *testing.T) {
	objects := render(t, server("grafana"))
	config := func(prefix string) map[string]string {
		for _, o := range objects {
			if m, ok := o.typed.(*corev1.ConfigMap); ok && hash.ReplaceAllString(m.Name, "") == prefix {
				return m.Data
			}
		}
		t.Fatalf("there is no %s", prefix)
		return nil
	}
	var sources struct {
		Datasources []struct{ Name, UID, Type, URL string }
	}
	require.NoError(t, yaml.Unmarshal([]byte(config("grafana-datasources")["datasources.yaml"]), &sources))
	have := map[string]string{}
	for _, s := range sources.Datasources {
		have[s.UID] = s.Type
		assert.Contains(t, config("grafana"), strings.Trim(s.URL, "${}"), "the address of %s comes from a variable", s.Name)
	}
	assert.Equal(t, map[string]string{"loki": "loki", "prometheus": "prometheus", "victorialogs": "victoriametrics-logs-datasource"}, have)

	assert.Equal(t, read(t, shipped("grafana", "tributary.json")), config("tributary-dashboard")["tributary.json"])
	d := readDashboard(t)
	for _, v := range d.Templating.List {
		if v.Type == "datasource" {
			assert.Equal(t, v.Query, have[v.Current.Value.(string)], v.Name)
		}
	}
	for _, p := range d.Panels {
		if p.Type != "row" {
			assert.Equal(t, "${"+p.Datasource.Type+"}", p.Datasource.UID, p.Title)
			assert.NotEmpty(t, p.Targets, p.Title)
		}
	}
	// The image that is pinned has no plugin for it.
	plugins := ""
	for _, e := range find(t, objects, "Deployment", "grafana").typed.(*appsv1.Deployment).Spec.Template.Spec.Containers[0].Env {
		if e.Name == "GF_PLUGINS_PREINSTALL" {
			plugins = e.Value
		}
	}
	assert.Regexp(t, `^victoriametrics-logs-datasource@[0-9.]+$`, plugins)
}

// For whoever has a Grafana: the sidecar of its chart takes it by the label.
func TestTheDashboardAlone(t *testing.T) {
	objects := render(t, shipped("grafana"))
	require.Len(t, objects, 1)
	assert.Equal(t, "1", objects[0].GetLabels()["grafana_dashboard"])
	assert.Empty(t, objects[0].GetNamespace(), "it goes where kubectl is told")
}
