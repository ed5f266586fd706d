// SPDX-License-Identifier: Apache-2.0

package image

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// chartPod is what testdata/pod.yaml says.
type chartPod struct {
	Containers []struct {
		Command         []string
		Args            []string
		SecurityContext struct {
			RunAsUser *int `yaml:"runAsUser"`
		} `yaml:"securityContext"`
		Ports []struct {
			ContainerPort int `yaml:"containerPort"`
		}
		Env []struct {
			Name, Value string
			ValueFrom   struct {
				FieldRef struct {
					FieldPath string `yaml:"fieldPath"`
				} `yaml:"fieldRef"`
			} `yaml:"valueFrom"`
		}
		LivenessProbe  probe `yaml:"livenessProbe"`
		ReadinessProbe probe `yaml:"readinessProbe"`
		VolumeMounts   []struct {
			MountPath string `yaml:"mountPath"`
			Name      string
			ReadOnly  bool `yaml:"readOnly"`
		} `yaml:"volumeMounts"`
	}
}

type probe struct {
	HTTPGet struct {
		Path string
		Port int
	} `yaml:"httpGet"`
}

// chart is the pod of the chart on a node of the test's own.
type chart struct {
	container
	pod     chartPod
	ip      string
	pods    string
	backend *testkit.Backend
}

// shop is the pod whose lines are read.
var shop = testkit.Pod{Namespace: "shop", Name: "web-0", UID: "b1c2", Container: "main"}

func newChart(t *testing.T) *chart {
	t.Helper()
	rootOf(t)
	c := &chart{backend: testkit.StartBackend(t), pods: t.TempDir()}
	raw, err := os.ReadFile(filepath.Join("testdata", "pod.yaml"))
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(raw, &c.pod))
	api := kubeapi.StartTLS(t, kubeapi.NewPod(shop.Namespace, shop.Name, shop.UID, "node-a", kubeapi.WithContainers(shop.Container)))
	api.SetTokens("token-of-the-account")
	// The ports are the chart's, so the address has to be the test's own.
	c.ip = fmt.Sprintf("127.%d.%d.7", 1+os.Getpid()/250%250, 1+os.Getpid()%250)

	spec := c.pod.Containers[0]
	c.command, c.args, c.user = spec.Command, spec.Args, spec.SecurityContext.RunAsUser
	fields := map[string]string{
		"status.podIP": c.ip, "status.hostIP": "10.0.0.1", "spec.nodeName": "node-a",
		"metadata.namespace": "default", "metadata.name": "example-opentelemetry-collector-agent-x7x2p",
	}
	for _, env := range spec.Env {
		value := env.Value
		if field := env.ValueFrom.FieldRef.FieldPath; field != "" {
			require.Contains(t, fields, field)
			value = fields[field]
		}
		if env.Name == "BACKEND" {
			value = c.backend.HTTPURL()
		}
		c.env = append(c.env, env.Name+"="+value)
	}
	server, err := url.Parse(api.URL())
	require.NoError(t, err)
	c.env = append(c.env, "KUBERNETES_SERVICE_HOST="+server.Hostname(), "KUBERNETES_SERVICE_PORT="+server.Port())

	relay, err := os.ReadFile(filepath.Join("testdata", "relay.yaml"))
	require.NoError(t, err)
	volumes := map[string]string{
		"opentelemetry-collector-configmap": volume(t, map[string][]byte{"relay.yaml": relay}),
		"varlogpods":                        c.pods,
		"varlibdockercontainers":            t.TempDir(),
		"varlibotelcol":                     t.TempDir(),
	}
	for _, m := range spec.VolumeMounts {
		require.Contains(t, volumes, m.Name)
		c.mounts = append(c.mounts, mount{from: volumes[m.Name], to: m.MountPath, readOnly: m.ReadOnly})
	}
	c.mounts = append(c.mounts, mount{readOnly: true, to: "/var/run/secrets/kubernetes.io/serviceaccount", from: volume(t, map[string][]byte{
		"token": []byte("token-of-the-account"), "ca.crt": api.CA(), "namespace": []byte("default"),
	})})
	return c
}

// volume is a folder with these files.
func volume(t *testing.T, files map[string][]byte) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o644))
	}
	return folder
}

