// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"encoding/json"
	"fmt"
	"strings"

	conventions "go.opentelemetry.io/otel/semconv/v1.40.0"
)

// Clouds that describe a machine by plain HTTP, in alphabetical order.

var akamai = metadataService{
	name: "Akamai", schema: schemaURL,
	section:  func(c *DetectorConfig) StrictSection { return StrictSection{Section: c.Akamai} },
	provider: conventions.CloudProviderAkamaiCloud.Value.AsString(),
	platform: conventions.CloudPlatformAkamaiCloudCompute.Value.AsString(),
	headers:  map[string]string{"Accept": "application/json"},
	token: &serviceToken{
		url:     "http://169.254.169.254/v1/token",
		headers: map[string]string{"Metadata-Token-Expiry-Seconds": "3600", "Accept": "application/json"},
		read: func(answer []byte) (string, error) {
			var tokens []string
			if err := json.Unmarshal(answer, &tokens); err != nil || len(tokens) == 0 {
				return "", err
			}
			return tokens[0], nil
		},
		header: "Metadata-Token",
	},
	documents: []string{"http://169.254.169.254/v1/instance"},
	fields: map[string]string{
		"cloud.account.id": "account_euuid", "cloud.region": "region", "host.id": "id", "host.image.id": "image.id",
		"host.image.name": "image.label", "host.name": "label", "host.type": "type",
	},
}

var alibabaECS = metadataService{
	name: "Alibaba Cloud ECS", schema: schemaURL,
	section:  func(c *DetectorConfig) StrictSection { return c.AlibabaECS },
	provider: conventions.CloudProviderAlibabaCloud.Value.AsString(),
	platform: conventions.CloudPlatformAlibabaCloudECS.Value.AsString(),
	token: &serviceToken{
		url:     "http://100.100.100.200/latest/api/token",
		headers: map[string]string{"X-aliyun-ecs-metadata-token-ttl-seconds": "21600"},
		read:    func(answer []byte) (string, error) { return string(answer), nil },
		header:  "X-aliyun-ecs-metadata-token",
	},
	texts: below("http://100.100.100.200/latest/meta-data/", map[string]string{
		"cloud.account.id": "owner-account-id", "cloud.availability_zone": "zone-id", "cloud.region": "region-id",
		"host.id": "instance-id", "host.image.id": "image-id", "host.name": "hostname", "host.type": "instance/instance-type",
	}),
}

var digitalOcean = metadataService{
	name: "DigitalOcean", schema: schemaURL, provider: "digitalocean",
	section:   func(c *DetectorConfig) StrictSection { return StrictSection{Section: c.DigitalOcean} },
	documents: []string{"http://169.254.169.254/metadata/v1.json"},
	fields:    map[string]string{"cloud.region": "region", "host.id": "droplet_id", "host.name": "hostname"},
}

var hetzner = metadataService{
	name: "Hetzner", schema: newerSchemaURL, sparse: true, first: "host.name",
	section:  func(c *DetectorConfig) StrictSection { return StrictSection{Section: c.Hetzner} },
	provider: conventions.CloudProviderHetzner.Value.AsString(),
	platform: conventions.CloudPlatformHetznerCloudServer.Value.AsString(),
	texts: below("http://169.254.169.254/hetzner/v1/metadata/", map[string]string{
		"cloud.availability_zone": "availability-zone", "cloud.region": "region", "host.id": "instance-id", "host.name": "hostname",
	}),
}

var ibmCloudClassic = metadataService{
	name: "IBM Cloud Classic", schema: schemaURL, internet: true, platform: "ibm_cloud.classic",
	section:  func(c *DetectorConfig) StrictSection { return StrictSection{Section: c.IBMCloudClassic} },
	provider: conventions.CloudProviderIBMCloud.Value.AsString(),
	texts: below("https://api.service.softlayer.com/rest/v3.1/SoftLayer_Resource_Metadata/", map[string]string{
		"cloud.account.id": "getAccountId.txt", "cloud.availability_zone": "getDatacenter.txt",
		"cloud.resource_id": "getGlobalIdentifier.txt", "host.id": "getId.txt", "host.name": "getHostname.txt",
	}),
}

