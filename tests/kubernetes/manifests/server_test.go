// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"github.com/tributary-otel/tributary/tests/kubernetes"
	"github.com/tributary-otel/tributary/tests/testkit"
)

// server is a real API server to which objects are applied, as `kubectl apply --server-side --validate=strict` does.
type server struct {
	*kubernetes.Cluster

	client dynamic.Interface
	mapper meta.RESTMapper

	mu       sync.Mutex
	warnings []string
}

// startServer starts one that knows the kinds of OpenShift and of the Prometheus operator too.
func startServer(t *testing.T) *server {
	t.Helper()
	s := &server{Cluster: kubernetes.StartCluster(t)}
	config := s.Config(t)
	config.WarningHandler = s
	httpClient, err := rest.HTTPClientFor(config)
	require.NoError(t, err)
	t.Cleanup(httpClient.CloseIdleConnections)
	s.client, err = dynamic.NewForConfigAndClient(config, httpClient)
	require.NoError(t, err)
	s.discover(t)
	for _, kind := range foreign {
		require.NoError(t, s.apply(t, kind.definition()))
	}
	testkit.Eventually(t, testkit.StartTimeout, "the kinds of others", func() bool {
		s.discover(t)
		return !slices.ContainsFunc(foreign, func(f foreignKind) bool {
			_, err := s.mapper.RESTMapping(f.groupKind(), f.version)
			return err != nil
		})
	})
	return s
}

func (s *server) discover(t *testing.T) {
	t.Helper()
	groups, err := restmapper.GetAPIGroupResources(s.Admin.Discovery())
	require.NoError(t, err)
	s.mapper = restmapper.NewDiscoveryRESTMapper(groups)
}

// HandleWarningHeader keeps what the API server warns of.
func (s *server) HandleWarningHeader(_ int, _, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warnings = append(s.warnings, text)
}

// warned returns what the API server has warned of since the last call.
func (s *server) warned() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.warnings
	s.warnings = nil
	slices.Sort(all)
	return slices.Compact(all)
}

// apply applies an object by server-side apply, for good, or as a try.
func (s *server) apply(t *testing.T, object *unstructured.Unstructured, dryRun ...string) error {
	resource, err := s.resource(object)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(object.Object)
	if err != nil {
		return err
	}
	force := true
	_, err = resource.Patch(t.Context(), object.GetName(), types.ApplyPatchType, raw, metav1.PatchOptions{
		FieldManager: "kubectl", FieldValidation: metav1.FieldValidationStrict, Force: &force, DryRun: dryRun,
	})
	return err
}

func (s *server) resource(object *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	kind := object.GroupVersionKind()
	mapping, err := s.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, err
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		return s.client.Resource(mapping.Resource).Namespace(object.GetNamespace()), nil
	}
	return s.client.Resource(mapping.Resource), nil
}

// applyAll applies objects for good, in their order.
func (s *server) applyAll(t *testing.T, all []*unstructured.Unstructured) {
	t.Helper()
	for _, object := range all {
		require.NoError(t, s.apply(t, object), "%s/%s", object.GetKind(), object.GetName())
	}
}

// makeNamespaces creates the namespaces of objects, with the account that there is no controller for. They are not labelled.
func (s *server) makeNamespaces(t *testing.T, all []*unstructured.Unstructured) {
	t.Helper()
	for _, object := range all {
		if object.GetKind() != "Namespace" {
			continue
		}
		_, err := s.Admin.CoreV1().Namespaces().Get(t.Context(), object.GetName(), metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			s.NewNamespace(t, object.GetName(), nil)
		} else {
			require.NoError(t, err)
		}
	}
}

// tryAll tries each object once, several at a time, and returns what the API server says against them, by the object's name.
func (s *server) tryAll(t *testing.T, all map[string]*unstructured.Unstructured) map[string]error {
	t.Helper()
	type answer struct {
		name string
		err  error
	}
	names, answers := make(chan string), make(chan answer)
	for range 8 {
		go func() {
			for name := range names {
				answers <- answer{name, s.apply(t, all[name], metav1.DryRunAll)}
			}
		}()
	}
	go func() {
		defer close(names)
		for name := range all {
			names <- name
		}
	}()
	refused := map[string]error{}
	for range all {
		if a := <-answers; a.err != nil {
			refused[a.name] = a.err
		}
	}
	return refused
}

// distinct are the objects of all combinations, each once, by a name that says the first combination that has it.
func distinct(t *testing.T, of []Combination) map[string]*unstructured.Unstructured {
	t.Helper()
	all, seen := map[string]*unstructured.Unstructured{}, map[string]bool{}
	for _, c := range of {
		for _, object := range objects(t, c) {
			if text := asText(object.Object); !seen[text] {
				seen[text] = true
				all[fmt.Sprintf("%s: %s/%s", c, object.GetKind(), object.GetName())] = object
			}
		}
	}
	return all
}

// pod is one of a workload's, as its controller would create it.
func (w *Workload) pod(namespace string) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: *w.Template.ObjectMeta.DeepCopy(), Spec: *w.Template.Spec.DeepCopy()}
	pod.Namespace, pod.Name = namespace, w.Name+"-abcde"
	for _, claim := range w.Claims {
		source := corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim + "-" + pod.Name}}
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: claim, VolumeSource: source})
	}
	return pod
}
