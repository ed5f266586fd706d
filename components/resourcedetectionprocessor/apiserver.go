// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// How to prove who one is to the API server.
const (
	authNone           = "none"
	authServiceAccount = "serviceAccount"
	authKubeConfig     = "kubeConfig"
)

// APIServer says how the API server of Kubernetes is reached.
type APIServer struct {
	// AuthType is `serviceAccount`, `kubeConfig` or `none` (default: serviceAccount).
	AuthType string `mapstructure:"auth_type"`
	// Context is the context in the kubeconfig (default: its current one).
	Context string `mapstructure:"context"`
	// KubeAPIQPS and KubeAPIBurst are accepted and have no effect: a detection makes two requests.
	KubeAPIQPS   float32 `mapstructure:"kube_api_qps"`
	KubeAPIBurst int     `mapstructure:"kube_api_burst"`
}

func defaultAPIServer() APIServer {
	return APIServer{AuthType: authServiceAccount}
}

// Validate reports every broken setting at once.
func (a *APIServer) Validate() error {
	var errs []error
	if types := []string{authServiceAccount, authKubeConfig, authNone}; !slices.Contains(types, a.AuthType) {
		errs = append(errs, fmt.Errorf("`auth_type` must be one of %s, got %q", strings.Join(types, ", "), a.AuthType))
	}
	if a.KubeAPIQPS < 0 || a.KubeAPIBurst < 0 {
		errs = append(errs, errors.New("`kube_api_qps` and `kube_api_burst` must be at least 0"))
	}
	return errors.Join(errs...)
}

func (a *APIServer) restConfig() (*rest.Config, error) {
	if a.AuthType == authKubeConfig {
		config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
			clientcmd.NewDefaultClientConfigLoadingRules(), &clientcmd.ConfigOverrides{CurrentContext: a.Context}).ClientConfig()
		if err != nil {
			return nil, fmt.Errorf("cannot read the kubeconfig: %w", err)
		}
		return config, nil
	}
	host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	if host == "" || port == "" {
		return nil, errors.New("this is no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; " +
			"remove the detector, or use `auth_type: kubeConfig`")
	}
	if a.AuthType == authNone {
		return &rest.Config{Host: "https://" + net.JoinHostPort(host, port), TLSClientConfig: rest.TLSClientConfig{Insecure: true}}, nil
	}
	return inClusterConfig()
}

// inClusterConfig is replaced in tests, which cannot write where the token of a pod lies.
var inClusterConfig = rest.InClusterConfig

// kubeClient reads objects of the API server.
type kubeClient struct {
	client *http.Client
	base   *url.URL
}

// newKubeClient makes a client whose connections are its own: client-go shares them, and those would stay open.
func newKubeClient(config *rest.Config) (*kubeClient, error) {
	tlsConfig, err := rest.TLSConfigFor(config)
	if err != nil {
		return nil, err
	}
	// The API server is within the cluster, no proxy leads there.
	transport, err := rest.HTTPWrappersForConfig(config, &http.Transport{DisableKeepAlives: true, TLSClientConfig: tlsConfig})
	if err != nil {
		return nil, err
	}
	base, _, err := rest.DefaultServerURL(config.Host, "", schema.GroupVersion{}, tlsConfig != nil)
	if err != nil {
		return nil, err
	}
	return &kubeClient{client: boundedClient(transport), base: base}, nil
}

func (k *kubeClient) get(ctx context.Context, into any, path ...string) error {
	return getJSON(ctx, k.client, k.base.JoinPath(path...).String(), map[string]string{"Accept": "application/json"}, into)
}

// kubeObject is what detectors read of nodes, namespaces and config maps.
type kubeObject struct {
	Metadata struct {
		Name string `json:"name"`
		UID  string `json:"uid"`
	} `json:"metadata"`
	Spec struct {
		ProviderID string `json:"providerID"`
	} `json:"spec"`
	Data map[string]string `json:"data"`
}

func (k *kubeClient) node(ctx context.Context, name string) (node kubeObject, err error) {
	err = k.get(ctx, &node, "api/v1/nodes", url.PathEscape(name))
	return node, err
}

// clusterUID returns the UID of kube-system, which stands for that of the cluster.
func (k *kubeClient) clusterUID(ctx context.Context) (string, error) {
	var namespace kubeObject
	if err := k.get(ctx, &namespace, "api/v1/namespaces/kube-system"); err != nil {
		return "", err
	}
	return namespace.Metadata.UID, nil
}