// newIBMCloudVPC returns the detector `ibmcloud_vpc`, whose service can be asked with or without TLS.
func newIBMCloudVPC(s settings) (detect, error) {
	protocol := s.sections.IBMCloudVPC.Protocol
	if protocol != "http" && protocol != "https" {
		return nil, fmt.Errorf("`protocol` must be http or https, got %q", protocol)
	}
	base, version := protocol+"://api.metadata.cloud.ibm.com", "?version=2026-01-30"
	return service(metadataService{
		name: "IBM Cloud VPC", schema: newerSchemaURL, sparse: true, platform: "ibm_cloud.vpc",
		section:  func(c *DetectorConfig) StrictSection { return StrictSection{Section: c.IBMCloudVPC.Section} },
		provider: conventions.CloudProviderIBMCloud.Value.AsString(),
		headers:  map[string]string{"Accept": "application/json"},
		token: &serviceToken{
			url:     base + "/identity/v1/token" + version,
			headers: map[string]string{"Metadata-Flavor": "ibm", "Accept": "application/json", "Content-Type": "application/json"},
			body:    `{"expires_in":300}`,
			read: func(answer []byte) (string, error) {
				var token struct {
					Access string `json:"access_token"`
				}
				err := json.Unmarshal(answer, &token)
				return token.Access, err
			},
			header: "Authorization", prefix: "Bearer ",
		},
		documents: []string{base + "/metadata/v1/instance" + version},
		fields: map[string]string{
			"cloud.availability_zone": "zone.name", "cloud.resource_id": "crn", "host.id": "id", "host.image.id": "image.id",
			"host.image.name": "image.name", "host.name": "name", "host.type": "profile.name",
		},
		derive: func(values map[string]string) {
			if values["cloud.region"] = regionOf(values["cloud.availability_zone"]); values["cloud.region"] == "" {
				values["cloud.region"] = values["cloud.availability_zone"]
			}
			// crn:v1:bluemix:public:is:us-south-1:a/<account>::instance:<id>
			if parts := strings.Split(values["cloud.resource_id"], ":"); len(parts) >= 7 {
				values["cloud.account.id"] = strings.TrimPrefix(parts[6], "a/")
			}
		},
	})(s)
}

var oracleCloud = metadataService{
	name: "Oracle Cloud", schema: schemaURL, probe: "http://169.254.169.254/opc/v2/instance/",
	section:   func(c *DetectorConfig) StrictSection { return StrictSection{Section: c.OracleCloud} },
	provider:  conventions.CloudProviderOracleCloud.Value.AsString(),
	platform:  conventions.CloudPlatformOracleCloudOKE.Value.AsString(),
	headers:   map[string]string{"Authorization": "Bearer Oracle"},
	documents: []string{"http://169.254.169.254/opc/v2/instance/"},
	fields: map[string]string{
		"cloud.availability_zone": "availabilityDomain", "cloud.region": "canonicalRegionName", "cloud.resource_id": "id",
		"host.id": "id", "host.name": "displayName", "host.type": "shape",
		"k8s.cluster.name": "metadata.oke-cluster-display-name", "oracle_cloud.realm": "metadata.realm",
	},
}

var scaleway = metadataService{
	name: "Scaleway", schema: schemaURL, provider: "scaleway_cloud", platform: "scaleway_cloud_compute",
	section:   func(c *DetectorConfig) StrictSection { return StrictSection{Section: c.Scaleway} },
	documents: []string{"http://169.254.42.42/conf?format=json", "http://[fd00:42::42]/conf?format=json"},
	fields: map[string]string{
		"cloud.account.id": "organization", "cloud.availability_zone": "location.zone_id", "host.id": "id",
		"host.image.id": "image.id", "host.image.name": "image.name", "host.name": "name", "host.type": "commercial_type",
	},
	derive: func(values map[string]string) {
		if region := regionOf(values["cloud.availability_zone"]); region != "" {
			values["cloud.region"] = region
		}
	},
}

var tencentCVM = metadataService{
	name: "Tencent Cloud CVM", schema: schemaURL,
	section:  func(c *DetectorConfig) StrictSection { return c.TencentCVM },
	provider: conventions.CloudProviderTencentCloud.Value.AsString(),
	platform: conventions.CloudPlatformTencentCloudCVM.Value.AsString(),
	texts: below("http://metadata.tencentyun.com/latest/meta-data/", map[string]string{
		"cloud.account.id": "app-id", "cloud.availability_zone": "placement/zone", "cloud.region": "placement/region",
		"host.id": "instance-id", "host.image.id": "instance/image-id", "host.name": "instance-name",
		"host.type": "instance/instance-type",
	}),
}

var upCloud = metadataService{
	name: "UpCloud", schema: schemaURL,
	section:   func(c *DetectorConfig) StrictSection { return c.UpCloud },
	documents: []string{"http://169.254.169.254/metadata/v1.json"},
	fields: map[string]string{
		"cloud.provider": "cloud_name", "cloud.region": "region", "host.id": "instance_id", "host.name": "hostname",
	},
}

var vultr = metadataService{
	name: "Vultr", schema: newerSchemaURL, sparse: true,
	section:   func(c *DetectorConfig) StrictSection { return c.Vultr },
	provider:  conventions.CloudProviderVultr.Value.AsString(),
	platform:  conventions.CloudPlatformVultrCloudCompute.Value.AsString(),
	documents: []string{"http://169.254.169.254/v1.json"},
	fields: map[string]string{
		"cloud.region": "region.regioncode", "host.id": "instance-v2-id", "host.name": "hostname", "legacy": "instanceid",
	},
	derive: func(values map[string]string) {
		values["cloud.region"] = strings.ToLower(values["cloud.region"])
		if values["host.id"] == "" {
			values["host.id"] = values["legacy"]
		}
	},
}

// below puts the address of a service in front of paths.
func below(base string, paths map[string]string) map[string]string {
	for name, path := range paths {
		paths[name] = base + path
	}
	return paths
}

// regionOf takes the last part off a zone such as fr-par-1.
func regionOf(zone string) string {
	if at := strings.LastIndex(zone, "-"); at > 0 {
		return zone[:at]
	}
	return ""
}
