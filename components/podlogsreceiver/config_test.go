// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.yaml.in/yaml/v3"

	"github.com/tributary-otel/tributary/components/internal/hints"
	"github.com/tributary-otel/tributary/components/internal/outlet"
)

// readConfig reads settings as the collector does.
func readConfig(t *testing.T, settings string) (*Config, error) {
	t.Helper()
	var raw map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(settings), &raw))
	config := createDefaultConfig().(*Config)
	return config, confmap.NewFromStringMap(raw).Unmarshal(config)
}

func TestDefaults(t *testing.T) {
	config, err := readConfig(t, "{}")
	require.NoError(t, err)
	require.NoError(t, config.Validate())
	assert.Equal(t, &Config{
		Path: "/var/log/pods", LinkTargets: []string{"/var/lib/docker/containers"}, ExcludeSelf: true, StartAt: "beginning",
		MetadataTimeout: 10 * time.Second,
		Annotations: AnnotationsConfig{
			Prefix: "logs.tributary/", Allow: []hints.Group{"exclude", "containers", "multiline", "parser", "rate_limit", "attributes"}, AttributePrefix: "custom.",
		},
		PollInterval: 500 * time.Millisecond, MaxLineBytes: 1048576, InvalidUTF8: "escape",
		Batch:    BatchConfig{MaxRecords: 5000, MaxBytes: 1048576, Timeout: 500 * time.Millisecond},
		InFlight: InFlightConfig{MaxBytes: 33554432, MaxBytesPerFile: 4194304, MaxBatches: 16},
		RateLimit: RateLimitConfig{
			Pod: LimitConfig{Policy: "pause", Burst: 2 * time.Second}, Namespace: LimitConfig{Policy: "pause", Burst: 2 * time.Second},
		},
		Multiline:  MultilineConfig{Mode: "auto", Timeout: time.Second, MaxLines: 1000},
		DeadLetter: outlet.DeadLetterConfig{MaxBytes: 104857600}, Spill: SpillConfig{MaxBytes: 5368709120}, ShutdownTimeout: 20 * time.Second,
	}, config)
}

const allSettings = `
path: /logs
link_targets: [/a, /b]
include: {namespaces: [shop], pods: ["web-*"], containers: ["[a-z]?"], pod_labels: "app=web,!debug"}
exclude: {namespaces: [kube-*], pods: [x], containers: [y], pod_annotations: {example.com/logs: ["off"]}}
metadata: k8s_pods/1
metadata_timeout: 10m
annotations: {prefix: example.com/, allow: [parser], attribute_prefix: own.}
exclude_self: false
start_at: end
max_age: 24h
storage: checkpoint_storage/1
poll_interval: 1s
max_line_bytes: 2048
multiline: {mode: start, start: '^\d{4}-', timeout: 10s, max_lines: 11}
invalid_utf8: bytes
batch: {max_records: 1, max_bytes: 2, timeout: 3s}
in_flight: {max_bytes: 4, max_bytes_per_file: 5, max_batches: 6}
rate_limit:
  pod: {lines_per_second: 10, bytes_per_second: 11, policy: drop, burst: 12s}
  namespace: {lines_per_second: 13, bytes_per_second: 14, policy: pause, burst: 15s}
dead_letter: {path: /dead, max_bytes: 7}
spill: {directory: /spill, max_bytes: 8}
shutdown_timeout: 9s
`

