// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"golang.org/x/mod/modfile"
)

// root is the top folder of the repository.
const root = "../.."

// sections of builder-config.yaml that list modules.
var sections = []string{"receivers", "processors", "connectors", "exporters", "extensions", "providers", "converters"}

// entry is one line of builder-config.yaml.
type entry struct {
	GoMod  string `yaml:"gomod"`
	Import string `yaml:"import"`
}

func (e entry) module() (path, version string) {
	path, version, _ = strings.Cut(e.GoMod, " ")
	return path, version
}

func (e entry) imported() string {
	if e.Import != "" {
		return e.Import
	}
	path, _ := e.module()
	return path
}

func readManifest(t *testing.T) (entries []entry) {
	raw, err := os.ReadFile(filepath.Join(root, "builder-config.yaml"))
	require.NoError(t, err)
	var nodes map[string]yaml.Node
	require.NoError(t, yaml.Unmarshal(raw, &nodes))
	for _, section := range sections {
		node, ok := nodes[section]
		if !ok {
			continue
		}
		var list []entry
		require.NoError(t, node.Decode(&list), section)
		entries = append(entries, list...)
	}
	var telemetry entry
	node := nodes["telemetry"]
	require.NoError(t, node.Decode(&telemetry))
	return append(entries, telemetry)
}

// generatedImports returns what the generated sources import, core packages that every distribution has left out.
func generatedImports(t *testing.T) map[string]bool {
	imports := map[string]bool{}
	for _, name := range []string{"main.go", "components.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range f.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			imports[path] = true
		}
	}
	return imports
}

// The builder compares major and minor version only, and only when it is asked to.
func TestManifestVersionsEqualGoMod(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	mod, err := modfile.Parse("go.mod", raw, nil)
	require.NoError(t, err)
	assert.Empty(t, mod.Replace, "go.mod must have no replace: `go install` refuses a module that has one")

	pinned := map[string]string{mod.Module.Mod.Path: "v0.0.0"}
	for _, r := range mod.Require {
		pinned[r.Mod.Path] = r.Mod.Version
	}
	for _, e := range readManifest(t) {
		path, version := e.module()
		assert.Equal(t, pinned[path], version, "builder-config.yaml and go.mod disagree on %s: run make tidy", path)
	}
}

func TestSourcesEqualManifest(t *testing.T) {
	imports := generatedImports(t)
	named := map[string]bool{}
	for _, e := range readManifest(t) {
		named[e.imported()] = true
		assert.True(t, imports[e.imported()], "%s is in builder-config.yaml but not in the sources: run make generate", e.imported())
	}
	for path := range imports {
		kind := strings.Contains(path, "receiver") || strings.Contains(path, "processor") || strings.Contains(path, "exporter") ||
			strings.Contains(path, "connector") || strings.Contains(path, "extension") || strings.Contains(path, "provider")
		core := path == "go.opentelemetry.io/collector/"+filepath.Base(path) // The interfaces of the kinds.
		if kind && !core {
			assert.True(t, named[path], "%s is in the sources but not in builder-config.yaml: run make generate", path)
		}
	}
}

func TestFactoriesLoadUnderBothSpellings(t *testing.T) {
	f, err := components()
	require.NoError(t, err)
	has := map[string]map[string]bool{"receivers": {}, "processors": {}, "exporters": {}, "connectors": {}, "extensions": {}}
	for typ := range f.Receivers {
		has["receivers"][typ.String()] = true
	}
	for typ := range f.Processors {
		has["processors"][typ.String()] = true
	}
	for typ := range f.Exporters {
		has["exporters"][typ.String()] = true
	}
	for typ := range f.Connectors {
		has["connectors"][typ.String()] = true
	}
	for typ := range f.Extensions {
		has["extensions"][typ.String()] = true
	}
	for kind, types := range map[string]string{
		"receivers": "pod_logs file_log filelog otlp kafka syslog host_metrics hostmetrics",
		"processors": "k8s_attributes k8sattributes attributes resource batch memory_limiter transform filter redaction " +
			"resource_detection resourcedetection groupbyattrs severity label_keep",
		"exporters":  "loki otlp_http otlphttp otlp_grpc otlp debug nop kafka load_balancing loadbalancing",
		"connectors": "queue forward count",
		"extensions": "checkpoint_storage fast_compression k8s_pods file_storage health_check healthcheckv2 basicauth bearertokenauth pprof zpages",
	} {
		for _, typ := range strings.Fields(types) {
			assert.True(t, has[kind][typ], "%s: no %s", kind, typ)
		}
	}
}
