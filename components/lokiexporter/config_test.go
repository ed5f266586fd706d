// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
)

func TestDefaults(t *testing.T) {
	c := loadFile(t, "config.yaml", "loki")
	assert.Equal(t, "http://loki:3100", c.ClientConfig.Endpoint)
	assert.Equal(t, 30*time.Second, c.ClientConfig.Timeout)
	assert.True(t, c.QueueConfig.HasValue())
	assert.True(t, c.RetryConfig.Enabled)
	assert.Zero(t, c.RetryConfig.MaxElapsedTime, "nothing is given up")
	assert.False(t, c.Labels.HasValue(), "as the removed upstream exporter")
	assert.Equal(t, TenantConfig{Attribute: "__tenant_id__"}, c.Tenant)
	assert.Equal(t, LimitsConfig{
		MaxLabelNames: 15, MaxLabelValueBytes: 2048, MaxLineBytes: 262144, LongLines: "split",
		MaxMetadataPairs: 128, MaxMetadataBytes: 65536, MaxAge: 168 * time.Hour, MaxFuture: 10 * time.Minute, MaxBehind: time.Hour,
	}, c.Limits)
	assert.Equal(t, 3<<20, c.MaxRequestBytes)
	assert.Equal(t, DeadLetterConfig{MaxBytes: 100 << 20}, c.DeadLetter)
}

func TestEverySetting(t *testing.T) {
	c := loadFile(t, "config.yaml", "loki/everything")
	assert.Equal(t, &LabelsConfig{
		Profile:            "none",
		ResourceAttributes: map[string]string{"k8s.namespace.name": "namespace", "k8s.node.name": "node"},
		Attributes:         map[string]string{"level": "level"},
		Templates:          map[string]string{"job": "{k8s.namespace.name}/{job|k8s.container.name}"},
	}, c.Labels.Get())
	assert.Equal(t, []string{"k8s.pod.name", "trace_id", "span_id"}, c.StructuredMetadata)
	assert.Equal(t, map[string]string{"cluster": "production"}, c.ExternalLabels)
	assert.Equal(t, TenantConfig{Value: "team-a", Attribute: "tenant.name"}, c.Tenant)
	assert.Equal(t, "raw", c.Format)
	assert.Equal(t, LimitsConfig{
		MaxLabelNames: 30, MaxLabelValueBytes: 1024, MaxLineBytes: 65536, LongLines: "truncate",
		MaxMetadataPairs: 64, MaxMetadataBytes: 32768, MaxAge: 24 * time.Hour, MaxFuture: 5 * time.Minute, MaxBehind: 30 * time.Minute,
	}, c.Limits)
	assert.Equal(t, 1<<20, c.MaxRequestBytes)
	assert.Equal(t, DeadLetterConfig{Path: "/var/lib/tributary/refused.jsonl", MaxBytes: 10 << 20}, c.DeadLetter)
}

func TestLabelsInTheirShortForms(t *testing.T) {
	lists := loadFile(t, "config.yaml", "loki/lists").Labels.Get()
	assert.Equal(t, map[string]string{"service.name": "service_name", "k8s.namespace.name": "k8s_namespace_name"}, lists.ResourceAttributes)
	assert.Equal(t, map[string]string{"level": "level", "http.route": "http_route"}, lists.Attributes)

	all := loadFile(t, "config.yaml", "loki/all").Labels.Get()
	assert.Equal(t, map[string]string{"*": "*"}, all.ResourceAttributes)

	alloy := loadFile(t, "config.yaml", "loki/alloy").Labels.Get()
	assert.Equal(t, &LabelsConfig{Profile: "alloy"}, alloy)
	for _, yaml := range []string{"labels:", "labels: {}", "labels: {templates: {job: ''}}"} {
		c, err := load(t, "endpoint: http://loki:3100\n"+yaml)
		require.NoError(t, err)
		require.True(t, c.Labels.HasValue(), yaml)
		assert.Equal(t, "alloy", c.Labels.Get().Profile, yaml)
	}
}

