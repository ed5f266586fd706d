// SPDX-License-Identifier: Apache-2.0

package backends

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/tributary-otel/tributary/tests/loki"
	"github.com/tributary-otel/tributary/tests/testkit"
)

// bucket are the variables that the pods of loki-s3 get.
var bucket = []string{
	"LOKI_S3_ENDPOINT=minio:9000", "LOKI_S3_INSECURE=true", "LOKI_S3_BUCKET=loki",
	"LOKI_S3_ACCESS_KEY_ID=id", "LOKI_S3_SECRET_ACCESS_KEY=secret",
}

func TestLokiTakesBothConfigurations(t *testing.T) {
	t.Parallel()
	for name, env := range map[string][]string{"loki": nil, "loki-s3": bucket} {
		text := read(t, server(name, "loki.yaml"))
		assert.Empty(t, loki.Verify(t, loki.Shipped{Config: text, Env: env}), name)
	}
	// It tells what it does not know: these keys are in many a guide, and Loki 3 does not start with them.
	text := read(t, server("loki", "loki.yaml"))
	for _, wrong := range []string{"compactor:\n  shared_store: filesystem", "frontend:\n  max_concurrent: 200"} {
		section, _, _ := strings.Cut(wrong, "\n")
		assert.Contains(t, loki.Verify(t, loki.Shipped{Config: strings.Replace(text, section, wrong, 1)}), "not found in type", wrong)
	}
	assert.NotEmpty(t, loki.Verify(t, loki.Shipped{Config: strings.Replace(text, "  delete_request_store: filesystem\n", "", 1)}),
		"retention needs a store for requests to delete")
}

// What is not about the store is the same in both.
func TestBothConfigurationsAgree(t *testing.T) {
	settings := func(name string) map[string]any {
		var c map[string]any
		require.NoError(t, yaml.Unmarshal([]byte(read(t, server(name, "loki.yaml"))), &c))
		delete(c["common"].(map[string]any), "storage")
		delete(c["compactor"].(map[string]any), "delete_request_store")
		for _, period := range c["schema_config"].(map[string]any)["configs"].([]any) {
			delete(period.(map[string]any), "object_store")
		}
		return c
	}
	assert.Equal(t, settings("loki"), settings("loki-s3"))
}

// start starts Loki as the folder `loki` has it.
func start(t *testing.T, rules string) *loki.Loki {
	t.Helper()
	return loki.StartShipped(t, loki.Shipped{
		Config: read(t, server("loki", "loki.yaml")), Rules: map[string]string{"fake/rules.yaml": rules},
	})
}

// arrived waits until Loki has what was shipped.
func arrived(t *testing.T, l *loki.Loki, selector string) {
	t.Helper()
	testkit.Eventually(t, testkit.DeliverTimeout, "the sample in Loki", func() bool {
		entries, err := l.TryQuery("", selector)
		return err == nil && len(entries) >= shippedLines
	})
}

