// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

func globConfigs(t *testing.T, pattern string) []string {
	files, err := filepath.Glob(filepath.Join(root, "distro", "config", pattern))
	require.NoError(t, err)
	require.NotEmpty(t, files, pattern)
	return files
}

// unsetTributary makes the test independent of the developer's own settings.
func unsetTributary(t *testing.T) {
	for _, kv := range os.Environ() {
		if name, value, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "TRIBUTARY_") {
			t.Setenv(name, value) // Restores it at the end.
			require.NoError(t, os.Unsetenv(name))
		}
	}
}

// validate runs `tributary validate` on the files, our own check included.
func validate(t *testing.T, files ...string) {
	args := []string{"validate"}
	for _, file := range files {
		args = append(args, "--config="+file)
	}
	printed, err := execute(t, args...)
	require.NoError(t, err, printed)
}

func name(file string) string { return strings.TrimSuffix(filepath.Base(file), ".yaml") }

func TestEverySourceWorksWithEveryBackend(t *testing.T) {
	unsetTributary(t)
	for _, source := range globConfigs(t, "*.yaml") {
		for _, backend := range globConfigs(t, "backends/*.yaml") {
			t.Run(name(source)+" to "+name(backend), func(t *testing.T) {
				validate(t, source, backend)
			})
		}
	}
}

// An addition stands between a source of Kubernetes and a backend.
func TestEveryAdditionWorksWithEveryBackend(t *testing.T) {
	unsetTributary(t)
	for _, addition := range globConfigs(t, "additions/*.yaml") {
		for _, source := range globConfigs(t, "kubernetes*.yaml") {
			for _, backend := range globConfigs(t, "backends/*.yaml") {
				t.Run(name(source)+" and "+name(addition)+" to "+name(backend), func(t *testing.T) {
					validate(t, source, addition, backend)
				})
			}
		}
	}
}

func TestEveryExampleIsComplete(t *testing.T) {
	unsetTributary(t)
	for _, file := range globConfigs(t, "examples/*.yaml") {
		t.Run(name(file), func(t *testing.T) {
			validate(t, file)
		})
	}
}

// tree is a configuration file as it is written.
type tree map[string]any

func readTree(t *testing.T, file string) tree {
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	var out tree
	require.NoError(t, yaml.Unmarshal(raw, &out))
	return out
}

func (t tree) sub(keys ...string) tree {
	for _, key := range keys {
		next, _ := t[key].(tree)
		t = next
	}
	return t
}

// shared are the extensions of every source. A backend that has one of its own repeats them: a list replaces the one
// of the source.
var shared = []any{"health_check", "healthcheckv2", "checkpoint_storage", "file_storage", "k8s_pods", "fast_compression"}

// Sources and backends meet at `forward`, and share extensions by name.
func TestSourcesAndBackendsKeepTheContract(t *testing.T) {
	for _, file := range globConfigs(t, "*.yaml") {
		source := readTree(t, file)
		assert.Contains(t, source.sub("connectors"), "forward", file)
		assert.Equal(t, shared, source.sub("service")["extensions"], file)
		assert.Empty(t, source["exporters"], "%s: exporters belong to backends", file)
		for id := range source.sub("service", "pipelines") {
			pipeline := source.sub("service", "pipelines", id)
			want := []any{"forward"}
			if strings.Contains(fmt.Sprint(pipeline["receivers"]), "file_log") {
				want = []any{"queue"} // It cannot be acknowledged.
			}
			assert.Equal(t, want, pipeline["exporters"], "%s: %s", file, id)
		}
	}
	for _, file := range globConfigs(t, "backends/*.yaml") {
		backend := readTree(t, file)
		pipelines := backend.sub("service", "pipelines")
		assert.Len(t, pipelines, 1, file)
		assert.Equal(t, []any{"forward"}, pipelines.sub("logs/out")["receivers"], file)
		if extensions, ok := backend.sub("service")["extensions"].([]any); ok {
			assert.Greater(t, len(extensions), len(shared), "%s: nothing is added to the list of the source", file)
			assert.Equal(t, shared, extensions[:len(shared)], file)
		}
	}
}

// local.yaml repeats what the two sources read, since files cannot share a part. It may differ in how often it polls.
func TestLocalReadsLikeItsModels(t *testing.T) {
	config := func(source string) tree { return readTree(t, filepath.Join(root, "distro", "config", source+".yaml")) }
	receiver := func(source, id string) tree {
		out := config(source).sub("receivers", id)
		require.NotEmpty(t, out, "%s: %s", source, id)
		delete(out, "poll_interval")
		delete(out, "polls_to_archive")
		return out
	}
	pods := receiver("local", "pod_logs")
	for key, value := range receiver("kubernetes", "pod_logs") {
		if strings.HasPrefix(key, "metadata") {
			continue // There is no cluster.
		}
		assert.IsType(t, value, pods[key], key)
	}
	journal := receiver("local", "journald")
	for key, value := range receiver("host", "journald") {
		if key == "dead_letter" {
			continue // In its own state folder.
		}
		assert.Equal(t, value, journal[key], key)
	}
	assert.Equal(t, receiver("host", "file_log/host"), receiver("local", "file_log/host"))
}

