// SPDX-License-Identifier: Apache-2.0

package k8spodsextension

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/tributary-otel/tributary/components/checkpointstorageextension"
	"github.com/tributary-otel/tributary/components/internal/pods"
	"github.com/tributary-otel/tributary/components/k8spodsextension/internal/metadata"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

const (
	// patience is how long a loaded machine may take.
	patience = 30 * time.Second
	tick     = 5 * time.Millisecond
)

// node is a host with a storage, on which the extension is started again and again.
type node struct {
	t         *testing.T
	config    *Config
	state     string
	logs      *observer.ObservedLogs
	telemetry *componenttest.Telemetry
	storage   component.Component

	mu     sync.Mutex
	status []*componentstatus.Event
}

func newNode(t *testing.T) *node {
	n := &node{t: t, config: createDefaultConfig().(*Config), state: t.TempDir(), telemetry: componenttest.NewTelemetry()}
	n.config.AuthType, n.config.Node = authKubeConfig, "node-a"
	id := component.MustNewID("checkpoint_storage")
	n.config.Storage = &id
	t.Cleanup(func() { _ = n.telemetry.Shutdown(context.Background()) })
	return n
}

// The host of the extension.
func (n *node) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{component.MustNewID("checkpoint_storage"): n.storage}
}

func (n *node) Report(event *componentstatus.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.status = append(n.status, event)
}

func (n *node) statuses() []componentstatus.Status {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []componentstatus.Status
	for _, event := range n.status {
		all = append(all, event.Status())
	}
	return all
}

func (n *node) settings() extension.Settings {
	set := extensiontest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = n.telemetry.NewTelemetrySettings()
	var core zapcore.Core
	core, n.logs = observer.New(zap.InfoLevel)
	set.Logger = zap.New(core)
	set.ID = component.NewID(metadata.Type)
	return set
}

// start runs the extension for a receiver, until stop, at the latest until the test ends.
func (n *node) start() (provider pods.Provider, stop func()) {
	n.t.Helper()
	provider, stop = n.startAlone()
	n.t.Cleanup(provider.Changes().Stop)
	return provider, stop
}

// startAlone runs the extension in a service in which nobody uses it.
func (n *node) startAlone() (provider pods.Provider, stop func()) {
	n.t.Helper()
	factory := checkpointstorageextension.NewFactory()
	config := factory.CreateDefaultConfig().(*checkpointstorageextension.Config)
	config.Directory = n.state
	var err error
	n.storage, err = factory.Create(n.t.Context(), extensiontest.NewNopSettings(factory.Type()), config)
	require.NoError(n.t, err)
	require.NoError(n.t, n.storage.Start(n.t.Context(), componenttest.NewNopHost()))
	created, err := NewFactory().Create(n.t.Context(), n.settings(), n.config)
	require.NoError(n.t, err)
	before := time.Now()
	require.NoError(n.t, created.Start(n.t.Context(), n))
	require.Less(n.t, time.Since(before), 10*time.Second, "a start waits for nobody")
	stop = sync.OnceFunc(func() {
		require.NoError(n.t, created.Shutdown(context.Background()))
		require.NoError(n.t, created.Shutdown(context.Background()), "twice is harmless")
		require.NoError(n.t, n.storage.Shutdown(context.Background()))
	})
	n.t.Cleanup(stop)
	return created.(pods.Provider), stop
}

// serviceName is what is known of a container, "" for nothing.
func serviceName(t *pods.Tracked) string {
	if k := t.Known(); k != nil {
		for _, a := range k.Attributes("app", 0) {
			if a.Key == "service.name" {
				return a.Value
			}
		}
	}
	return ""
}

func eventually(t *testing.T, condition func() bool, what string) {
	t.Helper()
	require.Eventually(t, condition, patience, tick, what)
}

var web = pods.Key{Namespace: "shop", Name: "web", UID: "uid-web"}

func newPod(labels map[string]string) runtime.Object {
	return kubeapi.NewPod(web.Namespace, web.Name, web.UID, "node-a", kubeapi.WithContainers("app"), kubeapi.WithLabels(labels))
}

