// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// objects are what one combination renders to, once for all tests. They must not be changed.
func objects(t *testing.T, c Combination) []*unstructured.Unstructured {
	t.Helper()
	key := c.String() + strings.Join(c.Literals, " ")
	once, _ := rendered.LoadOrStore(key, sync.OnceValues(c.Render))
	got, err := once.(func() ([]*unstructured.Unstructured, error))()
	require.NoError(t, err)
	return got
}

var rendered sync.Map

// combinations are all that are tried.
func combinations(t *testing.T) []Combination {
	t.Helper()
	all, err := Combinations()
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all
}

// workloads are those of a combination.
func workloads(t *testing.T, c Combination) []*Workload {
	t.Helper()
	all, err := Workloads(objects(t, c))
	require.NoError(t, err)
	return all
}

// onNode is what a kubelet would say of a pod.
var onNode = map[string]string{
	"spec.nodeName": "node-a", "status.podIP": "10.1.2.3", "metadata.name": "tributary-abcde", "metadata.namespace": "tributary",
	"metadata.uid": "7f5e3a52-8c3e-4d0c-9c48-2f3a5f5f1d11", "status.hostIP": "10.1.2.1",
}

// has says whether a combination has a component, or one that brings it.
func (c Combination) has(component string) bool {
	brings := map[string][]string{"run-as-root": {"journald", "openshift"}}
	return slices.ContainsFunc(append(brings[component], component), func(name string) bool { return slices.Contains(c.Components, name) })
}

// containers are those of a pod, those that start it first.
func containers(spec *corev1.PodSpec) []*corev1.Container {
	var all []*corev1.Container
	for i := range spec.InitContainers {
		all = append(all, &spec.InitContainers[i])
	}
	for i := range spec.Containers {
		all = append(all, &spec.Containers[i])
	}
	return all
}

// configFile is the file of the image that a path names, on this machine. It is empty if something is mounted there.
func configFile(c *corev1.Container, path string) string {
	for _, mount := range c.VolumeMounts {
		if strings.HasPrefix(path, mount.MountPath+"/") {
			return ""
		}
	}
	return filepath.Join(testkit.Root(), "distro", "config", strings.TrimPrefix(path, "/etc/tributary/"))
}

// configFiles are the paths that the arguments of a container name.
func configFiles(arguments []string) []string {
	var paths []string
	for _, argument := range arguments {
		if path, isOne := strings.CutPrefix(argument, "--config="); isOne {
			paths = append(paths, path)
		}
	}
	return paths
}

var used = regexp.MustCompile(`\$\{env:([A-Za-z_][A-Za-z0-9_]*)`)

// variablesOf are the environment variables that a configuration file uses.
func variablesOf(t *testing.T, file string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	names := map[string]bool{}
	for _, found := range used.FindAllSubmatch(text, -1) {
		names[string(found[1])] = true
	}
	return names
}
