// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const azureAnswer = `{"location": "westeurope", "name": "vm-1", "vmId": "id-1", "vmSize": "Standard_D2", "subscriptionId": "sub",
	"resourceGroupName": "MC_group_shop_westeurope", "vmScaleSetName": "", "zone": "1", "osProfile": {"computerName": "pc-1"},
	"tagsList": [{"name": "team", "value": "a"}, {"name": "cost", "value": "b"}]}`

const novaAnswer = `{"availability_zone": "z", "hostname": "h", "name": "n", "project_id": "p", "uuid": "u", "meta": {"team": "a", "x": "y"}}`

// Of the services that upstream asks by a proxy, so that the fake is reached by both.
var services = []struct {
	detector, section string
	answers           replies
	headers           []string
	want              int
}{
	{"azure", `azure: {tags: [^te], resource_attributes: {cloud.availability_zone: {enabled: true}}}`,
		replies{"/metadata/instance/compute": azureAnswer}, []string{"Metadata", "true"}, 11},
	{"azure", ``, replies{"/metadata/instance/compute": `{"name": "vm-1", "vmScaleSetName": "set"}`}, nil, 10},
	{"digitalocean", ``, replies{"/metadata/v1.json": `{"droplet_id": 12345678901, "hostname": "h", "region": "fra1", "tags": ["x"]}`}, nil, 4},
	{"upcloud", ``, replies{"/metadata/v1.json": `{"cloud_name": "upcloud", "hostname": "h", "instance_id": "i", "region": "fi-hel1"}`}, nil, 4},
	{"alibaba_ecs", ``, replies{"PUT /latest/api/token": secret, "/latest/meta-data/hostname": "h", "/latest/meta-data/image-id": "i",
		"/latest/meta-data/instance-id": "id", "/latest/meta-data/instance/instance-type": "t", "/latest/meta-data/owner-account-id": "a",
		"/latest/meta-data/region-id": "r", "/latest/meta-data/zone-id": "z"}, []string{"X-aliyun-ecs-metadata-token", secret}, 9},
	{"tencent_cvm", ``, replies{"/latest/meta-data/instance-name": "h", "/latest/meta-data/instance/image-id": "i",
		"/latest/meta-data/instance-id": "id", "/latest/meta-data/instance/instance-type": "t", "/latest/meta-data/app-id": "a",
		"/latest/meta-data/placement/region": "r", "/latest/meta-data/placement/zone": "z"}, nil, 9},
	{"nova", `nova: {labels: [team]}`, replies{"/openstack/latest/meta_data.json": novaAnswer, "/latest/meta-data/instance-type": "m1"}, nil, 8},
	{"nova", ``, replies{"/openstack/latest/meta_data.json": novaAnswer}, nil, 6},
	{"oraclecloud", ``, replies{"/opc/v2/instance/": `{"id": "i", "displayName": "d", "shape": "s", "canonicalRegionName": "r",
		"availabilityDomain": "ad", "metadata": {"oke-cluster-display-name": "c", "realm": "oc1"}}`}, []string{"Authorization", "Bearer Oracle"}, 9},
	{"hetzner", `hetzner: {resource_attributes: {cloud.platform: {enabled: true}}}`, replies{"/hetzner/v1/metadata/hostname": "h\n",
		"/hetzner/v1/metadata/instance-id": "42", "/hetzner/v1/metadata/region": "eu-central", "/hetzner/v1/metadata/availability-zone": "fsn1-dc1"}, nil, 6},
	{"hetzner", ``, replies{"/hetzner/v1/metadata/hostname": "h"}, nil, 2},
	{"akamai", ``, replies{"PUT /v1/token": `["` + secret + `"]`, "/v1/instance": `{"id": 7, "label": "l", "region": "r", "type": "t",
		"image": {"id": "i", "label": "n"}, "account_euuid": "a"}`}, []string{"Metadata-Token", secret}, 9},
	{"scaleway", ``, replies{"/": "", "/conf": `{"id": "i", "name": "n", "organization": "o", "commercial_type": "t",
		"image": {"id": "ii", "name": "in"}, "location": {"zone_id": "fr-par-1"}}`}, nil, 10},
}

func TestMetadataServicesEqualUpstream(t *testing.T) {
	for _, tt := range services {
		t.Run(tt.detector+" "+tt.section, func(t *testing.T) {
			world.is(t, tt.answers, tt.headers...)
			got := same(t, "detectors: ["+tt.detector+"]\n"+tt.section, nil)
			require.NoError(t, got.err)
			assert.Len(t, got.resource, tt.want)
		})
	}
}

// Where upstream asks no proxy, or wants TLS, the fake is reached by ours alone.
func TestMetadataServicesOfWhichUpstreamCannotBeFaked(t *testing.T) {
	for _, tt := range []struct {
		name, yaml string
		answers    replies
		headers    []string
		want       attributes
	}{
		{"Vultr", `{detectors: [vultr], vultr: {resource_attributes: {cloud.platform: {enabled: true}}}}`,
			replies{"/v1.json": `{"hostname": "h", "instanceid": "1", "instance-v2-id": "uuid", "region": {"regioncode": "EWR"}}`}, nil,
			attributes{"cloud.provider": "vultr", "cloud.platform": "vultr.cloud_compute", "cloud.region": "ewr", "host.id": "uuid", "host.name": "h"}},
		{"Vultr with the old ID alone", `{detectors: [vultr]}`, replies{"/v1.json": `{"instanceid": "1"}`}, nil,
			attributes{"cloud.provider": "vultr", "host.id": "1"}},
		{"IBM Cloud VPC", `{detectors: [ibmcloud_vpc]}`, replies{"PUT /identity/v1/token": `{"access_token": "` + secret + `"}`,
			"/metadata/v1/instance": `{"id": "i", "crn": "crn:v1:bluemix:public:is:us-south-1:a/acc::instance:i", "name": "n",
				"profile": {"name": "p"}, "zone": {"name": "us-south-1"}, "image": {"id": "ii", "name": "in"}}`},
			[]string{"Authorization", "Bearer " + secret},
			attributes{"cloud.provider": "ibm_cloud", "cloud.platform": "ibm_cloud.vpc", "cloud.account.id": "acc", "cloud.region": "us-south",
				"cloud.availability_zone": "us-south-1", "cloud.resource_id": "crn:v1:bluemix:public:is:us-south-1:a/acc::instance:i",
				"host.id": "i", "host.image.id": "ii", "host.image.name": "in", "host.name": "n", "host.type": "p"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			world.is(t, tt.answers, tt.headers...)
			got := ours(t, tt.yaml, nil)
			require.NoError(t, got.err)
			assert.Equal(t, tt.want, got.resource)
			assert.Equal(t, newerSchemaURL, got.schema)
		})
	}
}

func TestAKSEqualsUpstream(t *testing.T) {
	const yaml = `{detectors: [aks], retry: {enabled: false}, aks: {resource_attributes: {k8s.cluster.name: {enabled: true}}}}`
	assert.Empty(t, same(t, yaml, nil).resource, "outside of Kubernetes")
	assert.Empty(t, same(t, `{fail_on_missing_metadata: true, `+yaml[1:], nil).resource, "outside of Kubernetes")
	t.Setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
	t.Run("a group that Azure named", func(t *testing.T) {
		world.is(t, replies{"/metadata/instance/compute": azureAnswer})
		assert.Equal(t, "shop", same(t, yaml, nil).resource["k8s.cluster.name"])
	})
	t.Run("a group that the user named", func(t *testing.T) {
		world.is(t, replies{"/metadata/instance/compute": `{"resourceGroupName": "my_own_group"}`})
		assert.Equal(t, "my_own_group", same(t, yaml, nil).resource["k8s.cluster.name"])
	})
}