// Who moves the state folder moves all of it: what was left behind may be where nobody may write.
func TestAllStateIsInOneFolder(t *testing.T) {
	files := append(globConfigs(t, "*.yaml"), globConfigs(t, "additions/*.yaml")...)
	for _, file := range append(files, globConfigs(t, "examples/*.yaml")...) {
		for id, receiver := range readTree(t, file)["receivers"].(tree) {
			kind, _, _ := strings.Cut(id, "/")
			settings := receiver.(tree)
			if kind == "pod_logs" || kind == "journald" || kind == "kafka" {
				assert.Contains(t, fmt.Sprint(settings["dead_letter"]), "${env:TRIBUTARY_STATE:-", "%s: %s", file, id)
			}
			if kind == "pod_logs" {
				assert.Contains(t, fmt.Sprint(settings["spill"]), "${env:TRIBUTARY_STATE:-", "%s: %s", file, id)
			}
		}
	}
}

// A backend that gave up, or answered before the data is delivered, would lose lines.
func TestEveryBackendAnswersWhenItHasDelivered(t *testing.T) {
	for _, file := range globConfigs(t, "backends/*.yaml") {
		for id, exporter := range readTree(t, file)["exporters"].(tree) {
			if id == "debug" {
				continue
			}
			settings := exporter.(tree)
			assert.Equal(t, tree{"enabled": true, "max_elapsed_time": 0, "initial_interval": "500ms", "max_interval": "10s"}, settings["retry_on_failure"], "%s: %s", file, id)
			assert.Equal(t, tree{"enabled": false}, settings["sending_queue"], "%s: %s", file, id)
			if id == "load_balancing" {
				// The one within would go on with a gateway that is gone, and the one around it gives up after 5 s by itself.
				assert.Equal(t, "30s", settings["timeout"], file)
				inner := settings.sub("protocol", "otlp")
				assert.Equal(t, tree{"enabled": false}, inner["retry_on_failure"], file)
				assert.Equal(t, tree{"enabled": false}, inner["sending_queue"], file)
			}
			if id == "kafka" {
				assert.Equal(t, "all", settings.sub("producer")["required_acks"], file)
			}
			if middlewares := settings["middlewares"]; middlewares != nil {
				assert.Equal(t, "none", settings["compression"], "%s: %s is compressed twice", file, id)
			}
		}
	}
}

// A tier that took lines before the backend has them would lose them with itself.
func TestATierKeepsNothing(t *testing.T) {
	config := func(source string) tree { return readTree(t, filepath.Join(root, "distro", "config", source+".yaml")) }
	kafka := config("gateway-kafka").sub("receivers", "kafka")
	assert.Equal(t, tree{"after": true, "on_error": false, "on_permanent_error": true}, kafka["message_marking"])
	assert.Equal(t, "earliest", kafka["initial_offset"])
	for _, source := range []string{"gateway", "gateway-kafka"} {
		for _, pipeline := range config(source).sub("service", "pipelines") {
			assert.NotContains(t, fmt.Sprint(pipeline), "batch", source)
		}
	}
}

// A source that cannot be acknowledged brings a queue that outlives the process.
func TestEveryFileLogHasAQueueOnDisk(t *testing.T) {
	for _, file := range globConfigs(t, "*.yaml") {
		source := readTree(t, file)
		if !strings.Contains(fmt.Sprint(source["receivers"]), "file_log") {
			continue
		}
		assert.Equal(t, tree{
			"storage": "file_storage", "queue_size": "${env:TRIBUTARY_QUEUE_BYTES:-1073741824}",
		}, source.sub("connectors", "queue", "sending_queue"), "%s: everything else as the connector has it", file)
		assert.Equal(t, tree{"receivers": []any{"queue"}, "exporters": []any{"forward"}},
			source.sub("service", "pipelines", "logs/queued"), file)
	}
}

// No file may hold a credential, and what differs per cluster comes from the environment.
func TestConfigsHoldNoSecret(t *testing.T) {
	for _, pattern := range []string{"*.yaml", "additions/*.yaml", "backends/*.yaml", "examples/*.yaml"} {
		for _, file := range globConfigs(t, pattern) {
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			for n, line := range strings.Split(string(raw), "\n") {
				key, value, ok := strings.Cut(strings.TrimSpace(line), ":")
				if ok && (key == "password" || key == "token" || key == "username") {
					assert.Contains(t, value, "${", "%s:%d", file, n+1)
				}
			}
		}
	}
}
