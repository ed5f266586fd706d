// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"fmt"
	"net/http"
	"regexp"

	"go.uber.org/zap"
)

// detect looks where the process runs. It returns nothing() on any other platform, and stops when the context ends.
// api is the client that the user configured; metadata services have one of their own.
type detect func(ctx context.Context, api *http.Client) (finding, error)

// detector is a detect with its name in the configuration.
type detector struct {
	name   string
	detect detect
}

// settings are what a detector is made of.
type settings struct {
	logger *zap.Logger
	// strict makes an absent metadata service an error.
	strict   bool
	sections *DetectorConfig
}

// makers are the detectors by their names in `detectors`.
var makers = map[string]func(settings) (detect, error){
	"akamai":             service(akamai),
	"aks":                newAKS,
	"alibaba_ecs":        service(alibabaECS),
	"azure":              newAzure,
	"azureappservice":    environment(azureAppService),
	"azurecontainerapps": environment(azureContainerApps),
	"consul":             newConsul,
	"digitalocean":       service(digitalOcean),
	"docker":             newDocker,
	"dynatrace":          newDynatrace,
	"ec2":                newEC2,
	"ecs":                newECS,
	"eks":                newEKS,
	"elastic_beanstalk":  newElasticBeanstalk,
	"env":                newEnv,
	"gcp":                newGCP,
	"heroku":             environment(heroku),
	"hetzner":            service(hetzner),
	"ibmcloud_classic":   service(ibmCloudClassic),
	"ibmcloud_vpc":       newIBMCloudVPC,
	"k8s_api":            newK8sAPI,
	"k8snode":            newK8sNode,
	"kubeadm":            newKubeadm,
	"lambda":             environment(lambda),
	"nova":               newNova,
	"openshift":          newOpenShift,
	"oraclecloud":        service(oracleCloud),
	"scaleway":           service(scaleway),
	"system":             newSystem,
	"tencent_cvm":        service(tencentCVM),
	"upcloud":            service(upCloud),
	"vultr":              service(vultr),
}

// absent is what a detector returns when its platform does not answer.
func (s settings) absent(platform string, err error) (finding, error) {
	if s.strict {
		return nothing(), fmt.Errorf("no metadata of %s, which `fail_on_missing_metadata` asks for: %w", platform, err)
	}
	s.logger.Debug("No metadata, so this is another platform", zap.String("platform", platform), zap.Error(err))
	return nothing(), nil
}

// patterns are the regular expressions by which the user chooses tags.
type patterns []*regexp.Regexp

func newPatterns(key string, expressions []string) (patterns, error) {
	var all patterns
	for _, expression := range expressions {
		compiled, err := regexp.Compile(expression)
		if err != nil {
			return nil, fmt.Errorf("`%s` must hold regular expressions: %w", key, err)
		}
		all = append(all, compiled)
	}
	return all, nil
}

func (p patterns) match(name string) bool {
	for _, pattern := range p {
		if pattern.MatchString(name) {
			return true
		}
	}
	return false
}