// Lines come in, and each query of the manual and of the dashboard finds something.
func TestLokiAsItIsShipped(t *testing.T) {
	t.Parallel()
	l := start(t, read(t, server("loki", "rules.yaml")))
	ship(t, "loki", "TRIBUTARY_LOKI_URL="+l.URL())
	arrived(t, l, `{namespace=~".+"}`)
	for _, query := range cookbook(t, "logql") {
		assert.Positive(t, results(t, l, query), "nothing is found: %s", query)
	}
	for title, query := range ofDashboard(t) {
		assert.Positive(t, results(t, l, query), "nothing is shown in %s: %s", title, query)
	}
	for _, query := range []string{`{namespace="shop"} | rate[5m]`, `{namespace="shop"`} {
		_, err := ask(l, query)
		require.Error(t, err, query)
	}
	ship(t, "loki", "TRIBUTARY_LOKI_URL="+l.URL(), "TRIBUTARY_LOKI_LABELS=otel")
	arrived(t, l, `{k8s_namespace_name=~".+"}`)
	for _, query := range cookbook(t, "logql otel") {
		assert.Positive(t, results(t, l, query), "nothing is found: %s", query)
	}

	config, err := l.Get("/config")
	require.NoError(t, err)
	var c struct {
		Compactor struct {
			RetentionEnabled   bool   `yaml:"retention_enabled"`
			DeleteRequestStore string `yaml:"delete_request_store"`
		}
		Limits struct {
			RetentionPeriod string `yaml:"retention_period"`
			MaxAge          string `yaml:"reject_old_samples_max_age"`
			MaxFuture       string `yaml:"creation_grace_period"`
			Metadata        bool   `yaml:"allow_structured_metadata"`
			MaxLine         string `yaml:"max_line_size"`
			MaxNames        int    `yaml:"max_label_names_per_series"`
		} `yaml:"limits_config"`
		Ingester struct {
			MaxChunkAge string `yaml:"max_chunk_age"`
		}
		Analytics struct {
			Reporting bool `yaml:"reporting_enabled"`
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(config), &c))
	assert.True(t, c.Compactor.RetentionEnabled)
	assert.Equal(t, "filesystem", c.Compactor.DeleteRequestStore)
	assert.Equal(t, 31*24*time.Hour, duration(t, c.Limits.RetentionPeriod))
	assert.True(t, c.Limits.Metadata)
	assert.False(t, c.Analytics.Reporting)
	// The defaults of the exporter `loki` are the server's limits, so that it refuses what the server would refuse, and no more.
	assert.Equal(t, 168*time.Hour, duration(t, c.Limits.MaxAge))
	assert.Equal(t, 10*time.Minute, duration(t, c.Limits.MaxFuture))
	assert.Equal(t, 2*time.Hour, duration(t, c.Ingester.MaxChunkAge), "twice max_behind")
	assert.Equal(t, "256KB", c.Limits.MaxLine, "of 1024 bytes, in Loki's way of writing")
	assert.Equal(t, 15, c.Limits.MaxNames)

	// The compactor has taken up its work: it deletes what is older than the retention.
	testkit.Eventually(t, testkit.DeliverTimeout, "the compactor", func() bool {
		metrics, err := l.Get("/metrics")
		return err == nil && strings.Contains(metrics, "loki_boltdb_shipper_compactor_running 1") || strings.Contains(l.Output(), "compactor started")
	})
}

// duration reads one that may have days and weeks in it.
func duration(t *testing.T, text string) time.Duration {
	t.Helper()
	var weeks, days int
	if before, after, found := strings.Cut(text, "w"); found {
		_, err := fmt.Sscan(before, &weeks)
		require.NoError(t, err)
		text = after
	}
	if before, after, found := strings.Cut(text, "d"); found {
		_, err := fmt.Sscan(before, &days)
		require.NoError(t, err)
		text = after
	}
	var rest time.Duration
	if text != "" {
		var err error
		rest, err = time.ParseDuration(text)
		require.NoError(t, err)
	}
	return time.Duration(weeks*7+days)*24*time.Hour + rest
}

// results is how many streams or series a query finds in the last half hour.
func results(t *testing.T, l *loki.Loki, query string) int {
	t.Helper()
	count, err := ask(l, query)
	require.NoError(t, err)
	return count
}

func ask(l *loki.Loki, query string) (int, error) {
	now := time.Now()
	body, err := l.Get("/loki/api/v1/query_range?" + url.Values{
		"query": {query}, "step": {"60s"}, "limit": {"1000"},
		"start": {fmt.Sprint(now.Add(-30 * time.Minute).UnixNano())}, "end": {fmt.Sprint(now.Add(time.Minute).UnixNano())},
	}.Encode())
	if err != nil {
		return 0, err
	}
	var answer struct{ Data struct{ Result []any } }
	err = json.Unmarshal([]byte(body), &answer)
	return len(answer.Data.Result), err
}
