// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	conventions "go.opentelemetry.io/otel/semconv/v1.40.0"
	"go.uber.org/zap"
)

// eks is the detector `eks`: the node of a cluster of AWS.
type eks struct {
	settings
	section  EKSSection
	node     string
	kube     *kubeClient
	metadata instanceMetadata
}

func newEKS(s settings) (detect, error) {
	e := &eks{settings: s, section: s.sections.EKS, node: os.Getenv(s.sections.EKS.NodeFromEnvVar)}
	config, err := inClusterConfig()
	if err != nil {
		return nil, fmt.Errorf("this is no pod; remove the detector: %w", err)
	}
	if e.kube, err = newKubeClient(config); err != nil {
		return nil, err
	}
	if e.metadata, err = newInstanceMetadata(3, 20*time.Second); err != nil {
		return nil, err
	}
	return e.detect, nil
}

func (e *eks) detect(ctx context.Context, api *http.Client) (finding, error) {
	if err := e.onEKS(ctx); err != nil {
		return e.absent("EKS", err)
	}
	found := e.section.ResourceAttributes.facts()
	found.cloud("aws", conventions.CloudPlatformAWSEKS.Value.AsString())
	// Pods may be kept from the metadata service; then the API server and the EC2 API know the node.
	describe := e.fromKubernetes
	if e.reachable(ctx) {
		describe = e.fromMetadata
	}
	if err := describe(ctx, found, api); err != nil {
		if e.strict {
			return nothing(), err
		}
		e.logger.Debug("Cannot read all about the EKS node, what is missing is left out", zap.Error(err))
	}
	return found.finding, nil
}

// onEKS returns nil on EKS: AWS put the pod's credentials there, or issues its tokens, or built the API server.
func (e *eks) onEKS(ctx context.Context) error {
	if os.Getenv("KUBERNETES_SERVICE_HOST") == "" {
		return errors.New("KUBERNETES_SERVICE_HOST is not set")
	}
	if strings.Contains(os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE"), "eks.amazonaws.com") ||
		strings.Contains(os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"), "eks-pod-identity") {
		return nil
	}
	var openID struct {
		Issuer string `json:"issuer"`
	}
	if err := e.kube.get(ctx, &openID, ".well-known/openid-configuration"); err == nil && strings.Contains(openID.Issuer, "oidc.eks.") {
		return nil
	}
	var version struct {
		Git string `json:"gitVersion"`
	}
	if err := e.kube.get(ctx, &version, "version"); err != nil {
		return err
	}
	if !strings.Contains(version.Git, "-eks-") {
		return errors.New("the API server is not that of EKS")
	}
	return nil
}

func (e *eks) reachable(ctx context.Context) bool {
	once, err := newInstanceMetadata(1, time.Second)
	if err != nil {
		return false
	}
	_, err = once.get(ctx, "instance-id")
	return err == nil
}

func (e *eks) fromMetadata(ctx context.Context, found facts, api *http.Client) error {
	about, err := e.metadata.addInstance(ctx, found)
	if err != nil {
		return err
	}
	hostname, err := e.metadata.get(ctx, "hostname")
	if err != nil {
		return err
	}
	found.text("host.name", hostname)
	if !found.wanted["k8s.cluster.name"].Enabled {
		return nil
	}
	instances, err := describeInstance(ctx, api, about.Region, about.InstanceID)
	if err != nil {
		return err
	}
	found.text("k8s.cluster.name", instances.clusterName())
	return nil
}

func (e *eks) fromKubernetes(ctx context.Context, found facts, api *http.Client) error {
	if e.node == "" {
		return errors.New("`eks::node_from_env_var` does not lead to the name of the node")
	}
	node, err := e.kube.node(ctx, e.node)
	if err != nil {
		return err
	}
	region, zone, id := readProviderID(node.Spec.ProviderID)
	if id == "" {
		return fmt.Errorf("the node %s has no provider ID of AWS", e.node)
	}
	found.text("host.id", id)
	found.text("cloud.availability_zone", zone)
	found.text("cloud.region", region)
	instances, err := describeInstance(ctx, api, region, id)
	if err != nil {
		return err
	}
	var owner, image, kind, name string
	if len(instances.Reservations) > 0 && len(instances.Reservations[0].Instances) > 0 {
		first := instances.Reservations[0].Instances[0]
		owner, image, kind, name = instances.Reservations[0].Owner, first.ImageID, first.Type, first.PrivateDNS
	}
	found.text("cloud.account.id", owner)
	found.text("host.image.id", image)
	found.text("host.type", kind)
	found.text("host.name", name)
	found.text("k8s.cluster.name", instances.clusterName())
	return nil
}

// readProviderID reads aws:///<zone>/<instance>. A region is the name of a zone without its letter.
func readProviderID(id string) (region, zone, instance string) {
	parts := strings.Split(id, "/")
	if len(parts) < 5 || parts[0] != "aws:" || parts[3] == "" || parts[4] == "" {
		return "", "", ""
	}
	return parts[3][:len(parts[3])-1], parts[3], parts[4]
}

// clusterName returns the name in the first tag that holds one.
func (i ec2Instances) clusterName() string {
	for _, reservation := range i.Reservations {
		for _, instance := range reservation.Instances {
			for _, tag := range instance.Tags {
				if tag.Key == "aws:eks:cluster-name" || tag.Key == "eks:cluster-name" {
					return tag.Value
				}
				if name, ok := strings.CutPrefix(tag.Key, "kubernetes.io/cluster/"); ok {
					return name
				}
			}
		}
	}
	return ""
}
