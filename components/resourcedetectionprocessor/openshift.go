// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"

	"go.opentelemetry.io/collector/config/configtls"
	conventions "go.opentelemetry.io/otel/semconv/v1.40.0"
)

// What a pod is given to speak with the API server.
const (
	podToken = "/var/run/secrets/kubernetes.io/serviceaccount/token"
	podCA    = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"
)

// OpenShiftSection holds the settings of the detector `openshift`.
type OpenShiftSection struct {
	Section `mapstructure:",squash"`
	// Address of the API server (default: that of the cluster in which the pod runs).
	Address string `mapstructure:"address"`
	// Token for the API server (default: that of the pod).
	Token string `mapstructure:"token"`
	// TLS for the API server (default: the CA of the pod).
	TLS configtls.ClientConfig `mapstructure:"tls"`
}

// newOpenShift returns the detector `openshift`: the cluster, and the cloud below it.
func newOpenShift(s settings) (detect, error) {
	section := s.sections.OpenShift
	token, address := section.Token, section.Address
	if token == "" {
		text, err := os.ReadFile(podToken)
		if err != nil {
			return nil, err
		}
		token = string(text)
	}
	if address == "" {
		host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
		if host == "" || port == "" {
			return nil, errors.New("this is no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; " +
				"set `openshift::address`, or remove the detector")
		}
		address = "https://" + net.JoinHostPort(host, port)
	}
	if !section.TLS.Insecure && section.TLS.CAFile == "" {
		section.TLS.CAFile = podCA
	}
	tlsConfig, err := section.TLS.LoadTLSConfig(context.Background())
	if err != nil {
		return nil, err
	}
	client := internetClient(tlsConfig)
	headers := map[string]string{"Authorization": "Bearer " + strings.TrimSpace(token)}
	return func(ctx context.Context, _ *http.Client) (finding, error) {
		var cluster openShiftCluster
		err := getJSON(ctx, client, address+"/apis/config.openshift.io/v1/infrastructures/cluster/status", headers, &cluster)
		if err != nil {
			return s.absent("OpenShift", err)
		}
		found := section.ResourceAttributes.facts()
		found.known("k8s.cluster.name", cluster.Status.InfrastructureName)
		platform := cluster.Status.PlatformStatus
		region := ""
		switch strings.ToLower(platform.Type) {
		case "aws":
			region = platform.AWS.Region
			found.cloud("aws", conventions.CloudPlatformAWSOpenShift.Value.AsString())
		case "azure":
			region = platform.Azure.CloudName
			found.cloud("azure", conventions.CloudPlatformAzureOpenShift.Value.AsString())
		case "gcp":
			region = platform.GCP.Region
			found.cloud("gcp", conventions.CloudPlatformGCPOpenShift.Value.AsString())
		case "ibmcloud":
			region = platform.IBMCloud.Location
			found.cloud(conventions.CloudProviderIBMCloud.Value.AsString(), conventions.CloudPlatformIBMCloudOpenShift.Value.AsString())
		case "openstack":
			region = platform.OpenStack.CloudName
		default:
			return found.finding, nil
		}
		found.text("cloud.region", strings.ToLower(region))
		return found.finding, nil
	}, nil
}

// openShiftCluster is the part of the object Infrastructure that is read.
type openShiftCluster struct {
	Status struct {
		InfrastructureName string `json:"infrastructureName"`
		PlatformStatus     struct {
			Type      string `json:"type"`
			AWS       struct{ Region string }
			Azure     struct{ CloudName string }
			GCP       struct{ Region string }
			IBMCloud  struct{ Location string }
			OpenStack struct{ CloudName string }
		} `json:"platformStatus"`
	} `json:"status"`
}