func TestSettingsOfTheRemovedUpstreamExporter(t *testing.T) {
	least := loadFile(t, "upstream.yaml", "loki/least")
	assert.False(t, least.Labels.HasValue())
	assert.Nil(t, least.DefaultLabelsEnabled)

	c := loadFile(t, "upstream.yaml", "loki/everything")
	assert.Equal(t, "https://logs.example.com:3100/loki/api/v1/push", c.ClientConfig.Endpoint)
	assert.Equal(t, 7*time.Second, c.ClientConfig.Timeout)
	assert.Equal(t, 4096, c.ClientConfig.ReadBufferSize)
	assert.Equal(t, 8192, c.ClientConfig.WriteBufferSize)
	assert.Equal(t, "/etc/loki/ca.pem", c.ClientConfig.TLS.CAFile)
	assert.Equal(t, 3, c.QueueConfig.Get().NumConsumers)
	assert.EqualValues(t, 20, c.QueueConfig.Get().QueueSize)
	assert.Equal(t, 5*time.Minute, c.RetryConfig.MaxElapsedTime)
	header, _ := c.ClientConfig.Headers.Get("X-Custom-Header")
	assert.Equal(t, "custom", string(header))
	assert.Equal(t, map[string]bool{"exporter": false, "level": false}, c.DefaultLabelsEnabled)

	tenant := loadFile(t, "upstream.yaml", "loki/tenant")
	header, _ = tenant.ClientConfig.Headers.Get("X-Scope-OrgID")
	assert.Equal(t, "acme", string(header))
	assert.True(t, tenant.ClientConfig.Auth.HasValue())
}

