// SPDX-License-Identifier: Apache-2.0

package k8spodsextension

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"

	"github.com/tributary-otel/tributary/components/internal/pods"
)

// Config is what a user sets. Names and meanings are those of k8s_attributes where it has them.
type Config struct {
	// AuthType is how to prove to the API server who one is: serviceAccount, kubeConfig or none
	// (default: serviceAccount).
	AuthType string `mapstructure:"auth_type"`

	// Context is the context in the kubeconfig (default: its current one).
	Context string `mapstructure:"context"`

	// Node is the name of the node (default: that in K8S_NODE_NAME, NODE_NAME or KUBE_NODE_NAME, else
	// that of the own pod).
	Node string `mapstructure:"node"`

	// Storage names the extension that keeps what is known over restarts (default: none).
	Storage *component.ID `mapstructure:"storage"`

	// ServiceName is the order in which service.name is looked for, otel or k8s-monitoring
	// (default: otel).
	ServiceName pods.Order `mapstructure:"service_name"`

	// Extract says which attributes there are.
	Extract ExtractConfig `mapstructure:"extract"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// ExtractConfig says which attributes there are.
type ExtractConfig struct {
	// Metadata names attributes (default: see createDefaultConfig).
	Metadata []string `mapstructure:"metadata"`

	// OTelAnnotations makes attributes of annotations of the pod: resource.opentelemetry.io/<name>
	// (default: true).
	OTelAnnotations bool `mapstructure:"otel_annotations"`

	// Labels and Annotations name further ones that become attributes (default: none).
	Labels      []FieldConfig `mapstructure:"labels"`
	Annotations []FieldConfig `mapstructure:"annotations"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// FieldConfig names labels or annotations.
type FieldConfig struct {
	// TagName is the attribute (default: k8s.<from>.labels.<key> or k8s.<from>.annotations.<key>). With
	// KeyRegex, $1 stands for its first group.
	TagName string `mapstructure:"tag_name"`

	// Key is the name of the label or annotation.
	Key string `mapstructure:"key"`

	// KeyRegex matches the whole names of several.
	KeyRegex string `mapstructure:"key_regex"`

	// From is the object that has it: pod, namespace or node (default: pod).
	From pods.Source `mapstructure:"from"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// The values of auth_type.
const (
	authServiceAccount = "serviceAccount"
	authKubeConfig     = "kubeConfig"
	authNone           = "none"
)

var authTypes = []string{authServiceAccount, authKubeConfig, authNone}

func createDefaultConfig() component.Config {
	return &Config{
		AuthType:    authServiceAccount,
		ServiceName: pods.OrderOTel,
		Extract: ExtractConfig{
			Metadata: []string{
				"k8s.node.name", "k8s.deployment.name", "k8s.statefulset.name", "k8s.daemonset.name", "k8s.cronjob.name", "k8s.job.name",
				"service.name", "service.namespace", "service.version", "service.instance.id",
			},
			OTelAnnotations: true,
		},
	}
}

// Validate reports every broken setting at once.
func (c *Config) Validate() error {
	var errs []error
	if !slices.Contains(authTypes, c.AuthType) {
		errs = append(errs, fmt.Errorf("`auth_type` must be one of %s, got %q", strings.Join(authTypes, ", "), c.AuthType))
	}
	if c.Context != "" && c.AuthType != authKubeConfig {
		errs = append(errs, fmt.Errorf("`context` is for `auth_type: %s` only, got %q", authKubeConfig, c.Context))
	}
	if strings.ContainsAny(c.Node, ",=!/ ") {
		errs = append(errs, fmt.Errorf("`node` must be the name of a node, got %q", c.Node))
	}
	if !slices.Contains(pods.Orders, c.ServiceName) {
		errs = append(errs, fmt.Errorf("`service_name` must be %s, got %q", oneOf(pods.Orders), c.ServiceName))
	}
	return errors.Join(errs...)
}

// elsewhere are attributes that k8s_attributes has and this extension has not, with the reason.
var elsewhere = map[string]string{
	"k8s.deployment.uid": "it would take a watch on all ReplicaSets of the cluster",
	"k8s.cronjob.uid":    "it would take a watch on all Jobs of the cluster",
	"k8s.cluster.uid":    "the processor resource_detection has it",
}

// Validate reports every broken setting at once.
func (c *ExtractConfig) Validate() error {
	var errs []error
	for i, name := range c.Metadata {
		switch why := elsewhere[name]; {
		case slices.Contains(pods.MetadataNames, name):
		case why != "":
			errs = append(errs, fmt.Errorf("`metadata::%d` must not be %q: %s", i, name, why))
		default:
			errs = append(errs, fmt.Errorf("`metadata::%d` must be one of %s, got %q", i, strings.Join(pods.MetadataNames, ", "), name))
		}
	}
	return errors.Join(errs...)
}

// Validate reports every broken setting at once.
func (c *FieldConfig) Validate() error {
	var errs []error
	if (c.Key == "") == (c.KeyRegex == "") {
		errs = append(errs, fmt.Errorf("either `key` or `key_regex` must be set, got %q and %q", c.Key, c.KeyRegex))
	}
	if _, err := pods.CompileKey(c.KeyRegex); err != nil {
		errs = append(errs, fmt.Errorf("`key_regex` must be a regular expression as RE2 has them, got %q: %w", c.KeyRegex, err))
	}
	if c.From != "" && !slices.Contains(pods.Sources, c.From) {
		errs = append(errs, fmt.Errorf("`from` must be %s, got %q; other objects would have to be watched in the whole cluster",
			oneOf(pods.Sources), c.From))
	}
	return errors.Join(errs...)
}

func oneOf[T ~string](values []T) string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = string(v)
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// rules makes rules of valid settings.
func (c *Config) rules() (pods.Rules, error) {
	labels, err := fields(c.Extract.Labels)
	if err != nil {
		return pods.Rules{}, err
	}
	annotations, err := fields(c.Extract.Annotations)
	return pods.Rules{
		Metadata: c.Extract.Metadata, ServiceName: c.ServiceName, OTelAnnotations: c.Extract.OTelAnnotations,
		Labels: labels, Annotations: annotations,
	}, err
}

func fields(configs []FieldConfig) ([]pods.Field, error) {
	var all []pods.Field
	for _, c := range configs {
		f := pods.Field{Key: c.Key, TagName: c.TagName, From: c.From}
		if c.KeyRegex != "" {
			var err error
			if f.KeyRegex, err = pods.CompileKey(c.KeyRegex); err != nil {
				return nil, fmt.Errorf("compile `key_regex` %q: %w", c.KeyRegex, err)
			}
		}
		all = append(all, f)
	}
	return all, nil
}
