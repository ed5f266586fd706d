// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// planted is a configuration with a secret of every kind, each with a mark of its own, for exporters of every type. They
// get what the gate's exporter gets, and answer at once whatever becomes of it: what they say is what is looked at.
const planted = `
extensions:
  basicauth/planted:
    client_auth: {username: somebody, password: "MARK-basic"}
  basicauth/file:
    client_auth: {username: somebody, password_file: FOLDER/password}
  bearertokenauth/planted: {token: "${env:PLANTED_TOKEN}"}
  bearertokenauth/file: {filename: FOLDER/token}
  zpages: {endpoint: "127.0.0.1:ZPAGES"}
  pprof: {endpoint: "127.0.0.1:PPROF"}
exporters:
  otlp_http/header: &http
    endpoint: http://ECHO/header
    headers: {X-Api-Key: "MARK-header"}
    sending_queue: {enabled: true}
    retry_on_failure: {enabled: false}
    compression: none
  otlp_http/url: {<<: *http, headers: {}, endpoint: "http://somebody:MARK-url@ECHO/url"}
  otlp_http/away: {<<: *http, endpoint: "http://somebody:MARK-away@127.0.0.1:NOBODY/away?key=MARK-query"}
  otlp_http/user: {<<: *http, headers: {}, endpoint: "http://MARK-user@127.0.0.1:NOBODY/"}
  otlp_http/basic: {<<: *http, headers: {}, auth: {authenticator: basicauth/planted}}
  otlp_http/basicfile: {<<: *http, headers: {}, auth: {authenticator: basicauth/file}}
  otlp_http/token: {<<: *http, headers: {}, auth: {authenticator: bearertokenauth/planted}}
  otlp_http/tokenfile: {<<: *http, headers: {}, auth: {authenticator: bearertokenauth/file}}
  otlp_http/proxy: {<<: *http, proxy_url: "http://somebody:MARK-proxy@127.0.0.1:NOBODY"}
  otlp_grpc/header: &grpc
    endpoint: 127.0.0.1:NOBODY
    headers: {x-api-key: "MARK-grpc"}
    tls: {insecure: true}
    sending_queue: {enabled: true}
    retry_on_failure: {enabled: false}
  loadbalancing/header:
    protocol: {otlp: {<<: *grpc, headers: {x-api-key: "MARK-balanced"}}}
    resolver: {static: {hostnames: ["127.0.0.1:NOBODY"]}}
  loki/basic: &loki
    endpoint: http://ECHO/loki/api/v1/push
    auth: {authenticator: basicauth/planted}
    tenant: {value: "shop"}
    headers: {X-Api-Key: "MARK-lokiheader"}
    sending_queue: {enabled: true}
    retry_on_failure: {enabled: false}
    dead_letter: {path: none}
  loki/url: {<<: *loki, auth: null, endpoint: "http://somebody:MARK-lokiurl@127.0.0.1:NOBODY/loki/api/v1/push"}
  kafka/sasl:
    brokers: ["127.0.0.1:NOBODY"]
    auth: {sasl: {username: somebody, password: "MARK-kafka", mechanism: PLAIN}}
    sending_queue: {enabled: true}
    retry_on_failure: {enabled: false}
    timeout: 1s
service:
  telemetry: {logs: {level: debug}}
  extensions: [health_check, healthcheckv2, checkpoint_storage, file_storage, k8s_pods, fast_compression, zpages, pprof,
    bearertokenauth/otlp, basicauth/planted, basicauth/file, bearertokenauth/planted, bearertokenauth/file]
  pipelines:
    logs/planted:
      receivers: [forward]
      exporters: [otlp_http/header, otlp_http/url, otlp_http/away, otlp_http/user, otlp_http/basic, otlp_http/basicfile, otlp_http/token,
        otlp_http/tokenfile, otlp_http/proxy, otlp_grpc/header, loadbalancing/header, loki/basic, loki/url, kafka/sasl]
`

// sent are the marks that the echo has to get, so that a refusal can give them away.
var sent = []string{"header", "url", "basic", "basicfile", "token", "tokenfile", "lokiheader"}

// vault is where the row keeps its secrets: files, and the marks by which they are known again.
type vault struct {
	r            *rig
	folder, mark string
	echo         *echo
	config       string
	ports        []int
}

