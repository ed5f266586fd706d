// SPDX-License-Identifier: Apache-2.0

package backends

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/tributary-otel/tributary/tests/testkit"
)

var (
	victoriaLogs = testkit.Pinned{
		Name: "victoria-logs", Module: "tests/backends/victorialogs", Require: "github.com/VictoriaMetrics/VictoriaLogs", Command: "github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs",
	}
	vmalert = testkit.Pinned{
		Name: "vmalert", Module: "tests/backends/vmalert", Require: "github.com/VictoriaMetrics/VictoriaMetrics", Command: "github.com/VictoriaMetrics/VictoriaMetrics/app/vmalert",
	}
)

// arguments are those of the first container of a workload, in the file where it is.
func arguments(t *testing.T, kind, name string, file ...string) (image string, args []string) {
	t.Helper()
	template := pods(find(t, decode(t, []byte(read(t, server(file...)))), kind, name))
	require.NotNil(t, template)
	return template.Spec.Containers[0].Image, template.Spec.Containers[0].Args
}

// with replaces the value of an argument, which has to be there.
func with(t *testing.T, args []string, flag, value string) []string {
	t.Helper()
	var out []string
	found := false
	for _, arg := range args {
		if strings.HasPrefix(arg, flag+"=") {
			arg, found = flag+"="+value, true
		}
		out = append(out, arg)
	}
	require.True(t, found, flag)
	return out
}

// The images have the versions of the programs that the tests build.
func TestTheImagesAreWhatIsTested(t *testing.T) {
	version := func(module, in string) string {
		found := regexp.MustCompile(regexp.QuoteMeta(module) + ` (v[0-9.]+)`).FindStringSubmatch(read(t, filepath.Join(testkit.Root(), "tests", in, "go.mod")))
		require.NotNil(t, found, module)
		return found[1]
	}
	image, _ := arguments(t, "StatefulSet", "victorialogs", "victorialogs", "statefulset.yaml")
	assert.Equal(t, "victoriametrics/victoria-logs:"+version("VictoriaLogs", "backends/victorialogs"), image)
	image, _ = arguments(t, "Deployment", "vmalert", "victorialogs-alerts", "deployment.yaml")
	assert.Equal(t, "victoriametrics/vmalert:"+version("VictoriaMetrics/VictoriaMetrics", "backends/vmalert"), image)
	image, _ = arguments(t, "StatefulSet", "loki", "loki", "statefulset.yaml")
	assert.Equal(t, "grafana/loki:"+strings.TrimPrefix(version("grafana/loki/v3", "loki/server"), "v"), image)
}

// get asks a server and returns its answer, which has to be 200.
func get(address string) (string, error) {
	client := http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(address)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("got %d: %.500s", response.StatusCode, body)
	}
	return string(body), err
}

// startVictoriaLogs starts it with the arguments of its pod and returns its address.
func startVictoriaLogs(t *testing.T) string {
	t.Helper()
	_, args := arguments(t, "StatefulSet", "victorialogs", "victorialogs", "statefulset.yaml")
	address := fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t))
	args = with(t, with(t, args, "-storageDataPath", t.TempDir()), "-httpListenAddr", address)
	testkit.Start(t, testkit.Options{Path: victoriaLogs.Binary(t), Args: args})
	testkit.Eventually(t, testkit.StartTimeout, "VictoriaLogs to start", func() bool {
		_, err := get("http://" + address + "/health")
		return err == nil
	})
	return "http://" + address
}

// logsql returns the lines of an answer, without those that are empty.
func logsql(address, query string) ([]string, error) {
	body, err := get(address + "/select/logsql/query?" + url.Values{"query": {query}}.Encode())
	var lines []string
	for _, line := range strings.Split(body, "\n") {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines, err
}

// Lines come in with the arguments of the pod, and each query of the manual finds something.
func TestVictoriaLogsAsItIsShipped(t *testing.T) {
	t.Parallel()
	address := startVictoriaLogs(t)
	ship(t, "victorialogs", "TRIBUTARY_VICTORIALOGS_URL="+address)
	testkit.Eventually(t, testkit.DeliverTimeout, "the sample in VictoriaLogs", func() bool {
		lines, err := logsql(address, "_time:1h *")
		return err == nil && len(lines) >= shippedLines
	})
	for _, query := range cookbook(t, "logsql") {
		lines, err := logsql(address, query)
		if assert.NoError(t, err, query) {
			assert.NotEmpty(t, lines, "nothing is found: %s", query)
		}
	}
	_, err := logsql(address, `{k8s.namespace.name="shop"`)
	require.Error(t, err)
	// A pod is a stream: neither each line nor the whole node.
	streams, err := get(address + "/select/logsql/streams?" + url.Values{"query": {"_time:1h *"}}.Encode())
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(streams, `"hits"`), streams)

	// The expression of each alert gives numbers, and both are above what is allowed.
	for _, rule := range vmalertRules(t) {
		body, err := get(address + "/select/logsql/stats_query?" + url.Values{"query": {rule.Expr}}.Encode())
		if assert.NoError(t, err, rule.Alert) {
			assert.Contains(t, body, `"k8s.namespace.name":"shop"`, rule.Alert)
			assert.NotContains(t, body, "kube-system", rule.Alert)
		}
	}
}

type vmalertRule struct{ Alert, Expr string }

func vmalertRules(t *testing.T) []vmalertRule {
	t.Helper()
	var file struct {
		Groups []struct{ Rules []vmalertRule }
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, server("victorialogs-alerts", "rules.yaml"))), &file))
	require.Len(t, file.Groups, 1)
	return file.Groups[0].Rules
}

// vmalert with the arguments of its pod evaluates the rules on what was shipped, and they fire. A minute is a second here.
func TestTheRulesOfVictoriaLogsFire(t *testing.T) {
	t.Parallel()
	logs := startVictoriaLogs(t)
	ship(t, "victorialogs", "TRIBUTARY_VICTORIALOGS_URL="+logs)
	testkit.Eventually(t, testkit.DeliverTimeout, "the sample in VictoriaLogs", func() bool {
		lines, err := logsql(logs, "_time:1h *")
		return err == nil && len(lines) >= shippedLines
	})
	_, args := arguments(t, "Deployment", "vmalert", "victorialogs-alerts", "deployment.yaml")
	shipped := read(t, server("victorialogs-alerts", "rules.yaml"))
	faster := strings.Replace(shipped, "interval: 1m", "interval: 1s", 1)
	require.NotEqual(t, shipped, faster)
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	require.NoError(t, os.WriteFile(rules, []byte(faster), 0o600))
	address := fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t))
	args = with(t, with(t, with(t, args, "-rule", rules), "-datasource.url", logs), "-httpListenAddr", address)
	// The first evaluation would wait for a time within the interval, so that all groups do not ask at once.
	testkit.Start(t, testkit.Options{Path: vmalert.Binary(t), Args: append(args, "-group.maxStartDelay=1ms")})
	testkit.Eventually(t, testkit.DeliverTimeout, "the alerts to fire", func() bool {
		body, err := get("http://" + address + "/api/v1/alerts")
		return err == nil && strings.Contains(body, `"ManyErrors"`) && strings.Contains(body, `"Panic"`) && !strings.Contains(body, `"pending"`)
	})
	body, err := get("http://" + address + "/api/v1/alerts")
	require.NoError(t, err)
	assert.Contains(t, body, "shop/app has printed")
}