func TestConfig(t *testing.T) {
	const endpoint = "endpoint: http://loki:3100\n"
	for _, tt := range []struct {
		name, yaml string
		// want are parts of the error; there is none when empty.
		want []string
	}{
		{name: "nothing", yaml: "{}", want: []string{"`endpoint` must be the push URL of Loki", `got ""`}},
		{name: "a full URL", yaml: "endpoint: https://loki.example.com:443/custom/push?x=y"},
		{name: "a URL without a scheme", yaml: "endpoint: loki:3100", want: []string{"`endpoint` must begin with http:// or https://, got \"loki:\""}},
		{name: "a path", yaml: "endpoint: /loki/api/v1/push", want: []string{"`endpoint` must begin with http"}},
		{name: "another scheme", yaml: "endpoint: grpc://loki:9095", want: []string{"`endpoint` must begin with http", `got "grpc:"`}},
		{name: "a URL without a host", yaml: "endpoint: http:///push", want: []string{"`endpoint` must name a host"}},
		{name: "a URL with only a port", yaml: "endpoint: 'http://:3100'", want: []string{"`endpoint` must name a host"}},
		{name: "no URL at all", yaml: "endpoint: 'http://loki:port/'", want: []string{"`endpoint` must be a valid URL"}},

		{name: "format json", yaml: endpoint + "format: json"},
		{name: "format logfmt", yaml: endpoint + "format: logfmt"},
		{name: "an unknown format", yaml: endpoint + "format: xml", want: []string{"`format` must be raw, json or logfmt, got \"xml\""}},

		{name: "small requests", yaml: endpoint + "max_request_bytes: 65536"},
		{name: "too small requests", yaml: endpoint + "max_request_bytes: 65535", want: []string{"`max_request_bytes` must be between 65536 and 4194304, got 65535"}},
		{name: "requests larger than Loki can take", yaml: endpoint + "max_request_bytes: 4194305", want: []string{"`max_request_bytes` must be between 65536 and 4194304, got 4194305"}},

		{name: "no dead letters", yaml: endpoint + "dead_letter: {path: none}"},
		{name: "a tiny dead-letter file", yaml: endpoint + "dead_letter: {max_bytes: 1000}", want: []string{"`dead_letter::max_bytes` must be at least 1048576, got 1000"}},

		{name: "a tenant", yaml: endpoint + "tenant: {value: \"Team-1_a.b!*'()\"}"},
		{name: "a long tenant", yaml: endpoint + "tenant: {value: " + strings.Repeat("a", 150) + "}"},
		{name: "a tenant that is too long", yaml: endpoint + "tenant: {value: " + strings.Repeat("a", 151) + "}", want: []string{"`tenant::value` must be at most 150 bytes long, got \"aaa"}},
		{name: "a tenant of a dot", yaml: endpoint + "tenant: {value: .}", want: []string{"`tenant::value` must not be `.` or `..`, got \".\""}},
		{name: "two tenants", yaml: endpoint + "tenant: {value: a|b}", want: []string{"`tenant::value` must be made of letters, digits and !-_.*'(), got \"a|b\""}},
		{name: "a tenant with a slash", yaml: endpoint + "tenant: {value: a/b}", want: []string{`got "a/b"`}},
		{name: "a part of a tenant, which Loki cuts off", yaml: endpoint + "tenant: {value: 'a:b'}", want: []string{`got "a:b"`}},
		{name: "a tenant with other letters", yaml: endpoint + "tenant: {value: ä}", want: []string{`got "ä"`}},
		{name: "no attribute for tenants", yaml: endpoint + "tenant: {attribute: ''}", want: []string{"`tenant::attribute` must name an attribute (default: __tenant_id__), got \"\""}},
		{name: "a tenant in a header", yaml: endpoint + "headers: {x-scope-orgid: acme}"},
		{name: "a tenant in a header that Loki refuses", yaml: endpoint + "headers: {x-scope-orgid: a|b}", want: []string{"`headers::X-Scope-OrgID` must be made of letters, digits"}},
		{name: "two places for the tenant", yaml: endpoint + "headers: {x-scope-orgid: acme}\ntenant: {value: acme}", want: []string{"`tenant::value` and the header X-Scope-OrgID say the same thing"}},

		{name: "all metadata", yaml: endpoint + "labels:\nstructured_metadata: all"},
		{name: "no metadata", yaml: endpoint + "labels:\nstructured_metadata: none"},
		{name: "no metadata, as a list", yaml: endpoint + "labels:\nstructured_metadata: [none]"},
		{name: "some metadata", yaml: endpoint + "labels:\nstructured_metadata: [pod, trace_id]"},
		{name: "all metadata and some", yaml: endpoint + "labels:\nstructured_metadata: [all, pod]", want: []string{"`structured_metadata` must be all, none or a list of attribute names, got [\"all\" \"pod\"]"}},
		{name: "some metadata and none", yaml: endpoint + "labels:\nstructured_metadata: [pod, none]", want: []string{"`structured_metadata` must be all, none or a list"}},
		{name: "metadata without a name", yaml: endpoint + "labels:\nstructured_metadata: [pod, '']", want: []string{"`structured_metadata` must be all, none or a list"}},
		{name: "no metadata without labels", yaml: endpoint + "structured_metadata: none"},
		{name: "metadata without labels", yaml: endpoint + "structured_metadata: all", want: []string{"`structured_metadata` must go with a `labels` section"}},

		{name: "default labels", yaml: endpoint + "default_labels_enabled: {exporter: false, job: true, instance: true, level: false}"},
		{name: "an unknown default label", yaml: endpoint + "default_labels_enabled: {pod: true}", want: []string{"`default_labels_enabled` knows exporter, instance, job, level, got \"pod\""}},
		{name: "default labels beside labels", yaml: endpoint + "labels:\ndefault_labels_enabled: {job: true}", want: []string{"`default_labels_enabled` and `labels` exclude each other"}},

		{name: "an external label", yaml: endpoint + "external_labels: {cluster: a}"},
		{name: "an external label with an illegal name", yaml: endpoint + "external_labels: {my.cluster: a}", want: []string{"`external_labels` must be named with letters, digits and underscores", `got "my.cluster"`}},
		{name: "an external label that nobody may see", yaml: endpoint + "external_labels: {__x: a}", want: []string{"`external_labels` must be named", `got "__x"`}},
		{name: "an external label without a value", yaml: endpoint + "external_labels: {cluster: ''}", want: []string{"`external_labels::cluster` must have a value, got \"\""}},
		{name: "a long external label", yaml: endpoint + "external_labels: {cluster: " + strings.Repeat("a", 2049) + "}", want: []string{"`external_labels::cluster` must be at most 2048 bytes long (`limits::max_label_value_bytes`), got 2049"}},
		{name: "15 external labels", yaml: endpoint + "external_labels: {" + labelsNamed(15, "%s: x") + "}"},
		{name: "16 external labels", yaml: endpoint + "external_labels: {" + labelsNamed(16, "%s: x") + "}", want: []string{"name 16 labels together, more than the 15 that Loki accepts"}},

		{name: "profile otel", yaml: endpoint + "labels: {profile: otel}"},
		{name: "an unknown profile", yaml: endpoint + "labels: {profile: promtail}", want: []string{"`labels::profile` must be alloy, otel or none, got \"promtail\""}},
		{name: "no profile", yaml: endpoint + "labels: {profile: ''}", want: []string{"`labels::profile` must be alloy, otel or none, got \"\""}},
		{name: "an unknown setting of labels", yaml: endpoint + "labels: {values: [a]}", want: []string{"values"}},
		{name: "15 labels and service_name", yaml: endpoint + "labels: {resource_attributes: [" + labelsNamed(15, "%s") + ", service.name]}"},
		{name: "16 labels", yaml: endpoint + "labels: {resource_attributes: [" + labelsNamed(16, "%s") + "]}", want: []string{
			"`labels` and `external_labels` name 16 labels together, more than the 15 that Loki accepts (`limits::max_label_names`; max_label_names_per_series in Loki)"}},
		{name: "16 labels of three kinds", yaml: endpoint + "labels: {resource_attributes: [" + labelsNamed(13, "%s") + "], attributes: [b], templates: {c: '{c}'}}\nexternal_labels: {d: e}", want: []string{"name 16 labels"}},
		{name: "an external label that a record may have too", yaml: endpoint + "labels: {resource_attributes: [" + labelsNamed(15, "%s") + "]}\nexternal_labels: {l00: a}"},
		{name: "16 labels where Loki allows more", yaml: endpoint + "labels: {resource_attributes: [" + labelsNamed(16, "%s") + "]}\nlimits: {max_label_names: 16}"},
		{name: "a label with an illegal name", yaml: endpoint + "labels: {resource_attributes: {a: b.c}}", want: []string{"`labels::resource_attributes` must name labels with letters", `got "b.c" for a`}},
		{name: "a label that nobody may see", yaml: endpoint + "labels: {attributes: {a: __b}}", want: []string{"`labels::attributes` must name labels", `got "__b" for a`}},
		{name: "an attribute that is never sent", yaml: endpoint + "labels: {resource_attributes: [__tenant_id__]}", want: []string{"`labels::resource_attributes` must name attributes that may be sent, got \"__tenant_id__\""}},
		{name: "an attribute that is never sent, under another name", yaml: endpoint + "labels: {attributes: {__x: x}}", want: []string{"`labels::attributes` must name attributes that may be sent, got \"__x\""}},
		{name: "an attribute without a name", yaml: endpoint + "labels: {resource_attributes: ['']}", want: []string{"`labels::resource_attributes` must list names of attributes, got \"\" in place 1"}},
		{name: "an attribute without a name, under another one", yaml: endpoint + "labels: {resource_attributes: {'': x}}", want: []string{"`labels::resource_attributes` must name attributes that may be sent, got \"\""}},
		{name: "an attribute that is no name", yaml: endpoint + "labels: {attributes: [a, {b: c}]}", want: []string{"`labels::attributes` must list names of attributes, got map[string]interface {}{\"b\":\"c\"} in place 2"}},
		{name: "an attribute of other letters", yaml: endpoint + "labels: {resource_attributes: [日志]}"},
		{name: "every record attribute", yaml: endpoint + "labels: {attributes: ['*']}", want: []string{"`labels::attributes` must name labels", `got "*" for *`}},
		{name: "every resource attribute under one name", yaml: endpoint + "labels: {resource_attributes: {'*': x}}"},
		{name: "one label for two attributes", yaml: endpoint + "labels: {resource_attributes: [a.b, a_b]}", want: []string{"`labels` sets the label \"a_b\" twice: resource_attributes::a.b and resource_attributes::a_b"}},
		{name: "one label for attributes of resource and record", yaml: endpoint + "labels: {resource_attributes: [a], attributes: [a]}", want: []string{"`labels` sets the label \"a\" twice: resource_attributes::a and attributes::a"}},
		{name: "one label for an attribute and a template", yaml: endpoint + "labels: {resource_attributes: [a], templates: {a: '{b}'}}", want: []string{"`labels` sets the label \"a\" twice: resource_attributes::a and templates::a"}},
		{name: "a template", yaml: endpoint + "labels: {templates: {job: '{service.namespace}/{service.name|app}'}}"},
		{name: "a template that takes a label away", yaml: endpoint + "labels: {templates: {job: ''}}"},
		{name: "a broken template", yaml: endpoint + "labels: {templates: {job: '{a'}}", want: []string{"`labels::templates::job` must be text with attributes in braces", `got "{a": ` + "`{` without a `}` behind it"}},
		{name: "a template of an illegal label", yaml: endpoint + "labels: {templates: {'a.b': '{a}'}}", want: []string{"`labels::templates` must name labels with letters", `got "a.b"`}},

		{name: "limits lifted", yaml: endpoint + "limits: {max_line_bytes: 0, max_metadata_pairs: 0, max_metadata_bytes: 0, max_age: 0, max_future: 0}"},
		{name: "long lines refused", yaml: endpoint + "limits: {long_lines: refuse}"},
		{name: "no labels allowed", yaml: endpoint + "limits: {max_label_names: 0}", want: []string{"`limits::max_label_names` must be positive, got 0"}},
		{name: "short labels", yaml: endpoint + "limits: {max_label_value_bytes: 15}", want: []string{"`limits::max_label_value_bytes` must be at least 16, got 15"}},
		{name: "short lines", yaml: endpoint + "limits: {max_line_bytes: 1023}", want: []string{"`limits::max_line_bytes` must be at least 1024, or 0 for no limit, got 1023"}},
		{name: "something else for long lines", yaml: endpoint + "limits: {long_lines: drop}", want: []string{"`limits::long_lines` must be split, truncate or refuse, got \"drop\""}},
		{name: "negative limits", yaml: endpoint + "limits: {max_metadata_pairs: -1, max_metadata_bytes: -2, max_age: -3ns, max_future: -4ns, max_behind: -5ns}", want: []string{
			"`limits::max_metadata_pairs` must not be negative, got -1", "`limits::max_metadata_bytes` must not be negative, got -2",
			"`limits::max_age` must not be negative, got -3ns", "`limits::max_future` must not be negative, got -4ns", "`limits::max_behind` must not be negative, got -5ns"}},

		{name: "settings that there are not", yaml: endpoint + "tenant_id: a\nbatchwait: 1s", want: []string{"`batchwait` is not a setting of this exporter\n`tenant_id` is not a setting"}},
		{name: "settings of an HTTP client", yaml: endpoint + "proxy_url: http://proxy\ntls: {insecure: true}\ncompression: none\nkeepalive: {idle_conn_timeout: 5s}\nauth: {authenticator: basicauth}"},
		{name: "all that is broken, at once", yaml: "endpoint: x\nformat: y\ntenant: {value: ..}\nlabels: {profile: z}\nlimits: {max_label_names: -1}", want: []string{
			"`endpoint`", "`format`", "`tenant::value`", "`labels::profile`", "`limits::max_label_names`"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.yaml)
			if len(tt.want) == 0 {
				require.NoError(t, err)
			}
			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

// labelsNamed lists n labels in the given form.
func labelsNamed(n int, form string) string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf(form, fmt.Sprintf("l%02d", i)))
	}
	return strings.Join(names, ", ")
}

