// SPDX-License-Identifier: Apache-2.0

package alerts

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// known are metrics with the names of their labels.
type known map[string]map[string]bool

func (k known) add(metric, label string) {
	if k[metric] == nil {
		k[metric] = map[string]bool{}
	}
	k[metric][label] = true
}

// exposed are the metrics that the binary exposes under the shipped configurations, when lines were delivered, failed and
// were refused.
func exposed(t *testing.T) known {
	t.Helper()
	names := known{}
	add := func(r *rig) {
		samples, err := scrape(r.metrics())
		require.NoError(t, err)
		for _, s := range samples {
			s.series.Range(func(l labels.Label) { names.add(s.series.Get(model.MetricNameLabel), l.Name) })
		}
	}
	pods := newRig(t, "kubernetes.yaml", "backends/loki.yaml")
	pods.start()
	pods.print(time.Now().Add(-30 * 24 * time.Hour)) // Loki does not take it.
	pods.arrived()
	add(pods)
	host := newRig(t, "host.yaml", "backends/otlp.yaml")
	host.otlp.SetFault(testkit.Fault{HTTPStatus: 400, Times: 1})
	host.start()
	host.write("a.log", "one\n")
	testkit.Eventually(t, testkit.DeliverTimeout, "a refused request", func() bool { return host.otlp.Faulted() > 0 })
	host.write("b.log", "two\n")
	host.arrived()
	add(host)
	part := newRig(t, "kubernetes.yaml", "backends/otlp.yaml")
	part.otlp.SetFault(testkit.Fault{RejectRecords: 1, Times: 1})
	part.start()
	part.print(time.Now())
	testkit.Eventually(t, testkit.DeliverTimeout, "a request of which a part is rejected", func() bool { return part.otlp.Faulted() > 0 })
	part.print(time.Now())
	part.arrived()
	add(part)
	other := newRig(t, "kubernetes-k8s-attributes.yaml", "backends/otlp.yaml")
	other.start()
	other.print(time.Now())
	other.arrived()
	add(other)
	return names
}

// onEvents are the metrics that our components have by their metadata.yaml. Some of them are there only when something has
// happened.
func onEvents(t *testing.T) known {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(testkit.Root(), "components", "*", "metadata.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	names := known{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		var described struct {
			Telemetry struct {
				Metrics map[string]struct {
					Attributes []string
				}
			}
		}
		require.NoError(t, yaml.Unmarshal(raw, &described), file)
		for name, metric := range described.Telemetry.Metrics {
			name = "otelcol_" + name
			names.add(name, model.MetricNameLabel)
			for _, attribute := range metric.Attributes {
				names.add(name, attribute)
			}
		}
	}
	return names
}

// A metric or label that is renamed would make an alert silent for ever.
func TestEachMetricOfTheRulesAndTheManualExists(t *testing.T) {
	live, described := exposed(t), onEvents(t)
	has := func(metric, label string) bool { return live[metric][label] || described[metric][label] }
	// check holds an expression against what there is; labels are Prometheus' own.
	check := func(where, expression string, labels ...string) {
		expr, err := newLoader(1).Parse(expression)
		require.NoError(t, err, where)
		parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
			selector, ok := node.(*parser.VectorSelector)
			if !ok || selector.Name == "up" { // Prometheus' own.
				return nil
			}
			for _, m := range selector.LabelMatchers {
				assert.True(t, slices.Contains(labels, m.Name) || has(selector.Name, m.Name), "%s: nothing has %s{%s}", where, selector.Name, m.Name)
			}
			return nil
		})
		for _, label := range grouped(expr, labels...) {
			parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
				if selector, ok := node.(*parser.VectorSelector); ok {
					assert.True(t, has(selector.Name, label), "%s: nothing has %s{%s}", where, selector.Name, label)
				}
				return nil
			})
		}
	}
	for _, rule := range readRules(t) {
		check(rule.Alert, rule.Expr, "job", "instance")
	}
	for _, panel := range readDashboard(t) {
		check(panel.title, panel.expr, "job", "instance")
	}
	manual := readManual(t)
	for _, name := range regexp.MustCompile("`(otelcol_[a-z0-9_]*[a-z0-9])").FindAllStringSubmatch(manual, -1) {
		assert.True(t, has(name[1], model.MetricNameLabel) || has(name[1]+"_count", model.MetricNameLabel), "operations.md: there is no %s", name[1])
	}
	for name := range described {
		if strings.HasPrefix(name, "otelcol_processor_") || strings.Contains(name, ".") {
			continue // What records look like; nothing in an outage.
		}
		if !strings.Contains(manual, "`"+name+"`") {
			t.Errorf("operations.md does not say what %s means", name)
		}
	}
}

func readManual(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(testkit.Root(), "docs", "operations.md"))
	require.NoError(t, err)
	return string(raw)
}

var heading = regexp.MustCompile(`(?m)^##+ (.+)$`)

// Each alert says how bad it is, what it is, what to do, and where to read on.
func TestEachAlertSaysWhatToDo(t *testing.T) {
	sections := map[string]bool{}
	for _, found := range heading.FindAllStringSubmatch(readManual(t), -1) {
		sections[strings.ReplaceAll(strings.ToLower(strings.NewReplacer("`", "", ",", "", ":", "", "?", "").Replace(found[1])), " ", "-")] = true
	}
	for _, rule := range readRules(t) {
		assert.Contains(t, []string{"critical", "warning"}, rule.Labels["severity"], rule.Alert)
		assert.NotEmpty(t, rule.Annotations["summary"], rule.Alert)
		assert.NotEmpty(t, rule.Annotations["description"], rule.Alert)
		page, section, _ := strings.Cut(rule.Annotations["runbook_url"], "#")
		assert.Equal(t, "https://github.com/tributary-otel/tributary/blob/main/docs/operations.md", page, rule.Alert)
		assert.True(t, sections[section], "%s: operations.md has no section %s", rule.Alert, section)
		if !strings.Contains(readManual(t), "`"+rule.Alert+"`") {
			t.Errorf("operations.md does not say when %s fires", rule.Alert)
		}
	}
}
