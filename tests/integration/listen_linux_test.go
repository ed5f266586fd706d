// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// Each shipped source with each backend listens where the health, the readiness and the metrics are, and nowhere else.
func TestNothingListensThatNobodyAskedFor(t *testing.T) {
	backends, err := filepath.Glob(filepath.Join(testkit.Root(), "distro", "config", "backends", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, backends)
	pipelines := [][]string{{"kubernetes.yaml", backends[0]}, {"local.yaml", backends[0]}}
	for _, backend := range backends {
		pipelines = append(pipelines, []string{"host.yaml", backend})
	}
	for _, configs := range pipelines {
		t.Run(strings.TrimSuffix(configs[0], ".yaml")+"-"+filepath.Base(configs[1]), func(t *testing.T) {
			c := testkit.NewCollector(t, configs...).Set("TRIBUTARY_GRAFANA_CLOUD_USER=1", "TRIBUTARY_GRAFANA_CLOUD_LOKI_USER=1",
				"TRIBUTARY_GRAFANA_CLOUD_TOKEN=x", "TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+kubeapi.Start(t).Kubeconfig(t))
			if configs[0] != "kubernetes.yaml" {
				// Loopback is the default.
				delete(c.Env, "TRIBUTARY_METRICS_HOST")
			}
			// local.yaml does not say when it is ready.
			c.Args = append(c.Args, "--set=service.telemetry.logs.level=info")
			p := c.Start(t)
			health, readiness, metrics := c.Env["TRIBUTARY_HEALTH_ENDPOINT"], c.Env["TRIBUTARY_READINESS_ENDPOINT"], "127.0.0.1:"+c.Env["TRIBUTARY_METRICS_PORT"]
			assert.ElementsMatch(t, []string{health, readiness, metrics}, listeners(t, p.Pid()))
			for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/cmdline", "/debug/pipelinez", "/debug/vars"} {
				for _, address := range []string{health, readiness, metrics} {
					said := page(t, "http://"+address+path)
					for _, never := range []string{"goroutine", "heap profile", "bin/tributary", "Pipeline", "memstats"} {
						assert.NotContains(t, said, never, address+path)
					}
				}
			}
			p.Stop(t)
		})
	}
}

func page(t *testing.T, address string) string {
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(address)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(text)
}

// listeners returns the TCP and UDP addresses at which a process can be reached.
func listeners(t *testing.T, pid int) []string {
	own := map[string]bool{}
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	require.NoError(t, err)
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && strings.HasPrefix(to, "socket:[") {
			own[strings.TrimSuffix(strings.TrimPrefix(to, "socket:["), "]")] = true
		}
	}
	require.NotEmpty(t, own, "the process has no socket: the test tests nothing")
	var found []string
	// A socket of TCP that listens is in state 0A, one of UDP that nobody is connected to in 07.
	for file, state := range map[string]string{"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"} {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, file))
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		for _, line := range strings.Split(string(raw), "\n")[1:] {
			if fields := strings.Fields(line); len(fields) > 9 && fields[3] == state && own[fields[9]] {
				found = append(found, address(t, fields[1]))
			}
		}
	}
	return found
}

// address reads an address as the kernel prints it: words of four bytes in the order of the machine, here little endian.
func address(t *testing.T, text string) string {
	host, port, _ := strings.Cut(text, ":")
	ip, err := hex.DecodeString(host)
	require.NoError(t, err)
	for i := 0; i+4 <= len(ip); i += 4 {
		slices.Reverse(ip[i : i+4])
	}
	number, err := strconv.ParseUint(port, 16, 16)
	require.NoError(t, err)
	return net.JoinHostPort(net.IP(ip).String(), strconv.FormatUint(number, 10))
}
