// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/tributary-otel/tributary/tests/kubernetes"
)

// Another backend is another ConfigMap, and its name where the DaemonSet takes it: nothing else.
func TestAnotherBackendIsAnotherConfigMap(t *testing.T) {
	without := func(overlay string) (rest, name string, data map[string]string) {
		var lines []string
		for _, object := range objects(t, Combination{Folder: "overlays/" + overlay}) {
			if object.GetKind() == "ConfigMap" {
				name = object.GetName()
				var err error
				data, _, err = unstructured.NestedStringMap(object.Object, "data")
				require.NoError(t, err)
				continue
			}
			raw, err := json.Marshal(object.Object)
			require.NoError(t, err)
			lines = append(lines, string(raw))
		}
		rest = strings.Join(lines, "\n")
		// In the environment, and as the volume by which the kubelet keeps it.
		require.Equal(t, 2, strings.Count(rest, `"`+name+`"`), "%s names %s", overlay, name)
		return strings.ReplaceAll(rest, name, "the ConfigMap"), name, data
	}
	loki, lokiName, lokiData := without("loki")
	assert.Equal(t, map[string]string{
		"TRIBUTARY_SOURCE": "kubernetes", "TRIBUTARY_BACKEND": "loki", "TRIBUTARY_LOKI_URL": "http://loki.logging:3100",
	}, lokiData)
	for _, overlay := range []string{"debug", "kafka", "loki-otlp", "otlp", "victorialogs"} {
		t.Run(overlay, func(t *testing.T) {
			other, name, data := without(overlay)
			assert.Equal(t, loki, other)
			assert.NotEqual(t, lokiName, name, "the pods would not be started anew")
			assert.Equal(t, lokiData["TRIBUTARY_SOURCE"], data["TRIBUTARY_SOURCE"])
			assert.Equal(t, overlay, data["TRIBUTARY_BACKEND"])
		})
	}
}

// Every file that the arguments name is in the image, and every variable that is set is used by one of them: by a file of the
// pod, or of another one that takes its variables from the same ConfigMap.
func TestEveryVariableIsUsed(t *testing.T) {
	for _, c := range combinations(t) {
		// By ConfigMap.
		used, set := map[string]map[string]bool{}, map[string]map[string]string{}
		for _, w := range workloads(t, c) {
			for _, container := range containers(&w.Template.Spec) {
				if !Own(container) || starts(w, container) {
					continue
				}
				variables, err := w.Variables(container, objects(t, c), onNode)
				require.NoError(t, err)
				require.Len(t, container.EnvFrom, 1, "%s: %s", c, w)
				config := container.EnvFrom[0].ConfigMapRef.Name
				if used[config] == nil {
					used[config], set[config] = map[string]bool{}, map[string]string{}
				}
				// The first is one that others refer to, the next three are in the arguments.
				for _, name := range []string{"POD_IP", "TRIBUTARY_SOURCE", "TRIBUTARY_BACKEND", "TRIBUTARY_TIER", "OTEL_RESOURCE_ATTRIBUTES"} {
					used[config][name] = true
				}
				paths := configFiles(Arguments(container, variables))
				require.NotEmpty(t, paths, "%s: %s", c, w)
				for _, path := range paths {
					file := configFile(container, path)
					if file == "" {
						continue
					}
					if _, err := os.Stat(file); !assert.NoError(t, err, "%s: %s", c, w) {
						continue
					}
					for name := range variablesOf(t, file) {
						used[config][name] = true
					}
				}
				for name := range variables {
					set[config][name] = fmt.Sprintf("%s: nothing in %v", w, paths)
				}
			}
		}
		for config, variables := range set {
			for name, where := range variables {
				assert.True(t, used[config][name], "%s: %s uses %s", c, where, name)
			}
		}
	}
}

// The order in which components are listed means nothing, except where the last one is to win.
func TestTheOrderOfComponentsMeansNothing(t *testing.T) {
	for _, c := range combinations(t) {
		if len(c.Components) < 2 || slices.Contains(lastWins, [2]string(c.Components)) {
			continue
		}
		turned := Combination{Folder: c.Folder, Components: []string{c.Components[1], c.Components[0]}}
		assert.Equal(t, unordered(objects(t, c)), unordered(objects(t, turned)), "%s", c)
	}
}

// unordered are objects of which nothing is left that does not matter: the order of volumes and the like. That of arguments
// does.
func unordered(all []*unstructured.Unstructured) []string {
	var texts []string
	for _, object := range all {
		texts = append(texts, asText(sorted("", object.Object)))
	}
	slices.Sort(texts)
	return texts
}

func sorted(key string, value any) any {
	switch value := value.(type) {
	case map[string]any:
		same := map[string]any{}
		for k, v := range value {
			same[k] = sorted(k, v)
		}
		return same
	case []any:
		var same []any
		for _, v := range value {
			same = append(same, sorted("", v))
		}
		if key == "volumes" || key == "volumeMounts" || key == "env" {
			slices.SortFunc(same, func(a, b any) int { return strings.Compare(asText(a), asText(b)) })
		}
		return same
	}
	return value
}

func asText(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err) // It was JSON before.
	}
	return string(raw)
}

// The list of what does not go together is about things that there are.
func TestWhatIsApartIsThere(t *testing.T) {
	components, err := Components()
	require.NoError(t, err)
	overlays, err := Folders("overlays")
	require.NoError(t, err)
	for _, pair := range apart {
		for _, name := range []string{pair.one, pair.other} {
			assert.True(t, slices.Contains(components, name) || slices.Contains(overlays, name), "there is no %s", name)
		}
		assert.NotEmpty(t, pair.because, "%s and %s", pair.one, pair.other)
	}
}

// What this package renders is what people get.
func TestKubectlRendersTheSame(t *testing.T) {
	kubectl := kubernetes.KubectlProgram.Binary(t)
	for _, c := range combinations(t) {
		if len(c.Components) > 0 {
			continue
		}
		raw, err := exec.CommandContext(t.Context(), kubectl, "kustomize", filepath.Join(Root(), c.Folder)).Output()
		require.NoError(t, err, "%s", c)
		var want []string
		decoder := yaml.NewDecoder(strings.NewReader(string(raw)))
		for {
			var object map[string]any
			if decoder.Decode(&object) != nil {
				break
			}
			want = append(want, asText(object))
		}
		var got []string
		for _, object := range objects(t, c) {
			got = append(got, asText(object.Object))
		}
		assert.Equal(t, want, got, "%s", c)
		t.Logf("%s: %d objects", c, len(got))
	}
}