// answers tells whether a probe of the kubelet succeeds.
func (c *chart) answers(p probe) bool {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(fmt.Sprintf("http://%s:%d%s", c.ip, p.HTTPGet.Port, p.HTTPGet.Path))
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

func TestItTakesThePlaceOfTheImageOfTheChart(t *testing.T) {
	c := newChart(t)
	w := testkit.OpenPod(t, c.pods, shop)
	w.Write(testkit.Line{Text: "from before: the preset starts at the end"})
	p := c.start(t)
	p.WaitReady(t, testkit.StartTimeout)
	spec := c.pod.Containers[0]
	testkit.Eventually(t, testkit.StartTimeout, "the probes", func() bool {
		return c.answers(spec.LivenessProbe) && c.answers(spec.ReadinessProbe)
	})
	for _, port := range spec.Ports {
		conn, err := net.Dial("tcp", net.JoinHostPort(c.ip, strconv.Itoa(port.ContainerPort)))
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	}
	p.WaitOutput(t, "Started watching file", testkit.StartTimeout)
	// It says so before it goes to the end of the file. What is written in between is from before, too.
	require.Eventually(t, func() bool {
		w.Write(testkit.Line{Text: "one line"})
		return c.backend.Count() > 0
	}, testkit.DeliverTimeout, time.Second)
	got := c.backend.Records()[0]
	assert.Equal(t, "one line", got.Body)
	assert.Equal(t, "web-0", got.Resource["k8s.pod.name"])
	// By the API server, asked with the token of the service account.
	assert.Equal(t, "node-a", got.Resource["k8s.node.name"])
	p.Terminate()
	code, _ := p.Wait(t, testkit.StartTimeout)
	assert.Zero(t, code, p.Stderr())
}

func TestFurtherArgumentsOfTheChartWork(t *testing.T) {
	c := newChart(t)
	c.args = append(c.args, "--feature-gates=-stanza.synchronousLogEmitter",
		"--set=exporters.debug.verbosity=detailed", "--set=receivers.filelog.start_at=beginning")
	w := testkit.OpenPod(t, c.pods, shop)
	w.Write(testkit.Line{Text: "in detail"})
	p := c.start(t)
	p.WaitOutput(t, "Body: Str(in detail)", testkit.DeliverTimeout)
	p.Terminate()
	code, _ := p.Wait(t, testkit.StartTimeout)
	assert.Zero(t, code, p.Stderr())
}

func TestTheDefaultsOfTheChartThatAreMissingAreNamedAtOnce(t *testing.T) {
	c := newChart(t)
	relay, err := os.ReadFile(filepath.Join("testdata", "relay.yaml"))
	require.NoError(t, err)
	var all map[string]map[string]any
	require.NoError(t, yaml.Unmarshal(relay, &all))
	for _, missing := range []string{"jaeger", "prometheus", "zipkin"} {
		all["receivers"][missing] = map[string]any{}
	}
	relay, err = yaml.Marshal(all)
	require.NoError(t, err)
	c.mounts[0].from = volume(t, map[string][]byte{"relay.yaml": relay})
	code, output := c.run(t)
	assert.Equal(t, 1, code)
	for _, missing := range []string{"jaeger", "prometheus", "zipkin"} {
		assert.Contains(t, output, "receivers::"+missing)
	}
}

func TestTheDocumentationShowsTheValuesThatAreTested(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join(testkit.Root(), "docs", "drop-in.md"))
	require.NoError(t, err)
	raw, err := os.ReadFile(filepath.Join("testdata", "values.yaml"))
	require.NoError(t, err)
	var values any
	require.NoError(t, yaml.Unmarshal(raw, &values))
	_, section, _ := strings.Cut(string(doc), "## In place of otelcol-k8s")
	shown := between(t, section, "```yaml\n", "```")
	var documented any
	require.NoError(t, yaml.Unmarshal([]byte(shown), &documented))
	assert.Equal(t, values, documented)
}

func between(t *testing.T, text, from, to string) string {
	t.Helper()
	_, text, found := strings.Cut(text, from)
	require.True(t, found, from)
	text, _, found = strings.Cut(text, to)
	require.True(t, found, to)
	return text
}
