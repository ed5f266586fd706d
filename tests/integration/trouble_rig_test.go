// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

// node is a node on which something is wrong. It has kubernetes.yaml, run as the user of the DaemonSet, with a container
// that prints, an API server and a backend.
type node struct {
	t       *testing.T
	c       *testkit.Collector
	api     *kubeapi.Server
	backend *testkit.Backend
	loki    *lokifake.Server
	p       *testkit.Process
	// secrets stands for /run/secrets/tributary.
	secrets string
	// strangers counts the requests that came without the right credentials.
	strangers atomic.Int64
	// through starts the binary in another way.
	through func(testkit.Options) testkit.Options
}

// web is a container that is read in each row, late one that comes when all is mended, closed one that not everybody may read.
var (
	web    = testkit.Pod{Namespace: "shop", Name: "web-0", UID: "b1c2", Container: "main"}
	late   = testkit.Pod{Namespace: "shop", Name: "late-0", UID: "e5f6", Container: "main"}
	closed = testkit.Pod{Namespace: "shop", Name: "closed-0", UID: "c3d4", Container: "main"}
)

func newTroubledNode(t *testing.T, backend string) *node {
	api := kubeapi.Start(t)
	for _, pod := range []testkit.Pod{web, late, closed} {
		api.Add(kubeapi.NewPod(pod.Namespace, pod.Name, pod.UID, "node-a"))
	}
	n := &node{t: t, api: api, secrets: filepath.Join(t.TempDir(), "secrets")}
	n.c = testkit.NewCollector(t, "kubernetes.yaml", "backends/"+backend+".yaml").Set(
		"TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+n.api.Kubeconfig(t), "TRIBUTARY_NODE_NAME=node-a", "POD_UID=f00d")
	n.loki, n.backend = lokifake.Start(t, lokifake.Options{}), testkit.StartBackend(t)
	n.c.Set("TRIBUTARY_OTLP_URL="+n.backend.HTTPURL(), "TRIBUTARY_LOKI_URL="+n.loki.URL(), "TRIBUTARY_GRAFANA_CLOUD_URL="+n.backend.HTTPURL())
	n.open(n.secrets)
	n.open(n.state())
	n.open(n.c.PodLogs())
	n.open(filepath.Dir(n.c.Env["KUBECONFIG"]))
	require.NoError(t, os.Chmod(n.c.Env["KUBECONFIG"], 0o644))
	return n
}

func (n *node) state() string { return n.c.Env["TRIBUTARY_STATE"] }

// open makes a folder that everybody may write into, and pass those above it.
func (n *node) open(folder string) {
	n.t.Helper()
	if os.Geteuid() != 0 {
		require.NoError(n.t, os.MkdirAll(folder, 0o755))
		return
	}
	testkit.AsPod(n.t, testkit.Options{Path: "none"}, folder)
}

// prints writes a line that everybody may read, as the collector's group does.
func (n *node) prints(pod testkit.Pod, text string) {
	n.t.Helper()
	w := testkit.OpenPod(n.t, n.c.PodLogs(), pod)
	w.Write(testkit.Line{Text: text})
	w.Close()
}

// has returns the lines that have arrived.
func (n *node) has() (lines []string) {
	for _, r := range n.backend.Records() {
		text, _ := r.Body.(string)
		lines = append(lines, text)
	}
	for _, entry := range n.loki.Entries(lokifake.SingleTenant) {
		lines = append(lines, entry.Line)
	}
	return lines
}

func (n *node) arrives(what string, lines ...string) {
	n.t.Helper()
	testkit.Eventually(n.t, testkit.DeliverTimeout, what, func() bool {
		have := map[string]bool{}
		for _, line := range n.has() {
			have[line] = true
		}
		for _, line := range lines {
			if !have[line] {
				return false
			}
		}
		return true
	})
}

// secret puts keys into the folder of the Secret.
func (n *node) secret(pairs ...string) {
	n.t.Helper()
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		require.NoError(n.t, os.WriteFile(filepath.Join(n.secrets, key), []byte(value+"\n"), 0o644))
	}
}

// guarded puts somebody before the backend who lets nobody pass without these credentials, and returns its URL.
func (n *node) guarded(target, authorization string) string {
	n.t.Helper()
	to, err := url.Parse(target)
	require.NoError(n.t, err)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != authorization {
			n.strangers.Add(1)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	n.t.Cleanup(func() {
		server.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return server.URL
}

// start starts the collector, and waits until it runs: it does not end for what may heal.
func (n *node) start() {
	n.t.Helper()
	opts := testkit.AsPod(n.t, n.c.Options())
	if n.through != nil {
		opts = n.through(opts)
	}
	n.p = testkit.Start(n.t, opts)
	n.p.WaitReady(n.t, testkit.StartTimeout)
	assert.Contains(n.t, page(n.t, "http://"+n.c.Env["TRIBUTARY_HEALTH_ENDPOINT"]+"/"), "Server available", "liveness")
}

// readiness returns what the readiness probe sees, and what a person sees.
func (n *node) readiness() (code int, says string) {
	n.t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://" + n.c.Env["TRIBUTARY_READINESS_ENDPOINT"] + "/status")
	require.NoError(n.t, err)
	require.NoError(n.t, response.Body.Close())
	return response.StatusCode, page(n.t, "http://"+n.c.Env["TRIBUTARY_READINESS_ENDPOINT"]+"/status?verbose")
}

// readOnlyState lets the collector see its state folder in a mount that cannot be written, and returns what ends that.
func (n *node) readOnlyState() (mend func()) {
	n.t.Helper()
	if os.Geteuid() != 0 {
		n.t.Skip("only root can mount the state folder read-only")
	}
	for _, program := range []string{"unshare", "nsenter", "mount"} {
		if _, err := exec.LookPath(program); err != nil {
			n.t.Skipf("needs %s (Debian packages util-linux, mount)", program)
		}
	}
	if out, err := exec.Command("unshare", "--mount", "true").CombinedOutput(); err != nil {
		n.t.Skipf("needs mount namespaces: %v: %s", err, out)
	}
	n.through = func(opts testkit.Options) testkit.Options {
		const script = `mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"`
		opts.Args = append([]string{"--mount", "sh", "-c", script, n.state(), opts.Path}, opts.Args...)
		opts.Path = "/usr/bin/unshare"
		return opts
	}
	return func() {
		out, err := exec.Command("nsenter", "--mount", "--target", strconv.Itoa(n.p.Pid()), "mount", "-o", "remount,bind,rw", n.state()).CombinedOutput()
		require.NoError(n.t, err, "%s", out)
	}
}

// named puts the folders of the node into a text.
func (n *node) named(text string) string {
	return strings.NewReplacer("FOLDER", n.secrets, "PODS", n.c.PodLogs()).Replace(text)
}

// inJSON reports whether a text is in a string of some JSON.
func (*node) inJSON(doc, text string) bool {
	quoted, _ := json.Marshal(text)
	return strings.Contains(doc, string(quoted[1:len(quoted)-1]))
}