func newVault(r *rig) *vault {
	v := &vault{r: r, folder: r.t.TempDir(), mark: fmt.Sprintf("s3cr3t%06d", r.seed), echo: newEcho(r)}
	for file, mark := range map[string]string{"password": "basicfile", "token": "tokenfile"} {
		require.NoError(r.t, os.WriteFile(filepath.Join(v.folder, file), []byte(v.mark+"-"+mark+"\n"), 0o600))
	}
	v.ports = []int{testkit.FreePort(r.t), testkit.FreePort(r.t), testkit.FreePort(r.t)}
	text := strings.NewReplacer("MARK", v.mark, "FOLDER", v.folder, "ECHO", v.echo.address(), "ZPAGES", fmt.Sprint(v.ports[0]),
		"PPROF", fmt.Sprint(v.ports[1]), "NOBODY", fmt.Sprint(v.ports[2])).Replace(planted)
	v.config = filepath.Join(v.folder, "planted.yaml")
	require.NoError(r.t, os.WriteFile(v.config, []byte(text), 0o600))
	r.collector.Set("PLANTED_TOKEN="+v.mark+"-token", "TRIBUTARY_OTLP_HEADERS={X-Api-Key: "+v.mark+"-main}",
		strings.Replace("TRIBUTARY_OTLP_URL="+r.gate.url(), "://", "://somebody:"+v.mark+"-mainurl@", 1))
	r.collector.Configs = append(r.collector.Configs, v.config)
	return v
}

// closed looks for the marks in a text, as they are and as basic authentication sends them.
func (v *vault) closed(where, text string) {
	v.r.t.Helper()
	found := regexp.MustCompile(v.mark+`-[a-z]+`).FindAllString(text, -1)
	for _, encoded := range regexp.MustCompile(`[A-Za-z0-9+/]{16,}={0,2}`).FindAllString(text, -1) {
		plain, err := base64.StdEncoding.DecodeString(encoded)
		if err == nil && bytes.Contains(plain, []byte(v.mark)) {
			found = append(found, "in base64: "+string(plain))
		}
	}
	slices.Sort(found)
	if found = slices.Compact(found); len(found) > 0 {
		at := strings.Index(text, v.mark)
		assert.Fail(v.r.t, "a secret got out", "%s: %q, such as …%s…", where, found, text[max(0, at-300):min(len(text), max(at, 0)+200)])
	}
}

// echo is a backend that refuses everything and says with which headers it was asked, in every way it can.
type echo struct {
	*httptest.Server
	mu    sync.Mutex
	heard strings.Builder
	asked int
}

func newEcho(r *rig) *echo {
	e := &echo{}
	e.Server = httptest.NewServer(e)
	r.t.Cleanup(e.Close)
	return e
}

func (e *echo) address() string { return strings.TrimPrefix(e.URL, "http://") }

