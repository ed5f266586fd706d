// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"go.uber.org/zap"
	"go.yaml.in/yaml/v3"
)

// K8sAPISection holds the settings of the detector `k8s_api`, also known as `k8snode`.
type K8sAPISection struct {
	Section   `mapstructure:",squash"`
	APIServer `mapstructure:",squash"`
	// NodeFromEnvVar names the environment variable that holds the node's name (default: K8S_NODE_NAME).
	NodeFromEnvVar string `mapstructure:"node_from_env_var"`
}

func defaultK8sAPISection() K8sAPISection {
	return K8sAPISection{
		Section:   Section{ResourceAttributes: on("k8s.cluster.uid", "k8s.node.name", "k8s.node.uid")},
		APIServer: defaultAPIServer(),
	}
}

// KubeadmSection holds the settings of the detector `kubeadm`.
type KubeadmSection struct {
	Section   `mapstructure:",squash"`
	APIServer `mapstructure:",squash"`
}

func newK8sNode(s settings) (detect, error) {
	s.logger.Warn("The detector k8snode is deprecated; it is called k8s_api now")
	return newNodeDetector(s, s.sections.K8sNode)
}

func newK8sAPI(s settings) (detect, error) {
	return newNodeDetector(s, s.sections.K8sAPI)
}

// newNodeDetector returns a detector of the node on which the pod runs, as the API server describes it.
func newNodeDetector(s settings, section K8sAPISection) (detect, error) {
	variable := section.NodeFromEnvVar
	if variable == "" {
		variable = "K8S_NODE_NAME"
	}
	name := os.Getenv(variable)
	if name == "" {
		return nil, fmt.Errorf("the environment variable %s does not name the node: set it in the pod's manifest, "+
			"`valueFrom: {fieldRef: {fieldPath: spec.nodeName}}`, or name another one in `node_from_env_var`", variable)
	}
	config, err := section.restConfig()
	if err != nil {
		return nil, err
	}
	api, err := newKubeClient(config)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, _ *http.Client) (finding, error) {
		found := section.ResourceAttributes.facts()
		if found.wanted.anyEnabled("k8s.node.uid", "k8s.node.name") {
			node, err := api.node(ctx, name)
			if err != nil {
				return s.absent("the Kubernetes node", err)
			}
			found.text("k8s.node.uid", node.Metadata.UID)
			found.text("k8s.node.name", node.Metadata.Name)
		}
		if found.wanted.anyEnabled("k8s.cluster.uid") {
			uid, err := api.clusterUID(ctx)
			if err == nil && uid == "" {
				err = errors.New("the namespace kube-system has no UID")
			}
			if refused(err) {
				s.logger.Warn("No right to read the namespace kube-system, k8s.cluster.uid is left out; "+
					"grant `get` on it, or disable the attribute", zap.Error(err))
				return found.finding, nil
			}
			if err != nil {
				return nothing(), fmt.Errorf("cannot read the UID of the cluster: %w", err)
			}
			found.text("k8s.cluster.uid", uid)
		}
		return found.finding, nil
	}, nil
}

func refused(err error) bool {
	var status *statusError
	return errors.As(err, &status) && (status.code == http.StatusForbidden || status.code == http.StatusUnauthorized)
}

// newKubeadm returns the detector `kubeadm`: the name that kubeadm gave the cluster.
func newKubeadm(s settings) (detect, error) {
	section := s.sections.Kubeadm
	config, err := section.restConfig()
	if err != nil {
		return nil, err
	}
	api, err := newKubeClient(config)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, _ *http.Client) (finding, error) {
		found := section.ResourceAttributes.facts()
		if found.wanted.anyEnabled("k8s.cluster.name") {
			name, err := api.kubeadmName(ctx)
			if err != nil {
				return s.absent("kubeadm", err)
			}
			found.text("k8s.cluster.name", name)
		}
		if found.wanted.anyEnabled("k8s.cluster.uid") {
			uid, err := api.clusterUID(ctx)
			if err != nil {
				return s.absent("kubeadm", err)
			}
			found.text("k8s.cluster.uid", uid)
		}
		return found.finding, nil
	}, nil
}

func (k *kubeClient) kubeadmName(ctx context.Context) (string, error) {
	var settings kubeObject
	if err := k.get(ctx, &settings, "api/v1/namespaces/kube-system/configmaps/kubeadm-config"); err != nil {
		return "", err
	}
	text, ok := settings.Data["ClusterConfiguration"]
	if !ok {
		return "", errors.New("the config map kube-system/kubeadm-config has no ClusterConfiguration")
	}
	var cluster struct {
		Name string `yaml:"clusterName"`
	}
	if err := yaml.Unmarshal([]byte(text), &cluster); err != nil {
		return "", fmt.Errorf("ClusterConfiguration in kube-system/kubeadm-config is no YAML: %w", err)
	}
	return cluster.Name, nil
}
