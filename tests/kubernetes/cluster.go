// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"context"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	client "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// How long a loaded machine may take; a test that waits this long has failed.
const (
	startTimeout   = 2 * time.Minute
	stopTimeout    = 20 * time.Second
	requestTimeout = 30 * time.Second
)

// Cluster is a running control plane without controllers and nodes. Its data outlives StopAPI and is gone when the test has
// ended. Requests may be made from several goroutines; StopAPI and StartAPI may not.
type Cluster struct {
	// Admin may do everything. It is not limited in its number of requests.
	Admin client.Interface

	life      testing.TB // As long as the processes live.
	folder    string
	authority *authority
	etcdPort  int
	apiPort   int
	api       *testkit.Process
}

// StartCluster starts etcd and kube-apiserver on free ports of 127.0.0.1, with their data in a folder of the test's own, and
// waits until the API server is ready. The test is skipped where they are not built, see testkit.Pinned. When the test ends,
// the processes are killed, and their last output is logged if the test failed.
func StartCluster(t testing.TB) *Cluster {
	t.Helper()
	etcd, api := etcdProgram.Binary(t), apiProgram.Binary(t)
	c := &Cluster{life: t, folder: t.TempDir(), etcdPort: testkit.FreePort(t), apiPort: testkit.FreePort(t)}
	if err := c.issue(); err != nil {
		t.Fatal(err)
	}
	peers := fmt.Sprintf("http://127.0.0.1:%d", testkit.FreePort(t))
	testkit.Start(t, testkit.Options{Path: etcd, Args: []string{
		"--name=only", "--data-dir=" + filepath.Join(c.folder, "etcd"), "--log-level=warn",
		// The data need not outlive the machine.
		"--unsafe-no-fsync",
		"--listen-client-urls=" + c.etcdURL(), "--advertise-client-urls=" + c.etcdURL(),
		"--listen-peer-urls=" + peers, "--initial-advertise-peer-urls=" + peers, "--initial-cluster=only=" + peers,
	}})
	c.start(t, api)
	return c
}

// issue makes the certificates, and the client of the administrator.
func (c *Cluster) issue() error {
	var err error
	if c.authority, err = newAuthority(c.folder); err != nil {
		return err
	}
	// The second address is the first of the service network, by which pods know the API server.
	err = c.authority.issue("server", pkix.Name{CommonName: "kube-apiserver"}, net.IPv4(127, 0, 0, 1), net.IPv4(10, 96, 0, 1))
	if err != nil {
		return err
	}
	if err := c.authority.issue("admin", pkix.Name{CommonName: "admin", Organization: []string{"system:masters"}}); err != nil {
		return err
	}
	if err := c.authority.signingKey("accounts.key"); err != nil {
		return err
	}
	config := &rest.Config{Host: c.URL(), QPS: -1, Timeout: requestTimeout}
	// By the names of these files, client-go would follow their changes, and never stop.
	for file, data := range map[string]*[]byte{"ca.crt": &config.CAData, "admin.crt": &config.CertData, "admin.key": &config.KeyData} {
		if *data, err = os.ReadFile(c.authority.path(file)); err != nil {
			return err
		}
	}
	c.Admin, err = client.NewForConfig(config)
	return err
}

// start starts the API server and waits until it is ready.
func (c *Cluster) start(t testing.TB, program string) {
	t.Helper()
	accounts := c.authority.path("accounts.key")
	api := testkit.Start(c.life, testkit.Options{Path: program, Args: []string{
		"--etcd-servers=" + c.etcdURL(),
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", c.apiPort),
		"--tls-cert-file=" + c.authority.path("server.crt"), "--tls-private-key-file=" + c.authority.path("server.key"),
		"--client-ca-file=" + c.authority.path("ca.crt"), "--anonymous-auth=false",
		"--service-account-key-file=" + accounts, "--service-account-signing-key-file=" + accounts,
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-cluster-ip-range=10.96.0.0/24", "--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction", "--profiling=false",
	}})
	c.api = api
	var last error
	deadline := time.Now().Add(startTimeout)
	testkit.Eventually(t, startTimeout+time.Second, "the API server to be ready", func() bool {
		if api.Exited() {
			t.Fatalf("the API server ended while it started:\n%s", api.Stderr())
		}
		if last = c.ready(); last != nil && time.Now().After(deadline) {
			t.Fatalf("the API server is not ready after %s: %v", startTimeout, last)
		}
		return last == nil
	})
}

// ready is nil once the API server and everything in it serves.
func (c *Cluster) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	return c.Admin.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
}

// URL is the address of the API server, which stays the same after StartAPI.
func (c *Cluster) URL() string { return fmt.Sprintf("https://127.0.0.1:%d", c.apiPort) }

func (c *Cluster) etcdURL() string { return fmt.Sprintf("http://127.0.0.1:%d", c.etcdPort) }

// StopAPI ends the API server as an operator would, and returns when it has ended. It is killed when that takes longer than
// 20 s.
func (c *Cluster) StopAPI(t testing.TB) {
	t.Helper()
	c.api.Terminate()
	deadline := time.Now().Add(stopTimeout)
	testkit.Eventually(t, 2*stopTimeout, "the end of the API server", func() bool {
		if time.Now().After(deadline) {
			c.api.Kill()
		}
		return c.api.Exited()
	})
}

// StartAPI starts a stopped API server again, at the same address and with the same objects, and waits as StartCluster does.
func (c *Cluster) StartAPI(t testing.TB) {
	t.Helper()
	if !c.api.Exited() {
		t.Fatal("start the API server: it still runs; call StopAPI first")
	}
	c.start(t, apiProgram.Binary(t))
}
