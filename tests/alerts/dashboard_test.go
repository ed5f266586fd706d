// SPDX-License-Identifier: Apache-2.0

package alerts

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// panel is an expression of the dashboard, and where it is.
type panel struct{ title, expr string }

// readDashboard returns what deploy/grafana asks Prometheus, as Grafana sends it when every collector is chosen.
func readDashboard(t *testing.T) []panel {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(testkit.Root(), "deploy", "grafana", "tributary.json"))
	require.NoError(t, err)
	var file struct {
		Panels []struct {
			Title      string
			Datasource struct{ Type string }
			Targets    []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(raw, &file))
	variables := strings.NewReplacer("$instance", ".+", "$__rate_interval", "2m", "$__range", "1h")
	var panels []panel
	for _, p := range file.Panels {
		if p.Datasource.Type != "prometheus" {
			continue
		}
		for _, target := range p.Targets {
			expr := variables.Replace(target.Expr)
			require.NotContains(t, expr, "$", p.Title)
			panels = append(panels, panel{p.Title, expr})
		}
	}
	require.NotEmpty(t, panels)
	return panels
}

// grouped are the labels that an expression groups by, without some.
func grouped(expr parser.Expr, without ...string) []string {
	var labels []string
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if sum, ok := node.(*parser.AggregateExpr); ok && !sum.Without {
			for _, label := range sum.Grouping {
				if !slices.Contains(without, label) {
					labels = append(labels, label)
				}
			}
		}
		return nil
	})
	return labels
}

// An expression that groups by a label which nothing has gives one line without a name.
func TestWhatIsGroupedBy(t *testing.T) {
	expr, err := newLoader(1).Parse(`sum by (instance, verdict) (a) + sum without (status) (b) or max by (receiver) (c)`)
	require.NoError(t, err)
	require.Equal(t, []string{"verdict", "receiver"}, grouped(expr, "instance"))
}
