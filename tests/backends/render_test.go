// SPDX-License-Identifier: Apache-2.0

package backends

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// kubectl is that of the tests against Kubernetes, so that one binary serves both.
var kubectl = testkit.Pinned{
	Name: "kubectl", Module: "tests/kubernetes/server", Require: "k8s.io/kubernetes", Command: "k8s.io/kubernetes/cmd/kubectl",
	VersionIn: "k8s.io/component-base/version.gitVersion",
}

// object is one document as it is, and as the type that Kubernetes has for it; nil for those of operators.
type object struct {
	*unstructured.Unstructured
	typed runtime.Object
}

// render returns what `kubectl apply -k folder` would apply. A field that Kubernetes does not know fails the test.
func render(t *testing.T, folder string) []object {
	t.Helper()
	command := exec.Command(kubectl.Binary(t), "kustomize", folder)
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	require.NoError(t, err, stderr.String())
	require.NotContains(t, stderr.String(), "deprecated")
	return decode(t, out)
}

// decode reads documents of YAML, strictly.
func decode(t *testing.T, text []byte) []object {
	t.Helper()
	codecs := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict)
	documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	var objects []object
	for {
		var raw runtime.RawExtension
		err := documents.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return objects
		}
		require.NoError(t, err)
		if len(raw.Raw) == 0 {
			continue // Comments alone.
		}
		o := object{Unstructured: &unstructured.Unstructured{}}
		require.NoError(t, o.UnmarshalJSON(raw.Raw))
		if scheme.Scheme.Recognizes(o.GroupVersionKind()) {
			o.typed, _, err = codecs.UniversalDeserializer().Decode(raw.Raw, nil, nil)
			require.NoError(t, err, "%s %s", o.GetKind(), o.GetName())
		}
		objects = append(objects, o)
	}
}

// find returns the object of a kind and name.
func find(t *testing.T, objects []object, kind, name string) object {
	t.Helper()
	for _, o := range objects {
		if o.GetKind() == kind && o.GetName() == name {
			return o
		}
	}
	t.Fatalf("there is no %s %s", kind, name)
	return object{}
}

// folder makes a kustomization of its own, as a user does.
func folder(t *testing.T, text string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	root, err := filepath.Rel(dir, testkit.Root())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(strings.ReplaceAll(text, "ROOT", root)), 0o600))
	return dir
}
