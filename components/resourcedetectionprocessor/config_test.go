// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

// Unknown keys beside those of the HTTP client are found by the distribution, in this processor as in each that has such
// a client: the decoder passes over them.
func TestConfig(t *testing.T) {
	for _, tt := range []struct {
		name, yaml string
		want       []string
	}{
		{name: "nothing has to be set", yaml: ``},
		{name: "a section without settings changes nothing", yaml: `{detectors: [ec2], ec2: }`},
		{name: "settings of the HTTP client stand beside the others", yaml: `{timeout: 2s, proxy_url: "http://proxy", max_idle_conns: 3}`},
		{name: "an attribute is turned on by its name", yaml: `system: {resource_attributes: {host.id: {enabled: true}}}`},
		{name: "every detector of upstream is there", yaml: `detectors: [akamai, aks, alibaba_ecs, azure, azureappservice, azurecontainerapps,
			consul, digitalocean, docker, dynatrace, ec2, ecs, eks, elastic_beanstalk, env, gcp, heroku, hetzner, ibmcloud_classic,
			ibmcloud_vpc, k8s_api, k8snode, kubeadm, lambda, nova, openshift, oraclecloud, scaleway, system, tencent_cvm, upcloud, vultr]`},
		{name: "an attribute that the detector does not know is refused, with those that it knows", yaml: `aks: {resource_attributes: {host.id: {enabled: true}}}`,
			want: []string{`no attribute "host.id"; it has cloud.platform, cloud.provider, k8s.cluster.name`}},
		{name: "and an unknown key of an attribute", yaml: `aks: {resource_attributes: {cloud.platform: {enable: true}}}`, want: []string{"cloud.platform", "enable"}},
		{name: "and an attribute that is no map", yaml: `aks: {resource_attributes: {cloud.platform: true}}`, want: []string{"cloud.platform"}},
		{name: "an unknown detector is refused, with those that there are", yaml: `detectors: [env, mainframe]`,
			want: []string{`got "mainframe"; there are akamai, aks, `}},
		{name: "the section of Elastic Beanstalk is not its detector", yaml: `detectors: [elasticbeanstalk]`, want: []string{"elastic_beanstalk"}},
		{name: "an unknown source of the host name is refused", yaml: `system: {hostname_sources: [os, nis]}`, want: []string{`cname, dns, lookup, os, got "nis"`}},
		{name: "so is an unknown way to the API server", yaml: `k8s_api: {auth_type: magic}`, want: []string{`got "magic"`}},
		{name: "and a negative rate", yaml: `kubeadm: {kube_api_qps: -1}`, want: []string{"`kube_api_qps`"}},
		{name: "a detection has to end", yaml: `timeout: 0`, want: []string{"`retry` has no end"}},
		{name: "which a limit of the retries does", yaml: `{timeout: 0, retry: {max_elapsed_time: 1m}}`},
		{name: "or no retries", yaml: `{timeout: 0, retry: {enabled: false}}`},
		{name: "all that is wrong is said at once", yaml: `{timeout: 0, detectors: [a, b]}`, want: []string{"`retry`", `"a"`, `"b"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := createDefaultConfig()
			err := fromYAML(t, tt.yaml).Unmarshal(cfg)
			if err == nil {
				err = confmap.Validate(cfg)
			}
			if len(tt.want) == 0 {
				require.NoError(t, err)
			}
			for _, want := range tt.want {
				assert.ErrorContains(t, err, want)
			}
		})
	}
}

// Expressions and protocols are looked at when the detector is made, as upstream does.
func TestSettingsThatTheDetectorRefuses(t *testing.T) {
	for yaml, want := range map[string]string{
		`{detectors: [ec2], ec2: {tags: ["("]}}`:                         "`tags`",
		`{detectors: [azure], azure: {tags: ["("]}}`:                     "`tags`",
		`{detectors: [gcp], gcp: {labels: ["("]}}`:                       "`labels`",
		`{detectors: [nova], nova: {labels: ["("]}}`:                     "`labels`",
		`{detectors: [ibmcloud_vpc], ibmcloud_vpc: {protocol: ftp}}`:     `"ftp"`,
		`{detectors: [consul], consul: {address: "unix:///run/consul"}}`: "`address`",
		`{detectors: [consul], consul: {token_file: /does/not/exist}}`:   "`token_file`",
		`{detectors: [openshift], openshift: {token: x}}`:                "this is no pod",
		`{detectors: [k8s_api], k8s_api: {node_from_env_var: NO_SUCH}}`:  "NO_SUCH",
		`{detectors: [kubeadm], kubeadm: {auth_type: none}}`:             "this is no pod",
		`{detectors: []}`: "`detectors` is empty",
	} {
		assert.ErrorContains(t, ours(t, yaml, nil).err, want, yaml)
	}
}

func TestTheConfigurationsOfTheReadmeLoad(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(readme, -1)
	require.NotEmpty(t, examples)
	for _, example := range examples {
		processors, err := fromYAML(t, string(example[1])).Sub("processors")
		require.NoError(t, err)
		for id := range processors.ToStringMap() {
			settings, err := processors.Sub(id)
			require.NoError(t, err)
			cfg := createDefaultConfig()
			require.NoError(t, settings.Unmarshal(cfg), id)
			require.NoError(t, confmap.Validate(cfg), id)
		}
	}
}
