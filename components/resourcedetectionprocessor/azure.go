// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"net/http"
	"os"
	"strings"
	"time"

	conventions "go.opentelemetry.io/otel/semconv/v1.40.0"
)

const azureURL = "http://169.254.169.254/metadata/instance/compute?api-version=2020-09-01&format=json"

type azureMachine struct {
	Location, Name, VMID, VMSize, SubscriptionID, ResourceGroupName, VMScaleSetName, Zone string
	OSProfile                                                                             struct{ ComputerName string }
	TagsList                                                                              []struct{ Name, Value string }
}

func readAzure(ctx context.Context, client *http.Client) (machine azureMachine, err error) {
	err = getJSON(ctx, client, azureURL, map[string]string{"Metadata": "true"}, &machine)
	return machine, err
}

// newAzure returns the detector `azure`: the virtual machine.
func newAzure(s settings) (detect, error) {
	section := s.sections.Azure
	wanted, err := newPatterns("tags", section.Tags)
	if err != nil {
		return nil, err
	}
	client := metadataClient(2 * time.Second)
	return func(ctx context.Context, _ *http.Client) (finding, error) {
		machine, err := readAzure(ctx, client)
		if err != nil {
			return s.absent("Azure", err)
		}
		found := section.ResourceAttributes.facts()
		found.cloud("azure", conventions.CloudPlatformAzureVM.Value.AsString())
		found.known("host.name", machine.Name)
		found.known("host.name", machine.OSProfile.ComputerName) // Machines from some images have none.
		found.text("cloud.region", machine.Location)
		found.text("host.id", machine.VMID)
		found.text("cloud.account.id", machine.SubscriptionID)
		found.known("cloud.availability_zone", machine.Zone)
		found.text("azure.vm.name", machine.Name)
		found.text("azure.vm.size", machine.VMSize)
		found.known("azure.vm.scaleset.name", machine.VMScaleSetName)
		found.text("azure.resourcegroup.name", machine.ResourceGroupName)
		for _, tag := range machine.TagsList {
			if wanted.match(tag.Name) {
				found.resource.Attributes().PutStr("azure.tag."+tag.Name, tag.Value)
			}
		}
		return found.finding, nil
	}, nil
}

// newAKS returns the detector `aks`: the cluster to which the virtual machine belongs.
func newAKS(s settings) (detect, error) {
	section := s.sections.AKS
	client := metadataClient(2 * time.Second)
	return func(ctx context.Context, _ *http.Client) (finding, error) {
		if os.Getenv("KUBERNETES_SERVICE_HOST") == "" {
			return nothing(), nil // Not late, but another platform.
		}
		machine, err := readAzure(ctx, client)
		if err != nil {
			return s.absent("AKS", err)
		}
		found := section.ResourceAttributes.facts()
		found.cloud("azure", conventions.CloudPlatformAzureAKS.Value.AsString())
		found.text("k8s.cluster.name", aksCluster(machine.ResourceGroupName))
		return found.finding, nil
	}, nil
}

// aksCluster reads MC_<group>_<cluster>_<location>. A group with another name is unique for a cluster, too.
func aksCluster(group string) string {
	parts := strings.Split(group, "_")
	if len(parts) == 4 && strings.EqualFold(parts[0], "mc") {
		return parts[2]
	}
	return group
}
