// SPDX-License-Identifier: Apache-2.0

package kubeapi_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

const (
	// patience bounds waits that end on a condition. A reflector backs off for
	// up to a few seconds after an outage.
	patience = 30 * time.Second
	tick     = 20 * time.Millisecond
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// config goes through the kubeconfig file, as the processor does.
func config(t *testing.T, s *kubeapi.Server) *rest.Config {
	t.Helper()
	cfg, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig(t))
	require.NoError(t, err)
	cfg.QPS = -1 // Tests need no protection of the server.
	return cfg
}

func typedClient(t *testing.T, s *kubeapi.Server) kubernetes.Interface {
	t.Helper()
	client, err := kubernetes.NewForConfig(config(t, s))
	require.NoError(t, err)
	return client
}

func metadataClient(t *testing.T, s *kubeapi.Server) metadata.Interface {
	t.Helper()
	client, err := metadata.NewForConfig(config(t, s))
	require.NoError(t, err)
	return client
}

// listWatch is the pair of calls an informer makes.
type listWatch struct {
	list  func(context.Context, metav1.ListOptions) (runtime.Object, error)
	watch func(context.Context, metav1.ListOptions) (watch.Interface, error)
}

// listThenWatch makes client-go list before it watches, as it did before it
// learned to stream the initial state.
type listThenWatch struct{}

func (listThenWatch) IsWatchListSemanticsUnSupported() bool { return true }

// runInformer runs an informer until the end of the test and waits until it
// knows the state of the server.
func runInformer(t *testing.T, lw listWatch, object runtime.Object, semantics any) cache.SharedInformer {
	t.Helper()
	source := &cache.ListWatch{ListWithContextFunc: lw.list, WatchFuncWithContext: lw.watch}
	informer := cache.NewSharedInformer(cache.ToListWatcherWithWatchListSemantics(source, semantics), object, 0)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		informer.RunWithContext(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	eventually(t, informer.HasSynced, "the informer syncs")
	return informer
}

func eventually(t *testing.T, condition func() bool, what string) {
	t.Helper()
	require.Eventually(t, condition, patience, tick, what)
}

func names(informer cache.SharedInformer) []string { return informer.GetStore().ListKeys() }

// sees reports whether an informer holds an object of this key.
func sees(informer cache.SharedInformer, key string) func() bool {
	return func() bool {
		_, exists, err := informer.GetStore().GetByKey(key)
		return err == nil && exists
	}
}
