// SPDX-License-Identifier: Apache-2.0

package k8spodsextension

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/tributary-otel/tributary/components/internal/pods"
)

// load reads settings as the collector does.
func load(t testing.TB, yaml string) (*Config, error) {
	t.Helper()
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(yaml))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	config := createDefaultConfig().(*Config)
	if err := conf.Unmarshal(config); err != nil {
		return nil, err
	}
	return config, confmap.Validate(config)
}

func TestConfig(t *testing.T) {
	for _, tt := range []struct{ name, yaml, want string }{
		{name: "defaults", yaml: "{}"},
		{name: "a kubeconfig with its context", yaml: "{auth_type: kubeConfig, context: test}"},
		{name: "no proof", yaml: "auth_type: none"},
		{name: "every attribute there is", yaml: "extract: {metadata: [container.id, k8s.node.uid, service.name]}"},
		{name: "no attribute", yaml: "extract: {metadata: [], otel_annotations: false}"},
		{name: "a label by its key", yaml: "extract: {labels: [{key: app}]}"},
		{name: "annotations by an expression", yaml: `extract: {annotations: [{key_regex: "team-(.*)", tag_name: "team.$1", from: namespace}]}`},
		{name: "of the node", yaml: "extract: {labels: [{key: zone, from: node}]}"},
		{
			name: "an unknown proof", yaml: "auth_type: tls",
			want: "`auth_type` must be one of serviceAccount, kubeConfig, none, got \"tls\"",
		},
		{name: "a context without a kubeconfig", yaml: "context: test", want: "`context` is for `auth_type: kubeConfig` only, got \"test\""},
		{name: "a node that is none", yaml: "node: a,spec.nodeName=b", want: "`node` must be the name of a node, got \"a,spec.nodeName=b\""},
		{name: "an unknown order", yaml: "service_name: app", want: "`service_name` must be otel or k8s-monitoring, got \"app\""},
		{name: "an unknown attribute", yaml: "extract: {metadata: [k8s.pod.name, k8s.pod.nmae]}", want: "extract: `metadata::1` must be one of container.id, "},
		{
			name: "an attribute that is too expensive", yaml: "extract: {metadata: [k8s.deployment.uid]}",
			want: "extract: `metadata::0` must not be \"k8s.deployment.uid\": it would take a watch on all ReplicaSets of the cluster",
		},
		{name: "the uid of the cluster", yaml: "extract: {metadata: [k8s.cluster.uid]}", want: "the processor resource_detection has it"},
		{name: "neither key nor expression", yaml: "extract: {labels: [{key: a}, {tag_name: x}]}", want: "extract::labels::1: either `key` or `key_regex` must be set, got \"\" and \"\""},
		{name: "both", yaml: "extract: {labels: [{key: a, key_regex: b}]}", want: "extract::labels::0: either `key` or `key_regex` must be set, got \"a\" and \"b\""},
		{
			name: "an expression that is none", yaml: `extract: {annotations: [{key_regex: "a("}]}`,
			want: "extract::annotations::0: `key_regex` must be a regular expression as RE2 has them, got \"a(\": error parsing regexp: missing closing ): `a(`",
		},
		{
			name: "an object that is not watched", yaml: "extract: {labels: [{key: a, from: deployment}]}",
			want: "extract::labels::0: `from` must be pod, namespace or node, got \"deployment\"; other objects would have to be watched in the whole cluster",
		},
		{name: "a setting that does not exist", yaml: "pod_association: []", want: "has invalid keys: pod_association"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			config, err := load(t, tt.yaml)
			if tt.want != "" {
				require.ErrorContains(t, err, tt.want)
				return
			}
			require.NoError(t, err)
			_, err = config.rules()
			require.NoError(t, err)
		})
	}
}

func TestEveryBrokenSettingIsReported(t *testing.T) {
	_, err := load(t, `{auth_type: x, node: "a b", service_name: y, extract: {metadata: [z], labels: [{from: pdo}], annotations: [{key_regex: "["}]}}`)
	for _, want := range []string{
		"`auth_type`", "`node`", "`service_name`", "extract: `metadata::0`", "extract::labels::0: either `key`", "`from` must be",
		"extract::annotations::0: `key_regex`",
	} {
		require.ErrorContains(t, err, want)
	}
}

func TestTheRules(t *testing.T) {
	config, err := load(t, `
service_name: k8s-monitoring
extract:
  metadata: [k8s.pod.uid]
  otel_annotations: false
  labels: [{key: app, tag_name: app}]
  annotations: [{key_regex: "team-(.*)", tag_name: "team.$1", from: namespace}]
`)
	require.NoError(t, err)
	rules, err := config.rules()
	require.NoError(t, err)
	expression, err := pods.CompileKey("team-(.*)")
	require.NoError(t, err)
	assert.Equal(t, pods.Rules{
		Metadata: []string{"k8s.pod.uid"}, ServiceName: pods.OrderK8sMonitoring,
		Labels:      []pods.Field{{Key: "app", TagName: "app"}},
		Annotations: []pods.Field{{KeyRegex: expression, TagName: "team.$1", From: pods.FromNamespace}},
	}, rules)
}

func TestTheReadmeShowsConfigurationsThatLoad(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	shown := 0
	for _, block := range regexp.MustCompile("(?s)```yaml\nextensions:(.*?)```").FindAllSubmatch(readme, -1) {
		retrieved, err := confmap.NewRetrievedFromYAML(append([]byte("extensions:"), block[1]...))
		require.NoError(t, err)
		conf, err := retrieved.AsConf()
		require.NoError(t, err)
		sub, err := conf.Sub("extensions::k8s_pods")
		require.NoError(t, err)
		config := createDefaultConfig()
		require.NoError(t, sub.Unmarshal(config))
		// The collector replaces what stands for the environment.
		config.(*Config).Node = "node-a"
		require.NoError(t, confmap.Validate(config))
		shown++
	}
	assert.Equal(t, 2, shown)
	id := component.MustNewID("checkpoint_storage")
	assert.Equal(t, []component.ID{id}, (&k8sPods{config: &Config{Storage: &id}}).Dependencies())
	assert.Empty(t, (&k8sPods{config: &Config{}}).Dependencies())
}
