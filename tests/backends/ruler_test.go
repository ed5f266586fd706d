// SPDX-License-Identifier: Apache-2.0

package backends

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/tributary-otel/tributary/tests/loki"
	"github.com/tributary-otel/tributary/tests/testkit"
)

// alerts returns the state of each alert, by its name.
func alerts(t *testing.T, l *loki.Loki) map[string]string {
	t.Helper()
	body, err := l.Get("/prometheus/api/v1/rules")
	require.NoError(t, err)
	var answer struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, State, Health, LastError string }
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(body), &answer))
	states := map[string]string{}
	for _, group := range answer.Data.Groups {
		for _, rule := range group.Rules {
			states[rule.Name] = rule.State
			assert.Empty(t, rule.LastError, rule.Name)
		}
	}
	return states
}

// named are the alerts of a file.
func named(t *testing.T, rules string) []string {
	t.Helper()
	var file struct {
		Groups []struct{ Rules []struct{ Alert string } }
	}
	require.NoError(t, yaml.Unmarshal([]byte(rules), &file))
	var names []string
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			names = append(names, rule.Alert)
		}
	}
	return names
}

// The ruler loads each rule, and those that the sample is reason for fire. A minute is a second here.
func TestTheRulesOfLokiFire(t *testing.T) {
	t.Parallel()
	rules := read(t, server("loki", "rules.yaml"))
	faster := strings.Replace(rules, "interval: 1m", "interval: 1s", 1)
	require.NotEqual(t, rules, faster)
	var sent atomic.Value
	alertmanager := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil && r.URL.Path == "/api/v2/alerts" {
			sent.Store(string(body))
		}
	}))
	defer alertmanager.Close()
	l := loki.StartShipped(t, loki.Shipped{
		Env:    []string{"ALERTMANAGER_URL=" + alertmanager.URL},
		Config: strings.Replace(read(t, server("loki", "loki.yaml")), "evaluation_interval: 1m", "evaluation_interval: 1s\n  poll_interval: 1s", 1),
		Rules:  map[string]string{"fake/rules.yaml": faster},
	})
	var loaded string
	testkit.Eventually(t, testkit.DeliverTimeout, "the rules", func() bool {
		body, err := l.Get("/loki/api/v1/rules")
		loaded = body
		return err == nil
	})
	for _, name := range named(t, rules) {
		assert.Contains(t, loaded, "alert: "+name)
	}
	testkit.Eventually(t, testkit.DeliverTimeout, "an evaluation", func() bool { return len(alerts(t, l)) == len(named(t, rules)) })
	assert.ElementsMatch(t, named(t, rules), slices.Collect(maps.Keys(alerts(t, l))))

	ship(t, "loki", "TRIBUTARY_LOKI_URL="+l.URL())
	arrived(t, l, `{namespace=~".+"}`)
	testkit.Eventually(t, testkit.DeliverTimeout, "the alerts to fire", func() bool {
		states := alerts(t, l)
		return states["ManyErrors"] == "firing" && states["Panic"] == "firing"
	})
	assert.Equal(t, "inactive", alerts(t, l)["NamespaceSilent"])

	body, err := l.Get("/prometheus/api/v1/alerts")
	require.NoError(t, err)
	assert.Contains(t, body, "shop/app has printed")
	assert.NotContains(t, body, "error expanding template")
	testkit.Eventually(t, testkit.DeliverTimeout, "the Alertmanager to hear of it", func() bool {
		body, _ := sent.Load().(string)
		return strings.Contains(body, `"alertname":"ManyErrors"`) || strings.Contains(body, `"alertname":"Panic"`)
	})
}
