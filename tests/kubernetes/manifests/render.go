// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// Combination is a folder of deploy/kubernetes with components, as somebody composes them in a folder of their own.
type Combination struct {
	// Folder is below deploy/kubernetes: "overlays/loki".
	Folder string
	// Components are names below deploy/kubernetes/components, in the order in which they are listed.
	Components []string
	// Literals are merged into the ConfigMap `tributary`: KEY=VALUE.
	Literals []string
}

// String is the folder and its components, as a table names them: "overlays/loki + journald".
func (c Combination) String() string {
	return strings.Join(append([]string{c.Folder}, c.Components...), " + ")
}

// Render returns the objects that `kubectl kustomize` prints for the combination, in the same order. Nothing is written to the
// disk, and nothing is fetched.
func (c Combination) Render() ([]*unstructured.Unstructured, error) {
	files, err := deployment()
	if err != nil {
		return nil, err
	}
	disk := filesys.MakeFsInMemory()
	for name, content := range files {
		if err := disk.WriteFile(path.Join("/deploy", name), content); err != nil {
			return nil, err
		}
	}
	if err := disk.WriteFile("/own/kustomization.yaml", c.kustomization()); err != nil {
		return nil, err
	}
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionLegacy // That of kubectl.
	rendered, err := krusty.MakeKustomizer(options).Run(disk, "/own")
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", c, err)
	}
	var objects []*unstructured.Unstructured
	for _, resource := range rendered.Resources() {
		raw, err := resource.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("render %s: %w", c, err)
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(raw); err != nil {
			return nil, fmt.Errorf("render %s: %w", c, err)
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// kustomization is the file that somebody would write.
func (c Combination) kustomization() []byte {
	text := map[string]any{
		"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
		"resources": []string{"../deploy/kubernetes/" + c.Folder},
	}
	if len(c.Components) > 0 {
		var components []string
		for _, name := range c.Components {
			components = append(components, "../deploy/kubernetes/components/"+name)
		}
		text["components"] = components
	}
	if len(c.Literals) > 0 {
		text["configMapGenerator"] = []any{map[string]any{
			"name": "tributary", "namespace": "tributary", "behavior": "merge", "literals": c.Literals,
		}}
	}
	raw, err := yaml.Marshal(text)
	if err != nil {
		panic(err) // Strings in maps.
	}
	return raw
}

// Root is deploy/kubernetes.
func Root() string { return filepath.Join(testkit.Root(), "deploy", "kubernetes") }

// deployment reads all files below deploy, once: some of those that are rendered lie beside Root.
var deployment = sync.OnceValues(func() (map[string][]byte, error) {
	files := map[string][]byte{}
	root := os.DirFS(filepath.Dir(Root()))
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[name], err = fs.ReadFile(root, name)
		return err
	})
	return files, err
})

// Folders returns the folders below a folder of Root, "overlays" for example, that kustomize can render: not the components.
// Folders within such a folder are parts of it.
func Folders(below string) ([]string, error) { return folders(below, "Kustomization") }

// Components returns the names of all components.
func Components() ([]string, error) {
	all, err := folders("components", "Component")
	for i, folder := range all {
		all[i] = strings.TrimPrefix(folder, "components/")
	}
	return all, err
}

func folders(below, kind string) ([]string, error) {
	files, err := deployment()
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		folder, isOne := strings.CutSuffix(name, "/kustomization.yaml")
		if !isOne || !strings.HasPrefix(folder, "kubernetes/"+below+"/") {
			continue
		}
		var text struct{ Kind string }
		if err := yaml.Unmarshal(files[name], &text); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		within := slices.ContainsFunc(found, func(outer string) bool { return strings.HasPrefix(folder, outer+"/") })
		if text.Kind == kind && !within {
			found = append(found, folder)
		}
	}
	for i := range found {
		found[i] = strings.TrimPrefix(found[i], "kubernetes/")
	}
	return found, nil
}
