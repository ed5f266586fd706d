// SPDX-License-Identifier: Apache-2.0

package backends

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// cookbook returns the queries of one language in docs/queries.md, without their comments.
func cookbook(t *testing.T, language string) []string {
	t.Helper()
	text := read(t, testkit.Root()+"/docs/queries.md")
	var queries []string
	for _, block := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		for _, line := range strings.Split(block[1], "\n") {
			if line != "" && !strings.HasPrefix(line, "#") {
				queries = append(queries, line)
			}
		}
	}
	require.NotEmpty(t, queries, language)
	return queries
}

// ofDashboard returns the LogQL of the dashboard, as Grafana sends it when everything is chosen.
func ofDashboard(t *testing.T) map[string]string {
	t.Helper()
	replacer := strings.NewReplacer("$namespace", ".+", "$container", ".+", "$pod", ".*", "$search", "", "$__auto", "5m")
	queries := map[string]string{}
	for _, p := range readDashboard(t).Panels {
		if p.Datasource.Type == "loki" {
			for _, target := range p.Targets {
				queries[p.Title] = replacer.Replace(target.Expr)
				require.NotContains(t, strings.ReplaceAll(queries[p.Title], "(?i)", ""), "$", p.Title)
			}
		}
	}
	require.NotEmpty(t, queries)
	return queries
}
