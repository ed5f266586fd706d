// SPDX-License-Identifier: Apache-2.0

package k8spodsextension

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/tributary-otel/tributary/components/internal/pods"
)

// inClusterConfig is replaced in tests, which cannot write where the token of a pod lies.
var inClusterConfig = rest.InClusterConfig

// connect reads credentials and certificates, and makes a connection to the API server. The
// connections below it are its own: client-go shares them, and those would stay open.
func connect(config *Config, build component.BuildInfo) (*pods.Connection, error) {
	restConfig, err := clientConfig(config)
	if err != nil {
		return nil, err
	}
	restConfig.UserAgent = "tributary/" + build.Version
	tlsConfig, err := rest.TLSConfigFor(restConfig)
	if err != nil {
		return nil, fmt.Errorf("read the certificates: %w", err)
	}
	transport, err := rest.HTTPWrappersForConfig(restConfig, &http.Transport{
		// The API server is within the cluster: no proxy of the environment leads there.
		Proxy:               restConfig.Proxy,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:     tlsConfig,
		TLSHandshakeTimeout: 10 * time.Second,
		ForceAttemptHTTP2:   true,
		IdleConnTimeout:     30 * time.Second,
		// A connection that is dead without a word is found out.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second},
	})
	if err != nil {
		return nil, fmt.Errorf("read the credentials: %w", err)
	}
	base, _, err := rest.DefaultServerURL(restConfig.Host, "", schema.GroupVersion{}, tlsConfig != nil)
	if err != nil {
		return nil, fmt.Errorf("understand the address %q: %w", restConfig.Host, err)
	}
	return &pods.Connection{Client: &http.Client{Transport: transport}, URL: strings.TrimSuffix(base.String(), "/")}, nil
}

func clientConfig(config *Config) (*rest.Config, error) {
	if config.AuthType == authKubeConfig {
		c, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
			clientcmd.NewDefaultClientConfigLoadingRules(), &clientcmd.ConfigOverrides{CurrentContext: config.Context}).ClientConfig()
		if err != nil {
			return nil, fmt.Errorf("read the kubeconfig: %w", err)
		}
		return c, nil
	}
	host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	if host == "" || port == "" {
		return nil, errors.New("this is no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; outside of a cluster use `auth_type: kubeConfig`")
	}
	if config.AuthType == authNone {
		return &rest.Config{Host: "https://" + net.JoinHostPort(host, port), TLSClientConfig: rest.TLSClientConfig{Insecure: true}}, nil
	}
	c, err := inClusterConfig()
	if err != nil {
		return nil, fmt.Errorf("read the service account: %w; the pod needs `automountServiceAccountToken: true`, or `metadata: none` of pod_logs if nobody is to be asked", err)
	}
	return c, nil
}