func TestErrorsHoldNoPassword(t *testing.T) {
	const secret = "s3cret"
	for _, endpoint := range []string{
		"ftp://user:s3cret@loki/push", "user:s3cret@loki/push", "http:user:s3cret@loki", "//user:s3cret@loki", "http://user:s3cret@:3100/",
		"http://user:s3cret@loki:port/", "http://user:s3cret@%zz/", "http://user:s3cret@/push", "/user:s3cret@loki", "loki://?token=s3cret",
	} {
		_, err := load(t, fmt.Sprintf("endpoint: %q\ntenant: {attribute: ''}", endpoint))
		require.ErrorContains(t, err, "`endpoint`", endpoint)
		assert.NotContains(t, err.Error(), secret, endpoint)
	}
	_, err := load(t, "endpoint: http://loki:3100\nheaders: {X-Scope-OrgID: 'a|s3cret'}")
	require.Error(t, err)
	assert.NotContains(t, err.Error(), secret)
}

func TestPushURL(t *testing.T) {
	for endpoint, want := range map[string]string{
		"http://loki:3100":                         "http://loki:3100/loki/api/v1/push",
		"http://loki:3100/":                        "http://loki:3100/loki/api/v1/push",
		"https://loki/loki/api/v1/push":            "https://loki/loki/api/v1/push",
		"https://gateway/tenants/a/push?x=y":       "https://gateway/tenants/a/push?x=y",
		"http://[::1]:3100":                        "http://[::1]:3100/loki/api/v1/push",
		"https://user:password@logs.example.com":   "https://user:password@logs.example.com/loki/api/v1/push",
		"http://loki:3100?x=y":                     "http://loki:3100/loki/api/v1/push?x=y",
		"https://logs.example.com/loki/api/v1/raw": "https://logs.example.com/loki/api/v1/raw",
	} {
		got, err := pushURL(endpoint)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

// TestReadmeExample loads the first example of the README.
func TestReadmeExample(t *testing.T) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "```yaml\n")
	require.True(t, found)
	example, _, _ := strings.Cut(rest, "```")
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(example))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	exporters, err := conf.Sub("exporters")
	require.NoError(t, err)
	require.NotEmpty(t, exporters.ToStringMap())
	for key := range exporters.ToStringMap() {
		var name component.ID
		require.NoError(t, name.UnmarshalText([]byte(key)))
		require.Equal(t, "loki", name.Type().String())
		sub, err := exporters.Sub(key)
		require.NoError(t, err)
		config := createDefaultConfig().(*Config)
		require.NoError(t, sub.Unmarshal(config))
		require.NoError(t, confmap.Validate(config))
	}
}
