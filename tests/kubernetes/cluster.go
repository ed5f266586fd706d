// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"context"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"path/filepath"
	"testing"
	"time"

	client "k8s.io/client-go/kubernetes"

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
	authority *Authority
	etcdPort  int
	apiPort   int
	api       *testkit.Process
}

// StartCluster starts etcd and kube-apiserver on free ports of 127.0.0.1, with their data in a folder of the test's own, and
// waits until the API server is ready. The test is skipped where they are not built, see testkit.Pinned. When the test ends,
// the processes are killed, and their last output is logged if the test failed.
func StartCluster(t testing.TB) *Cluster {
	t.Helper()
	etcd, api := EtcdProgram.Binary(t), APIProgram.Binary(t)
	c := &Cluster{life: t, folder: t.TempDir(), etcdPort: testkit.FreePort(t), apiPort: testkit.FreePort(t)}
	if err := c.issue(); err != nil {
		t.Fatal(err)
	}
	peers := fmt.Sprintf("http://127.0.0.1:%d", testkit.FreePort(t))
	testkit.Start(t, testkit.Options{Path: etcd, Args: EtcdArguments(filepath.Join(c.folder, "etcd"), c.etcdURL(), peers)})
	c.start(t, api)
	return c
}

// issue makes the certificates, and the client of the administrator.
func (c *Cluster) issue() error {
	var err error
	if c.authority, err = NewAuthority(c.folder); err != nil {
		return err
	}
	// The second address is the first of the service network, by which pods know the API server.
	err = c.authority.Issue("server", pkix.Name{CommonName: "kube-apiserver"}, net.IPv4(127, 0, 0, 1), net.IPv4(10, 96, 0, 1))
	if err != nil {
		return err
	}
	if err := c.authority.SigningKey("accounts.key"); err != nil {
		return err
	}
	config, err := c.authority.Administrator(c.URL())
	if err != nil {
		return err
	}
	c.Admin, err = client.NewForConfig(config)
	return err
}

// start starts the API server and waits until it is ready.
func (c *Cluster) start(t testing.TB, program string) {
	t.Helper()
	api := testkit.Start(c.life, testkit.Options{Path: program, Args: APIArguments(c.authority, c.etcdURL(), "127.0.0.1", c.apiPort)})
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
	c.start(t, APIProgram.Binary(t))
}

// APIArguments are the arguments of a kube-apiserver that serves at an address, for certificates server.crt and a key
// accounts.key of the authority: it allows what roles say, and lets a node see and change what is its own.
func APIArguments(a *Authority, etcdURL, address string, port int) []string {
	accounts := a.Path("accounts.key")
	return []string{
		"--etcd-servers=" + etcdURL,
		"--bind-address=" + address, "--advertise-address=" + address, fmt.Sprintf("--secure-port=%d", port),
		"--tls-cert-file=" + a.Path("server.crt"), "--tls-private-key-file=" + a.Path("server.key"),
		"--client-ca-file=" + a.Path("ca.crt"), "--anonymous-auth=false",
		"--service-account-key-file=" + accounts, "--service-account-signing-key-file=" + accounts,
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-cluster-ip-range=10.96.0.0/24", "--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction", "--profiling=false",
	}
}

// EtcdArguments are the arguments of an etcd of one member, with its data in a folder. The data need not outlive the machine.
func EtcdArguments(folder, clients, peers string) []string {
	return []string{
		"--name=only", "--data-dir=" + folder, "--log-level=warn", "--unsafe-no-fsync",
		"--listen-client-urls=" + clients, "--advertise-client-urls=" + clients,
		"--listen-peer-urls=" + peers, "--initial-advertise-peer-urls=" + peers, "--initial-cluster=only=" + peers,
	}
}