// ServeHTTP implements http.Handler.
func (e *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	var said strings.Builder
	for key, values := range r.Header {
		fmt.Fprintf(&said, "%s: %s; ", key, strings.Join(values, ","))
	}
	if user, password, ok := r.BasicAuth(); ok {
		fmt.Fprintf(&said, "user %s, password %s", user, password)
	}
	e.mu.Lock()
	e.heard.WriteString(said.String())
	e.asked++
	status := []int{401, 400, 503, 403, 500, 302}[e.asked%6]
	e.mu.Unlock()
	body := []byte(said.String())
	if strings.HasSuffix(r.URL.Path, "/v1/logs") {
		body, _ = proto.Marshal(&spb.Status{Message: said.String()})
		w.Header().Set("Content-Type", "application/x-protobuf")
	}
	w.Header().Set("WWW-Authenticate", said.String())
	if status == 302 {
		w.Header().Set("Location", "http://127.0.0.1:1/?"+said.String())
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// got is everything that the echo was sent.
func (e *echo) got() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.heard.String()
}

// noSecretGetsOut plants secrets, lets every exporter fail in several ways, and looks for them in all that the collector
// says and writes.
func noSecretGetsOut(r *rig) {
	v := newVault(r)
	r.busyNode(1)
	r.start()
	r.arrived()
	for _, fault := range []trouble{{status: 401}, {status: 400}, {status: 500}} {
		r.gate.set(fault)
		r.troubled(1)
		r.gate.set(trouble{})
		if fault.status != 400 {
			r.arrived()
		}
	}
	testkit.Eventually(r.t, patience, "every secret to be sent and refused in several ways", func() bool {
		got := v.echo.got()
		return !slices.ContainsFunc(sent, func(name string) bool { return strings.Count(got, v.mark+"-"+name) < 6 })
	})
	port := r.collector.Env["TRIBUTARY_METRICS_PORT"]
	for _, address := range []string{
		"http://127.0.0.1:" + port + "/metrics", "http://" + r.collector.Env["TRIBUTARY_HEALTH_ENDPOINT"] + "/",
		fmt.Sprintf("http://127.0.0.1:%d/debug/servicez", v.ports[0]), fmt.Sprintf("http://127.0.0.1:%d/debug/pipelinez", v.ports[0]),
		fmt.Sprintf("http://127.0.0.1:%d/debug/extensionz", v.ports[0]),
		fmt.Sprintf("http://127.0.0.1:%d/debug/pprof/goroutine?debug=2", v.ports[1]), fmt.Sprintf("http://127.0.0.1:%d/debug/pprof/cmdline", v.ports[1]),
	} {
		text := r.get(address)
		assert.NotEmpty(r.t, text, address)
		v.closed(address, text)
	}
	v.readiness()
	v.deadLetter()
	r.settle()
	v.closed("standard output", r.process.Stdout())
	v.closed("standard error", r.process.Stderr())
	for path, content := range r.stateFiles() {
		v.closed(path, string(content))
	}
	for _, args := range [][]string{{"print-config"}, {"print-config", "--format=json"}, {"print-config", "--validate=false"}, {"validate"}} {
		v.command(args...)
	}
}

// readiness lets everything fail that can, and looks at what everybody may read of it.
func (v *vault) readiness() {
	address := "http://" + v.r.collector.Env["TRIBUTARY_READINESS_ENDPOINT"] + "/status?verbose"
	client := http.Client{Timeout: exitLimit, Transport: &http.Transport{DisableKeepAlives: true}}
	var text []byte
	testkit.Eventually(v.r.t, patience, "exporters that are ill", func() bool {
		response, err := client.Get(address)
		require.NoError(v.r.t, err)
		defer response.Body.Close()
		text, err = io.ReadAll(response.Body)
		require.NoError(v.r.t, err)
		return response.StatusCode == http.StatusInternalServerError && bytes.Contains(text, []byte("[REDACTED]"))
	})
	v.closed(address, string(text))
}

// deadLetter lets the backend refuse a line for good, which nobody counts, while it takes all others.
func (v *vault) deadLetter() {
	v.r.t.Helper()
	v.r.gate.set(trouble{maxBytes: 64 << 10})
	noise := make([]byte, 150<<10)
	for i := range noise {
		noise[i] = byte(v.r.random.Uint32())
	}
	pod := testkit.OpenPod(v.r.t, v.r.collector.PodLogs(), testkit.Pod{Namespace: "faults", Name: "refused", UID: "0a0b", Container: "main"})
	pod.Write(testkit.Line{Text: "refused for good " + base64.StdEncoding.EncodeToString(noise)})
	testkit.Eventually(v.r.t, patience, "a dead letter", func() bool {
		content, _ := os.ReadFile(filepath.Join(v.r.state(), "dead-letter", "pod_logs.jsonl"))
		return bytes.Contains(content, []byte("refused for good"))
	})
	v.r.gate.set(trouble{})
}

// command runs a command of the binary on the planted configuration, and looks at what it prints.
func (v *vault) command(args ...string) {
	v.r.t.Helper()
	opts := v.r.collector.Options()
	opts.Args = append(args, opts.Args...)
	p := testkit.Start(v.r.t, opts)
	code, _ := p.Wait(v.r.t, testkit.StartTimeout)
	assert.Zero(v.r.t, code, "%s: %s", args, p.Stderr())
	v.closed(strings.Join(args, " "), p.Stdout()+p.Stderr())
}

// get returns what a page of the collector says.
func (r *rig) get(address string) string {
	r.t.Helper()
	client := http.Client{Timeout: exitLimit, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(address)
	require.NoError(r.t, err)
	defer response.Body.Close()
	assert.Equal(r.t, http.StatusOK, response.StatusCode, address)
	text, err := io.ReadAll(response.Body)
	require.NoError(r.t, err)
	return string(text)
}