func TestEachSettingIsTaken(t *testing.T) {
	config, err := readConfig(t, allSettings)
	require.NoError(t, err)
	require.NoError(t, config.Validate())
	id, metadata := component.MustNewIDWithName("checkpoint_storage", "1"), component.MustNewIDWithName("k8s_pods", "1")
	assert.Equal(t, &Config{
		Path: "/logs", LinkTargets: []string{"/a", "/b"}, StartAt: "end", MaxAge: 24 * time.Hour, Storage: &id,
		Include: Selection{Namespaces: []string{"shop"}, Pods: []string{"web-*"}, Containers: []string{"[a-z]?"}, PodLabels: "app=web,!debug"},
		Exclude: Selection{
			Namespaces: []string{"kube-*"}, Pods: []string{"x"}, Containers: []string{"y"}, PodAnnotations: map[string][]string{"example.com/logs": {"off"}},
		},
		Metadata: &metadata, MetadataTimeout: 10 * time.Minute,
		Annotations:  AnnotationsConfig{Prefix: "example.com/", Allow: []hints.Group{"parser"}, AttributePrefix: "own."},
		PollInterval: time.Second, MaxLineBytes: 2048, InvalidUTF8: "bytes",
		RateLimit: RateLimitConfig{
			Pod:       LimitConfig{LinesPerSecond: 10, BytesPerSecond: 11, Policy: "drop", Burst: 12 * time.Second},
			Namespace: LimitConfig{LinesPerSecond: 13, BytesPerSecond: 14, Policy: "pause", Burst: 15 * time.Second},
		},
		Multiline:  MultilineConfig{Mode: "start", Start: `^\d{4}-`, Timeout: 10 * time.Second, MaxLines: 11},
		Batch:      BatchConfig{MaxRecords: 1, MaxBytes: 2, Timeout: 3 * time.Second},
		InFlight:   InFlightConfig{MaxBytes: 4, MaxBytesPerFile: 5, MaxBatches: 6},
		DeadLetter: outlet.DeadLetterConfig{Path: "/dead", MaxBytes: 7}, Spill: SpillConfig{Directory: "/spill", MaxBytes: 8},
		ShutdownTimeout: 9 * time.Second,
	}, config)
}

func TestBrokenSettingsAreRefused(t *testing.T) {
	for _, tt := range []struct{ settings, want string }{
		{`path: ""`, "`path` must name the folder with the folders of the pods"},
		{`link_targets: [/a, docker]`, "`link_targets` must be absolute paths, got \"docker\""},
		{`start_at: middle`, "`start_at` must be \"beginning\" or \"end\", got \"middle\""},
		{`invalid_utf8: drop`, "`invalid_utf8` must be \"escape\" or \"bytes\", got \"drop\""},
		{`max_age: -1s`, "`max_age` must not be negative, got -1s"},
		{`poll_interval: 9ms`, "`poll_interval` must be between 10ms and 2s, got 9ms"},
		{`poll_interval: 3s`, "`poll_interval` must be between 10ms and 2s, got 3s"},
		{`max_line_bytes: 1023`, "`max_line_bytes` must be between 1024 and 67108864, got 1023"},
		{`max_line_bytes: 67108865`, "`max_line_bytes` must be between 1024 and 67108864, got 67108865"},
		{`multiline: {mode: java}`, "`multiline`: the mode must be \"auto\", \"start\" or \"none\", got \"java\""},
		{`multiline: {mode: start}`, "`multiline`: the pattern must have between 1 and 256 bytes, got 0"},
		{`multiline: {start: x}`, "`multiline`: the mode \"auto\" has no pattern, got \"x\""},
		{`multiline: {timeout: 9ms}`, "`multiline::timeout` must be between 10ms and 1m, got 9ms"},
		{`multiline: {timeout: 61s}`, "`multiline::timeout` must be between 10ms and 1m, got 1m1s"},
		{`multiline: {max_lines: 0}`, "`multiline::max_lines` must be positive, got 0"},
		{`shutdown_timeout: 0s`, "`shutdown_timeout` must be positive, got 0s"},
		{`batch: {max_records: 0}`, "`batch::max_records` must be positive, got 0"},
		{`batch: {max_bytes: -1}`, "`batch::max_bytes` must be positive, got -1"},
		{`batch: {max_bytes: 1073741825}`, "`batch::max_bytes` must not be above 1073741824, got 1073741825"},
		{`batch: {timeout: -1s}`, "`batch::timeout` must be positive, got -1s"},
		{`in_flight: {max_bytes: 0}`, "`in_flight::max_bytes` must be positive, got 0"},
		{`in_flight: {max_bytes_per_file: 0}`, "`in_flight::max_bytes_per_file` must be positive, got 0"},
		{`in_flight: {max_batches: 0}`, "`in_flight::max_batches` must be positive, got 0"},
		{`rate_limit: {pod: {lines_per_second: -1}}`, "`rate_limit::pod::lines_per_second` must not be negative, got -1"},
		{`rate_limit: {namespace: {bytes_per_second: -2}}`, "`rate_limit::namespace::bytes_per_second` must not be negative, got -2"},
		{`rate_limit: {pod: {policy: block}}`, "`rate_limit::pod::policy` must be \"pause\" or \"drop\", got \"block\""},
		{`rate_limit: {pod: {lines_per_second: 1, burst: 100ms}}`, "`rate_limit::pod::burst` must be between twice the `poll_interval`, 1s, and 1h, got 100ms"},
		{`rate_limit: {pod: {burst: 0s}}`, "`rate_limit::pod::burst` must be between twice the `poll_interval`, 1s, and 1h, got 0s"},
		{`rate_limit: {namespace: {burst: 2h}}`, "`rate_limit::namespace::burst` must be between twice the `poll_interval`, 1s, and 1h, got 2h0m0s"},
		{
			`rate_limit: {pod: {lines_per_second: -1}, namespace: {policy: ""}}`,
			"`rate_limit::pod::lines_per_second` must not be negative, got -1\n`rate_limit::namespace::policy` must be \"pause\" or \"drop\", got \"\"",
		},
		{`dead_letter: {max_bytes: 0}`, "`dead_letter::max_bytes` must be positive, got 0"},
		{`spill: {max_bytes: 0}`, "`spill::max_bytes` must be positive, got 0"},
		{`include: {namespaces: ["[a"]}`, "`include::namespaces` must be globs of names, got \"[a\""},
		{`include: {pods: [a/b]}`, "`include::pods` must be globs of names, got \"a/b\""},
		{`metadata_timeout: -1s`, "`metadata_timeout` must not be negative, got -1s"},
		{`include: {pod_labels: app=web}`, "`metadata` must name an extension such as k8s_pods, since `include` or `exclude` choose pods by labels or annotations"},
		{`{metadata: k8s_pods, exclude: {pod_labels: "app in"}}`, "`exclude::pod_labels` must be a label selector such as `app=web,!debug`, got \"app in\": unable to parse requirement: found '' expected: '('"},
		{`{metadata: k8s_pods, include: {pod_annotations: {a/b: ["["]}}}`, "`include::pod_annotations::a/b` must be globs of values, got \"[\""},
		{`annotations: {prefix: logs}`, "`annotations::prefix` must be a domain name with a slash, such as logs.tributary/, got \"logs\""},
		{`annotations: {allow: [path]}`, "`annotations::allow` must be some of [\"exclude\" \"containers\" \"multiline\" \"parser\" \"rate_limit\" \"attributes\"], got \"path\""},
		{`annotations: {attribute_prefix: ""}`, "`annotations::attribute_prefix` must not be empty: an owner could replace any attribute"},
		{`exclude: {containers: [""]}`, "`exclude::containers` must be globs of names, got \"\""},
		{`{path: "", start_at: x}`, "`path` must name the folder with the folders of the pods\n`start_at` must be \"beginning\" or \"end\", got \"x\""},
	} {
		t.Run(tt.settings, func(t *testing.T) {
			config, err := readConfig(t, tt.settings)
			require.NoError(t, err)
			assert.EqualError(t, config.Validate(), tt.want)
		})
	}
}

