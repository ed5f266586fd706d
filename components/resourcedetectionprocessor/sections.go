// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import "time"

// DetectorConfig holds the settings of each detector, below its name. `env` and `dynatrace` have none.
type DetectorConfig struct {
	Akamai             Section            `mapstructure:"akamai"`
	AKS                Section            `mapstructure:"aks"`
	AlibabaECS         StrictSection      `mapstructure:"alibaba_ecs"`
	Azure              AzureSection       `mapstructure:"azure"`
	AzureAppService    Section            `mapstructure:"azureappservice"`
	AzureContainerApps Section            `mapstructure:"azurecontainerapps"`
	Consul             ConsulSection      `mapstructure:"consul"`
	DigitalOcean       Section            `mapstructure:"digitalocean"`
	Docker             Section            `mapstructure:"docker"`
	EC2                EC2Section         `mapstructure:"ec2"`
	ECS                Section            `mapstructure:"ecs"`
	EKS                EKSSection         `mapstructure:"eks"`
	ElasticBeanstalk   Section            `mapstructure:"elasticbeanstalk"`
	GCP                GCPSection         `mapstructure:"gcp"`
	Heroku             Section            `mapstructure:"heroku"`
	Hetzner            Section            `mapstructure:"hetzner"`
	IBMCloudClassic    Section            `mapstructure:"ibmcloud_classic"`
	IBMCloudVPC        IBMCloudVPCSection `mapstructure:"ibmcloud_vpc"`
	K8sAPI             K8sAPISection      `mapstructure:"k8s_api"`
	K8sNode            K8sAPISection      `mapstructure:"k8snode"`
	Kubeadm            KubeadmSection     `mapstructure:"kubeadm"`
	Lambda             Section            `mapstructure:"lambda"`
	Nova               NovaSection        `mapstructure:"nova"`
	OpenShift          OpenShiftSection   `mapstructure:"openshift"`
	OracleCloud        Section            `mapstructure:"oraclecloud"`
	Scaleway           Section            `mapstructure:"scaleway"`
	System             SystemSection      `mapstructure:"system"`
	TencentCVM         StrictSection      `mapstructure:"tencent_cvm"`
	UpCloud            StrictSection      `mapstructure:"upcloud"`
	Vultr              StrictSection      `mapstructure:"vultr"`
}

// Section holds the settings of a detector that has no others.
type Section struct {
	// ResourceAttributes says which attributes are added.
	ResourceAttributes ResourceAttributes `mapstructure:"resource_attributes"`
}

// StrictSection is a Section of a detector that had the setting of its own before there was one for all.
type StrictSection struct {
	Section `mapstructure:",squash"`
	// FailOnMissingMetadata is Config.FailOnMissingMetadata for this detector alone. Deprecated.
	FailOnMissingMetadata bool `mapstructure:"fail_on_missing_metadata"`
}

// EC2Section holds the settings of the detector `ec2`.
type EC2Section struct {
	StrictSection `mapstructure:",squash"`
	// Tags are regular expressions; a tag of the instance whose key matches one is added as `ec2.tag.<key>`.
	Tags []string `mapstructure:"tags"`
	// MaxAttempts is how often the metadata service is asked (default: 3).
	MaxAttempts int `mapstructure:"max_attempts"`
	// MaxBackoff is the longest pause between two attempts (default: 20s).
	MaxBackoff time.Duration `mapstructure:"max_backoff"`
	// TagsFromIMDS reads the tags from the metadata service and not from the EC2 API (default: false).
	TagsFromIMDS bool `mapstructure:"tags_from_imds"`
}

// EKSSection holds the settings of the detector `eks`.
type EKSSection struct {
	Section `mapstructure:",squash"`
	// NodeFromEnvVar names the environment variable that holds the node's name. Needed where the metadata service
	// cannot be reached.
	NodeFromEnvVar string `mapstructure:"node_from_env_var"`
}

// AzureSection holds the settings of the detector `azure`.
type AzureSection struct {
	Section `mapstructure:",squash"`
	// Tags are regular expressions; a tag whose name matches one is added as `azure.tag.<name>`.
	Tags []string `mapstructure:"tags"`
}

// GCPSection holds the settings of the detector `gcp`.
type GCPSection struct {
	Section `mapstructure:",squash"`
	// Labels are regular expressions; a label of the instance that matches one is added as
	// `gcp.gce.instance.labels.<label>`.
	Labels []string `mapstructure:"labels"`
}

// NovaSection holds the settings of the detector `nova`.
type NovaSection struct {
	StrictSection `mapstructure:",squash"`
	// Labels are regular expressions; a key of the instance's metadata that matches one is added as
	// `openstack.nova.meta.<key>`.
	Labels []string `mapstructure:"labels"`
}

// IBMCloudVPCSection holds the settings of the detector `ibmcloud_vpc`.
type IBMCloudVPCSection struct {
	Section `mapstructure:",squash"`
	// Protocol is `http` or `https` (default: http).
	Protocol string `mapstructure:"protocol"`
}