func TestThePodsOfTheNode(t *testing.T) {
	api := kubeapi.Start(t, newPod(nil), kubeapi.NewPod("shop", "far", "uid-far", "node-b"))
	t.Setenv("KUBECONFIG", api.Kubeconfig(t))
	n := newNode(t)
	provider, stop := n.start()
	changes := provider.Changes()
	tracked := provider.Track(web)
	eventually(t, func() bool { return serviceName(tracked) == "web" }, "the pod is known")
	api.Update(newPod(map[string]string{"app.kubernetes.io/name": "storefront"}))
	eventually(t, func() bool { return serviceName(tracked) == "storefront" }, "the change is known")
	<-changes.Signal()
	assert.Equal(t, []pods.Attribute{
		{Key: "k8s.node.name", Value: "node-a"},
		{Key: "k8s.pod.uid", Value: "uid-web"},
		{Key: "service.instance.id", Value: "shop.web.app"},
		{Key: "service.name", Value: "storefront"},
		{Key: "service.namespace", Value: "shop"},
		{Key: "service.version", Value: "1.0"},
	}, tracked.Known().Attributes("app", 0))
	assert.Equal(t, int64(1), n.gauge("pods", nil))
	assert.Equal(t, int64(0), n.gauge("unknown_pods", nil))
	assert.Equal(t, int64(1), n.gauge("requests", map[string]string{"resource": "pods", "verb": "list", "result": "200"}))
	for _, r := range api.Requests() {
		assert.Equal(t, "pods", r.Resource)
		assert.Equal(t, "spec.nodeName=node-a", r.FieldSelector)
	}
	stop()

	t.Run("are known after a restart with the API server down", func(t *testing.T) {
		api.SetDown(true)
		provider, stop := n.start()
		assert.Equal(t, "storefront", serviceName(provider.Track(web)))
		eventually(t, func() bool {
			return slices.Equal(n.statuses(), []componentstatus.Status{componentstatus.StatusRecoverableError})
		}, "the status tells")
		api.SetDown(false)
		eventually(t, func() bool { return len(n.statuses()) == 2 }, "the status recovers")
		assert.Equal(t, componentstatus.StatusOK, n.statuses()[1])
		stop()
		var said []string
		for _, entry := range n.logs.All() {
			said = append(said, entry.Message)
		}
		assert.Equal(t, []string{"Pods are watched", "What is known of pods may be old", "The trouble is over"}, said)
	})
}

// gauge returns a value of a metric with these attributes.
func (n *node) gauge(name string, with map[string]string) int64 {
	n.t.Helper()
	m, err := n.telemetry.GetMetric("otelcol_extension_k8s_pods_" + name)
	require.NoError(n.t, err)
	var points []metricdata.DataPoint[int64]
	switch data := m.Data.(type) {
	case metricdata.Gauge[int64]:
		points = data.DataPoints
	case metricdata.Sum[int64]:
		points = data.DataPoints
	}
	for _, p := range points {
		has := map[string]string{}
		for _, a := range p.Attributes.ToSlice() {
			if a.Key != "extension" {
				has[string(a.Key)] = a.Value.AsString()
			}
		}
		if maps.Equal(has, with) {
			return p.Value
		}
	}
	n.t.Fatalf("%s has no value for %v", name, with)
	return 0
}

func TestEveryMetricHasAValue(t *testing.T) {
	api := kubeapi.Start(t, newPod(nil))
	t.Setenv("KUBECONFIG", api.Kubeconfig(t))
	n := newNode(t)
	_, stop := n.start()
	eventually(t, func() bool { return n.gauge("pods", nil) == 1 }, "the pod is known")
	for _, name := range []string{"ignored_values", "pods", "requests", "silence", "unknown_pods", "watch_restarts"} {
		_, err := n.telemetry.GetMetric("otelcol_extension_k8s_pods_" + name)
		require.NoError(t, err, name)
	}
	stop()
}

// A token that the server accepts no more is read again, over TLS, as in a cluster.
func TestTheTokenOfTheServiceAccountIsReplaced(t *testing.T) {
	api := kubeapi.StartTLS(t, newPod(nil))
	api.SetTokens("first")
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("first"), 0o600))
	address, err := url.Parse(api.URL())
	require.NoError(t, err)
	t.Setenv("KUBERNETES_SERVICE_HOST", address.Hostname())
	t.Setenv("KUBERNETES_SERVICE_PORT", address.Port())
	inClusterConfig = func() (*rest.Config, error) {
		return &rest.Config{Host: api.URL(), BearerTokenFile: token, TLSClientConfig: rest.TLSClientConfig{CAData: api.CA()}}, nil
	}
	t.Cleanup(func() { inClusterConfig = rest.InClusterConfig })
	n := newNode(t)
	n.config.AuthType = authServiceAccount
	provider, _ := n.start()
	tracked := provider.Track(web)
	eventually(t, func() bool { return serviceName(tracked) == "web" && api.OpenWatches() == 1 }, "the pod is known, and watched")
	api.Update(newPod(map[string]string{"app.kubernetes.io/name": "shop"}))
	eventually(t, func() bool { return serviceName(tracked) == "shop" }, "the change is known")

	require.NoError(t, os.WriteFile(token, []byte("second"), 0o600))
	api.SetTokens("second")
	api.DropWatches()
	api.Update(newPod(map[string]string{"app.kubernetes.io/name": "storefront"}))
	eventually(t, func() bool { return serviceName(tracked) == "storefront" }, "the new token is used, long before a minute has passed")
	lists := 0
	for _, r := range api.Requests() {
		if r.Verb == "list" {
			lists++
		}
	}
	assert.Equal(t, 1, lists)
	assert.Empty(t, n.statuses())
}