func TestUnknownSettingsAreRefused(t *testing.T) {
	for _, settings := range []string{"pth: /x", "batch: {size: 1}", "include: {pod: [a]}", "dead_letter: {directory: /x}", "multiline: {pattern: x}", "spill: {path: /x}"} {
		_, err := readConfig(t, settings)
		assert.ErrorContains(t, err, "invalid keys", settings)
	}
}

// The README is what a user reads.
func TestTheREADMENamesEachSettingAndEachAnomaly(t *testing.T) {
	raw, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var keys func(reflect.Type)
	keys = func(of reflect.Type) {
		for field := range of.Fields() {
			key := "`" + field.Tag.Get("mapstructure") + "`"
			if !strings.Contains(string(raw), key) {
				t.Errorf("the README does not name %s", key)
			}
			if field.Type.Kind() == reflect.Struct {
				keys(field.Type)
			}
		}
	}
	keys(reflect.TypeFor[Config]())
	source, err := os.ReadFile("../internal/tail/consumer.go")
	require.NoError(t, err)
	files := regexp.MustCompile(`\w+ Trouble = "(\w+)"`).FindAllStringSubmatch(string(source), -1)
	require.NotEmpty(t, files)
	hints := map[string]string{}
	for _, kind := range kinds {
		hints[string(kind.Name)] = kind.Hint
		if !strings.Contains(string(raw), "\n| `"+string(kind.Name)+"` | ") {
			t.Errorf("the README does not name %s", kind.Name)
		}
	}
	for _, kind := range files {
		assert.NotEmpty(t, hints[kind[1]], kind[1])
	}
}
