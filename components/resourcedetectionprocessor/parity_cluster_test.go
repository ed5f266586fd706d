// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestKubernetesEqualsUpstream(t *testing.T) {
	const (
		node      = `{"kind": "Node", "apiVersion": "v1", "metadata": {"name": "n1", "uid": "node-uid"}}`
		namespace = `{"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "kube-system", "uid": "cluster-uid"}}`
		kubeadm   = `{"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "kubeadm-config"}, "data": {"ClusterConfiguration": "clusterName: shop\n"}}`

		nodePath, namespacePath = "/api/v1/nodes/n1", "/api/v1/namespaces/kube-system"
		kubeadmPath             = namespacePath + "/configmaps/kubeadm-config"
	)
	for _, tt := range []struct {
		name, yaml string
		answers    replies
		want       attributes
		fails      bool
	}{
		{"a node", `{detectors: [k8s_api], k8s_api: {auth_type: none}}`, replies{nodePath: node, namespacePath: namespace},
			attributes{"k8s.node.name": "n1", "k8s.node.uid": "node-uid", "k8s.cluster.uid": "cluster-uid"}, false},
		{"a node by the old name", `{detectors: [k8snode], k8snode: {auth_type: none, node_from_env_var: NODE}}`,
			replies{nodePath: node, namespacePath: namespace}, attributes{"k8s.node.name": "n1", "k8s.node.uid": "node-uid", "k8s.cluster.uid": "cluster-uid"}, false},
		{"without the right to read kube-system", `{detectors: [k8s_api], k8s_api: {auth_type: none}}`,
			replies{nodePath: node, namespacePath: "status 403"}, attributes{"k8s.node.name": "n1", "k8s.node.uid": "node-uid"}, false},
		{"without kube-system", `{detectors: [k8s_api], k8s_api: {auth_type: none}, retry: {enabled: false}}`, replies{nodePath: node}, nil, true},
		{"without the node", `{detectors: [k8s_api], k8s_api: {auth_type: none}}`, replies{namespacePath: namespace}, attributes{}, false},
		{"without the node, strict", `{detectors: [k8s_api], fail_on_missing_metadata: true, k8s_api: {auth_type: none}, retry: {enabled: false}}`, replies{}, nil, true},
		{"kubeadm", `{detectors: [kubeadm], kubeadm: {auth_type: none}}`, replies{kubeadmPath: kubeadm, namespacePath: namespace},
			attributes{"k8s.cluster.name": "shop", "k8s.cluster.uid": "cluster-uid"}, false},
		{"another cluster than kubeadm's", `{detectors: [kubeadm], kubeadm: {auth_type: none}}`, replies{namespacePath: namespace}, attributes{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			address, err := url.Parse(newKube(t, tt.answers).URL)
			require.NoError(t, err)
			host, port, err := net.SplitHostPort(address.Host)
			require.NoError(t, err)
			setenv(t, "KUBERNETES_SERVICE_HOST="+host, "KUBERNETES_SERVICE_PORT="+port, "K8S_NODE_NAME=n1", "NODE=n1")
			got := same(t, tt.yaml, nil)
			require.Equal(t, tt.fails, got.err != nil, "%v", got.err)
			assert.Equal(t, tt.want, got.resource)
		})
	}
	t.Run("a node without a name is refused", func(t *testing.T) {
		t.Setenv("K8S_NODE_NAME", "")
		assert.ErrorContains(t, same(t, `{detectors: [k8s_api]}`, nil).err, "K8S_NODE_NAME")
	})
	t.Run("so is a machine that is no pod", func(t *testing.T) {
		setenv(t, "K8S_NODE_NAME=n1", "KUBERNETES_SERVICE_HOST=")
		require.Error(t, same(t, `{detectors: [k8s_api]}`, nil).err)
		require.Error(t, same(t, `{detectors: [eks]}`, nil).err)
	})
}

func TestDockerEqualsUpstream(t *testing.T) {
	hostname, err := os.Hostname()
	require.NoError(t, err)
	version := regexp.MustCompile(`^/v[0-9.]+`)
	world.handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.50")
		w.Header().Set("Content-Type", "application/json")
		switch version.ReplaceAllString(r.URL.Path, "") {
		case "/_ping":
		case "/info":
			_, _ = w.Write([]byte(`{"Name": "docker-1", "OSType": "linux"}`))
		case "/containers/" + hostname + "/json":
			_, _ = w.Write([]byte(`{"Name": "/shop", "Image": "sha256:abc"}`))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Setenv("DOCKER_HOST", "tcp://"+world.address)
	assert.Equal(t, attributes{"host.name": "docker-1", "os.type": "linux"}, same(t, `{detectors: [docker]}`, nil).resource)
	assert.Len(t, same(t, `{detectors: [docker], docker: {resource_attributes: {container.name: {enabled: true}, container.image.name: {enabled: true}}}}`, nil).resource, 4)
	t.Setenv("DOCKER_HOST", "unix://"+t.TempDir()+"/none")
	assert.Empty(t, same(t, `{detectors: [docker]}`, nil).resource)
	require.Error(t, same(t, `{detectors: [docker], fail_on_missing_metadata: true, retry: {enabled: false}}`, nil).err)
}

func TestConsulEqualsUpstream(t *testing.T) {
	yaml := `{detectors: [consul], retry: {enabled: false}, consul: {address: "` + world.address + `", token: ` + secret + `, meta: {team: }}}`
	t.Run("a node", func(t *testing.T) {
		world.is(t, replies{"/v1/agent/self": `{"Config": {"NodeName": "n", "Datacenter": "dc", "NodeID": "id"}, "Meta": {"team": "a", "x": "y"}}`},
			"X-Consul-Token", secret)
		assert.Equal(t, attributes{"host.name": "n", "cloud.region": "dc", "host.id": "id", "team": "a"}, same(t, yaml, nil).resource)
	})
	t.Run("an answer with less", func(t *testing.T) {
		world.is(t, replies{"/v1/agent/self": `{"Config": {"NodeName": "n"}}`})
		assert.Empty(t, same(t, yaml, nil).resource)
		require.Error(t, same(t, `{fail_on_missing_metadata: true, `+yaml[1:], nil).err)
	})
}

func TestOpenShiftEqualsUpstream(t *testing.T) {
	yaml := `{detectors: [openshift], openshift: {address: "http://` + world.address + `", token: ` + secret + `, tls: {insecure: true}}}`
	for platform, want := range map[string]int{
		`"type": "AWS", "aws": {"region": "EU-1"}`: 4, `"type": "Azure", "azure": {"cloudName": "AzurePublicCloud"}`: 4,
		`"type": "GCP", "gcp": {"region": "r"}`: 4, `"type": "IBMCloud", "ibmcloud": {"location": "l"}`: 4,
		`"type": "OpenStack", "openstack": {"cloudName": "c"}`: 2, `"type": "None"`: 1,
	} {
		name, _, _ := strings.Cut(platform, ",")
		t.Run(name, func(t *testing.T) {
			world.is(t, replies{"/apis/config.openshift.io/v1/infrastructures/cluster/status": `{"status": {"infrastructureName": "c-1",
				"platformStatus": {` + platform + `}}}`}, "Authorization", "Bearer "+secret)
			assert.Len(t, same(t, yaml, nil).resource, want)
		})
	}
}