// A backend's file lists the extensions of all sources.
func TestNobodyIsAskedBeforeSomebodyAsks(t *testing.T) {
	api := kubeapi.Start(t, newPod(nil))
	n := newNode(t)
	n.config.AuthType = authKubeConfig
	t.Setenv("KUBECONFIG", api.Kubeconfig(t))
	_, end := n.startAlone()
	end()
	assert.Empty(t, api.Requests())
	assert.Empty(t, n.statuses())
	provider, stop := n.startAlone()
	tracked := provider.Track(web)
	defer tracked.Release()
	eventually(t, func() bool { return tracked.Known() != nil }, "the pod is known")
	stop()
}

func TestItStartsWithoutACluster(t *testing.T) {
	for _, tt := range []struct {
		name string
		auth string
		want string
	}{
		{"no kubeconfig", authKubeConfig, "connect to the API server: read the kubeconfig: "},
		{"no pod", authServiceAccount, "this is no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; outside of a cluster use `auth_type: kubeConfig`"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
			t.Setenv("KUBERNETES_SERVICE_HOST", "")
			n := newNode(t)
			n.config.AuthType = tt.auth
			_, stop := n.start()
			eventually(t, func() bool { return len(n.statuses()) == 1 }, "the status tells")
			n.mu.Lock()
			require.ErrorContains(t, n.status[0].Err(), tt.want)
			n.mu.Unlock()
			stop()
		})
	}
}

func TestAStorageThatIsNone(t *testing.T) {
	n := newNode(t)
	created, err := NewFactory().Create(t.Context(), n.settings(), n.config)
	require.NoError(t, err)
	require.ErrorContains(t, created.Start(t.Context(), n), "`storage` names \"checkpoint_storage\", which is not a storage extension that the service has")
	require.NoError(t, created.Shutdown(t.Context()))
}

func TestTheNameOfTheNode(t *testing.T) {
	for _, variable := range nodeVariables {
		t.Setenv(variable, "")
	}
	assert.Empty(t, nodeName(""))
	for _, variable := range slices.Backward(nodeVariables) {
		t.Setenv(variable, strings.ToLower(variable))
		assert.Equal(t, strings.ToLower(variable), nodeName(""))
	}
	assert.Equal(t, "node-a", nodeName("node-a"))
	t.Setenv("HOSTNAME", "agent-1")
	assert.Equal(t, "agent-1", ownPod().Name)
}

// A node of a large cluster asks for its own pods alone, whatever else there is.
func TestALargeCluster(t *testing.T) {
	const own, others = 110, 20000
	objects := make([]runtime.Object, 0, own+others)
	for i := range own + others {
		node := "node-a"
		if i >= own {
			node = fmt.Sprintf("node-%d", i)
		}
		objects = append(objects, kubeapi.NewPod("shop", fmt.Sprintf("web-%d", i), fmt.Sprintf("uid-%d", i), node))
	}
	api := kubeapi.Start(t, objects...)
	t.Setenv("KUBECONFIG", api.Kubeconfig(t))
	n := newNode(t)
	_, stop := n.start()
	eventually(t, func() bool { return n.gauge("pods", nil) == own }, "the own pods are known")
	eventually(t, func() bool { return api.OpenWatches() == 1 }, "they are watched")
	stop()
	requests := api.Requests()
	require.Len(t, requests, 2)
	for _, r := range requests {
		assert.Equal(t, "pods", r.Resource)
		assert.Equal(t, "spec.nodeName=node-a", r.FieldSelector)
		assert.Less(t, r.Bytes, int64(own*2000))
	}
}
