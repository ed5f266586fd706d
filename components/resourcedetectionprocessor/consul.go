// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"
)

// ConsulSection holds the settings of the detector `consul`. What is not set comes from the variables of Consul's own
// tools: CONSUL_HTTP_ADDR, CONSUL_HTTP_TOKEN, CONSUL_HTTP_TOKEN_FILE, CONSUL_HTTP_SSL, CONSUL_NAMESPACE.
type ConsulSection struct {
	Section `mapstructure:",squash"`
	// Address of the agent (default: 127.0.0.1:8500).
	Address string `mapstructure:"address"`
	// Datacenter (default: that of the agent).
	Datacenter string `mapstructure:"datacenter"`
	// Token for the agent's access control (default: none).
	Token configopaque.String `mapstructure:"token"`
	// TokenFile holds the token; it is read at the start.
	TokenFile string `mapstructure:"token_file"`
	// Namespace (default: none).
	Namespace string `mapstructure:"namespace"`
	// MetaLabels are the keys of the node's metadata that are added as attributes.
	MetaLabels map[string]any `mapstructure:"meta"`
}

// newConsul returns the detector `consul`: the node, as its Consul agent describes it.
func newConsul(s settings) (detect, error) {
	section := s.sections.Consul
	address, err := consulURL(firstOf(section.Address, os.Getenv("CONSUL_HTTP_ADDR"), "127.0.0.1:8500"))
	if err != nil {
		return nil, err
	}
	query := url.Values{}
	for name, value := range map[string]string{"dc": section.Datacenter, "ns": firstOf(section.Namespace, os.Getenv("CONSUL_NAMESPACE"))} {
		if value != "" {
			query.Set(name, value)
		}
	}
	address.RawQuery = query.Encode()
	headers := map[string]string{}
	token := firstOf(string(section.Token), os.Getenv("CONSUL_HTTP_TOKEN"))
	if file := firstOf(section.TokenFile, os.Getenv("CONSUL_HTTP_TOKEN_FILE")); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("`token_file`: %w", err)
		}
		token = firstOf(strings.TrimSpace(string(text)), token)
	}
	if token != "" {
		headers["X-Consul-Token"] = token
	}
	verify, err := strconv.ParseBool(firstOf(os.Getenv("CONSUL_HTTP_SSL_VERIFY"), "true"))
	if err != nil {
		return nil, errors.New("CONSUL_HTTP_SSL_VERIFY must be true or false")
	}
	client := internetClient(&tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: !verify}) // The user's word.
	return func(ctx context.Context, _ *http.Client) (finding, error) {
		var self struct {
			Config struct{ NodeName, Datacenter, NodeID *string }
			Meta   map[string]any
		}
		err := getJSON(ctx, client, address.String(), headers, &self)
		if c := self.Config; err == nil && (c.NodeName == nil || c.Datacenter == nil || c.NodeID == nil) {
			err = errors.New("the answer has no NodeName, Datacenter or NodeID")
		}
		if err != nil {
			return s.absent("Consul", err)
		}
		found := section.ResourceAttributes.facts()
		found.text("host.name", *self.Config.NodeName)
		found.text("cloud.region", *self.Config.Datacenter)
		found.text("host.id", *self.Config.NodeID)
		for key, value := range self.Meta {
			if _, wanted := section.MetaLabels[key]; wanted {
				found.resource.Attributes().PutStr(key, fmt.Sprint(value))
			}
		}
		return found.finding, nil
	}, nil
}

func consulURL(address string) (*url.URL, error) {
	if !strings.Contains(address, "://") {
		scheme := "http://"
		if secure, _ := strconv.ParseBool(os.Getenv("CONSUL_HTTP_SSL")); secure {
			scheme = "https://"
		}
		address = scheme + address
	}
	parsed, err := url.Parse(address)
	if err != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Host == "" {
		return nil, errors.New("`address` must be <host>:<port>, or a URL with http or https")
	}
	return parsed.JoinPath("v1/agent/self"), nil
}

func firstOf(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}
