// SPDX-License-Identifier: Apache-2.0

package alerts

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/util/teststorage"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

func rulesFile() string {
	return filepath.Join(testkit.Root(), "deploy", "prometheus", "tributary-rules.yaml")
}

// readRules returns the rules as they are in the file.
func readRules(t *testing.T) []rulefmt.Rule {
	t.Helper()
	groups, errs := newLoader(1).Load(rulesFile(), false, model.LegacyValidation)
	require.Empty(t, errs)
	require.Len(t, groups.Groups, 1)
	return groups.Groups[0].Rules
}

// loader loads the rules for a time that runs faster: every duration in them is divided by speed.
type loader struct {
	parser parser.Parser
	speed  int64
}

func newLoader(speed int64) loader {
	return loader{parser: parser.NewParser(parser.Options{}), speed: speed}
}

// Load implements rules.GroupLoader.
func (l loader) Load(path string, ignoreUnknown bool, scheme model.ValidationScheme) (*rulefmt.RuleGroups, []error) {
	groups, errs := rulefmt.ParseFile(path, ignoreUnknown, scheme, l.parser, nil)
	if len(errs) > 0 {
		return nil, errs
	}
	for _, group := range groups.Groups {
		for i := range group.Rules {
			group.Rules[i].For /= model.Duration(l.speed)
		}
	}
	return groups, nil
}

// Parse implements rules.GroupLoader.
func (l loader) Parse(query string) (parser.Expr, error) {
	expr, err := l.parser.ParseExpr(query)
	if err != nil {
		return nil, err
	}
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch node := node.(type) {
		case *parser.MatrixSelector:
			node.Range /= time.Duration(l.speed)
		case *parser.VectorSelector:
			node.OriginalOffset /= time.Duration(l.speed)
		case *parser.NumberLiteral:
			if node.Duration {
				node.Val /= float64(l.speed)
			}
		}
		return nil
	})
	return expr, nil
}

// prometheus has samples and evaluates the rules on them.
type prometheus struct {
	t       testing.TB
	storage *teststorage.TestStorage
	group   *rules.Group
}

func newPrometheus(t testing.TB, storage *teststorage.TestStorage, speed int64) *prometheus {
	t.Helper()
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 1_000_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute / time.Duration(speed),
	})
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	manager := rules.NewManager(&rules.ManagerOptions{
		GroupLoader: newLoader(speed), QueryFunc: rules.EngineQueryFunc(engine, storage), Appendable: storage, Queryable: storage,
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {},
	})
	groups, errs := manager.LoadGroups(time.Minute, labels.EmptyLabels(), "", nil, false, rulesFile())
	require.Empty(t, errs)
	require.Len(t, groups, 1)
	for _, group := range groups {
		return &prometheus{t: t, storage: storage, group: group}
	}
	return nil
}

// firing evaluates all rules and returns the names of those that fire, sorted.
func (p *prometheus) firing(at time.Time) []string {
	p.t.Helper()
	p.group.Eval(p.t.Context(), at)
	var names []string
	for _, rule := range p.group.Rules() {
		require.NoError(p.t, rule.LastError(), rule.Name())
		alert := rule.(*rules.AlertingRule)
		if alert.State() != rules.StateFiring {
			continue
		}
		names = append(names, alert.Name())
		for _, a := range alert.ActiveAlerts() {
			require.NotContains(p.t, a.Annotations.String(), "error expanding template", alert.Name())
		}
	}
	slices.Sort(names)
	return names
}
