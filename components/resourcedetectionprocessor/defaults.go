// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import "time"

// The attributes that several detectors have in common.
var (
	whichCloud = []string{"cloud.provider", "cloud.platform"}
	whichZone  = []string{"cloud.account.id", "cloud.availability_zone", "cloud.region"}
	whichHost  = []string{"host.id", "host.image.id", "host.name", "host.type"}
)

// defaultDetectorConfig returns fresh defaults: which attributes a detector knows, and which of them are on.
func defaultDetectorConfig() DetectorConfig {
	instance := func() ResourceAttributes { return on(concat(whichCloud, whichZone, whichHost)...) }
	plain := func(names ...string) Section { return Section{ResourceAttributes: on(names...)} }
	return DetectorConfig{
		Akamai:     plain(concat(whichCloud, whichHost, []string{"cloud.account.id", "cloud.region", "host.image.name"})...),
		AKS:        Section{ResourceAttributes: on(whichCloud...).off("k8s.cluster.name")},
		AlibabaECS: StrictSection{Section: Section{ResourceAttributes: instance()}},
		Azure: AzureSection{Tags: []string{}, Section: Section{ResourceAttributes: on(concat(whichCloud, []string{
			"azure.resourcegroup.name", "azure.vm.name", "azure.vm.scaleset.name", "azure.vm.size", "cloud.account.id",
			"cloud.region", "host.id", "host.name",
		})...).off("cloud.availability_zone")}},
		AzureAppService: plain(concat(whichCloud, []string{
			"azure.app_service.instance.id", "azure.resource_group.name", "cloud.account.id", "cloud.region",
			"cloud.resource_id", "deployment.environment.name", "service.name",
		})...),
		AzureContainerApps: plain(concat(whichCloud, []string{"azure.container_app.instance.id", "service.name"})...),
		Consul:             ConsulSection{Section: plain("cloud.region", "host.id", "host.name")},
		DigitalOcean:       plain("cloud.provider", "cloud.region", "host.id", "host.name"),
		Docker:             Section{ResourceAttributes: on("host.name", "os.type").off("container.image.name", "container.name")},
		EC2: EC2Section{
			StrictSection: StrictSection{Section: Section{ResourceAttributes: instance()}},
			Tags:          []string{},
			MaxAttempts:   3,
			MaxBackoff:    20 * time.Second,
		},
		ECS: plain(concat(whichCloud, whichZone, []string{
			"aws.ecs.cluster.arn", "aws.ecs.launchtype", "aws.ecs.task.arn", "aws.ecs.task.family", "aws.ecs.task.id",
			"aws.ecs.task.revision", "aws.log.group.arns", "aws.log.group.names", "aws.log.stream.arns", "aws.log.stream.names",
		})...),
		EKS: EKSSection{Section: Section{ResourceAttributes: on(whichCloud...).
			off(concat(whichZone, whichHost, []string{"k8s.cluster.name"})...)}},
		ElasticBeanstalk: plain(concat(whichCloud, []string{
			"deployment.environment", "deployment.environment.name", "deployment.id", "service.instance.id", "service.version",
		})...),
		GCP: GCPSection{Labels: []string{}, Section: Section{ResourceAttributes: on(concat(whichCloud, whichZone, []string{
			"faas.instance", "faas.name", "faas.version", "gcp.cloud_run.job.execution", "gcp.cloud_run.job.task_index",
			"gcp.gce.instance_group_manager.name", "gcp.gce.instance_group_manager.region",
			"gcp.gce.instance_group_manager.zone", "host.id", "host.name", "host.type", "k8s.cluster.name",
		})...).off("gcp.gce.instance.hostname", "gcp.gce.instance.name")}},
		Heroku: plain("cloud.provider", "heroku.app.id", "heroku.dyno.id", "heroku.release.commit",
			"heroku.release.creation_timestamp", "service.instance.id", "service.name", "service.version"),
		Hetzner: Section{ResourceAttributes: on("cloud.availability_zone", "cloud.provider", "cloud.region", "host.id", "host.name").
			off("cloud.platform")},
		IBMCloudClassic: plain(concat(whichCloud, []string{
			"cloud.account.id", "cloud.availability_zone", "cloud.resource_id", "host.id", "host.name",
		})...),
		IBMCloudVPC: IBMCloudVPCSection{
			Section:  plain(concat(whichCloud, whichZone, whichHost, []string{"cloud.resource_id", "host.image.name"})...),
			Protocol: "http",
		},
		K8sAPI:  defaultK8sAPISection(),
		K8sNode: defaultK8sAPISection(),
		Kubeadm: KubeadmSection{APIServer: defaultAPIServer(), Section: plain("k8s.cluster.name", "k8s.cluster.uid")},
		Lambda: plain(concat(whichCloud, []string{
			"aws.log.group.names", "aws.log.stream.names", "cloud.region", "faas.instance", "faas.max_memory", "faas.name",
			"faas.version",
		})...),
		Nova: NovaSection{Labels: []string{}, StrictSection: StrictSection{Section: plain(concat(whichCloud, []string{
			"cloud.account.id", "cloud.availability_zone", "host.id", "host.name", "host.type",
		})...)}},
		OpenShift: OpenShiftSection{Section: plain(concat(whichCloud, []string{"cloud.region", "k8s.cluster.name"})...)},
		OracleCloud: Section{ResourceAttributes: on(concat(whichCloud, []string{
			"cloud.availability_zone", "cloud.region", "host.id", "host.name", "host.type", "k8s.cluster.name",
			"oracle_cloud.realm",
		})...).off("cloud.resource_id")},
		Scaleway:   plain(concat(whichCloud, whichZone, whichHost, []string{"host.image.name"})...),
		System:     defaultSystemSection(),
		TencentCVM: StrictSection{Section: Section{ResourceAttributes: instance()}},
		UpCloud:    StrictSection{Section: plain("cloud.provider", "cloud.region", "host.id", "host.name")},
		Vultr: StrictSection{Section: Section{ResourceAttributes: on("cloud.provider", "cloud.region", "host.id", "host.name").
			off("cloud.platform")}},
	}
}

func concat(lists ...[]string) (all []string) {
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}
