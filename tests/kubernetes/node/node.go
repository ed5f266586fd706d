// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	client "k8s.io/client-go/kubernetes"

	"github.com/tributary-otel/tributary/tests/kubernetes"
	"github.com/tributary-otel/tributary/tests/testkit"
)

// How long a loaded machine may take; a test that waits this long has failed.
const (
	startTimeout = 4 * time.Minute
	stopTimeout  = 30 * time.Second
)

// Options say how a node differs from what the kubelet does by itself.
type Options struct {
	// LogMaxSize is the size from which the kubelet rotates the log of a container (default: 10Mi), which it looks at every 3 s.
	LogMaxSize string
	// LogMaxFiles is how many files it keeps of each container, the one that is written included (default: 5).
	LogMaxFiles int
}

// Node is a running cluster of one node. Its disk outlives Down, and is gone when the test has ended. Its methods may be called
// from several goroutines, except those that start or stop something.
type Node struct {
	// Admin may do everything. It is not limited in its number of requests.
	Admin client.Interface
	// HTTP sends requests from the node, where the names of Services and the addresses of pods mean something.
	HTTP *http.Client

	options   Options
	folder    string
	cgroup    string
	programs  programs
	authority *kubernetes.Authority
	control   *control
	life      testing.TB // As long as the processes live.
	process   *testkit.Process
}

// Start starts a cluster and waits until its node takes pods. The test is skipped for anybody but root, and where a package or
// a program is missing, see testkit.Pinned. When the test ends, everything is killed. The TestMain of the package must call
// Main.
func Start(t testing.TB, options Options) *Node {
	t.Helper()
	needs(t)
	if options.LogMaxSize == "" {
		options.LogMaxSize = "10Mi"
	}
	if options.LogMaxFiles == 0 {
		options.LogMaxFiles = 5
	}
	n := &Node{options: options, programs: findPrograms(t), life: t, folder: t.TempDir(), cgroup: newCgroup()}
	n.control = newControl(filepath.Join(n.folder, "control"))
	t.Cleanup(n.control.close)
	n.HTTP = &http.Client{Transport: &http.Transport{DialContext: n.Dial}, Timeout: time.Minute}
	t.Cleanup(n.HTTP.CloseIdleConnections)
	must(t, "prepare the node", n.prepare())
	ImageOf(t, "pause", n.folder)
	n.Up(t)
	return n
}

// needs skips the test where a node cannot be run.
func needs(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a node needs root: it makes namespaces, mounts and network devices, all of its own")
	}
	for program, pkg := range map[string]string{
		"unshare": "util-linux", "ip": "iproute2", "containerd": "containerd", "ctr": "containerd", "runc": "runc",
		"iptables": "iptables", "conntrack": "conntrack", cniFolder + "/bridge": "containernetworking-plugins",
	} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("a node needs %s: apt-get install --no-install-recommends %s", program, pkg)
		}
	}
}

// Up starts everything, on the disk as it is, and waits until the node takes pods.
func (n *Node) Up(t testing.TB) {
	t.Helper()
	start := time.Now()
	n.enter(t)
	n.start(t, n.programs.etcd())
	n.start(t, n.programs.containerd())
	n.StartAPI(t)
	n.start(t, n.programs.controllers())
	n.start(t, n.programs.scheduler())
	n.start(t, n.programs.names())
	n.wait(t, "containerd", func(ctx context.Context) error { return n.control.succeeds(ctx, "ctr", "version") })
	n.Load(t, n.file("pause.tar"))
	n.StartKubelet(t)
	n.start(t, n.programs.proxy())
	n.wait(t, "the node", func(ctx context.Context) error { return n.ready(ctx, start) })
	t.Logf("the node is ready after %s", time.Since(start).Round(100*time.Millisecond))
}

// ready is nil once the node takes pods, which its kubelet has said since then, and pods can have the account that they need.
func (n *Node) ready(ctx context.Context, since time.Time) error {
	node, err := n.Admin.CoreV1().Nodes().Get(ctx, Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady && condition.Status != corev1.ConditionTrue {
			return errors.New(condition.Message)
		}
		if condition.LastHeartbeatTime.Time.Before(since.Truncate(time.Second)) {
			return errors.New("the kubelet has not said anything yet")
		}
	}
	_, err = n.Admin.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
	return err
}

// enter makes the namespaces, and waits until programs can be started in them.
func (n *Node) enter(t testing.TB) {
	t.Helper()
	self, err := os.Executable()
	must(t, "find the program of the test", err)
	must(t, "make the cgroup", makeCgroup(n.cgroup))
	n.process = testkit.Start(n.life, testkit.Options{
		Path: "/usr/bin/unshare",
		Args: []string{"--mount", "--pid", "--net", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc", "--propagation", "private", self},
		Env:  []string{roleVariable + "=" + roleInit, folderVariable + "=" + n.folder},
	})
	// Before the process is killed: what it left in the cgroups has to go, too.
	n.life.Cleanup(func() { n.end(n.life) })
	n.wait(t, "the namespaces", func(ctx context.Context) error {
		if n.process.Exited() {
			t.Fatalf("the namespaces ended while they were made:\n%s", n.process.Stderr())
		}
		return n.control.succeeds(ctx, "true")
	})
}

// end is what comes last, once.
func (n *Node) end(t testing.TB) {
	if n.process.Exited() {
		return
	}
	if t.Failed() {
		n.describe(t)
	}
	n.keep(t)
	n.Down(t)
}

// Down ends everything at once, as when the power fails. What was written to the disk is there for Up.
func (n *Node) Down(t testing.TB) {
	t.Helper()
	if n.process == nil || n.process.Exited() {
		return
	}
	// The end of the first process of the namespaces is the end of all, and unshare waits for it.
	if init, ok := n.pid(); ok {
		must(t, "kill the node", syscall.Kill(init, syscall.SIGKILL))
	} else {
		n.process.Kill()
	}
	n.process.Wait(t, stopTimeout)
	n.control.close()
	n.HTTP.CloseIdleConnections()
	testkit.Eventually(t, stopTimeout, "the cgroups to be removed", func() bool { return removeCgroup(n.cgroup) })
}

// pid is the first process of the namespaces, as the machine knows it.
func (n *Node) pid() (int, bool) {
	var pid int
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", n.process.Pid()))
	if err != nil {
		return 0, false
	}
	_, err = fmt.Sscan(string(children), &pid)
	return pid, err == nil
}

// StopAPI ends the API server as an operator would, and returns when it has ended. It is killed when that takes longer than 10 s.
func (n *Node) StopAPI(t testing.TB) { n.stop(t, apiServer) }

// StartAPI starts the API server, and waits until it is ready.
func (n *Node) StartAPI(t testing.TB) {
	t.Helper()
	n.start(t, n.programs.apiServer(n.authority))
	n.wait(t, "the API server", func(ctx context.Context) error {
		return n.Admin.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

// StopKubelet ends the kubelet; containers go on, and their logs are not rotated.
func (n *Node) StopKubelet(t testing.TB) { n.stop(t, kubelet) }

// StartKubelet starts the kubelet.
func (n *Node) StartKubelet(t testing.TB) { n.start(t, n.programs.kubelet()) }

// Exec runs a program on the node, as root, and returns what it wrote. The test ends when it fails.
func (n *Node) Exec(t testing.TB, args ...string) string {
	t.Helper()
	out, err := n.TryExec(t.Context(), "", args...)
	must(t, strings.Join(args, " "), err)
	return out
}

// TryExec is Exec for what may fail, with what the program reads. The error holds what it wrote to stderr.
func (n *Node) TryExec(ctx context.Context, stdin string, args ...string) (string, error) {
	return n.control.exec(ctx, stdin, args...)
}

// Kubectl runs kubectl as the administrator, and returns what it wrote. The test ends when it fails.
func (n *Node) Kubectl(t testing.TB, args ...string) string {
	t.Helper()
	return n.Exec(t, append([]string{"kubectl"}, args...)...)
}

// Apply is `kubectl apply -f -`.
func (n *Node) Apply(t testing.TB, manifest string) {
	t.Helper()
	_, err := n.TryExec(t.Context(), manifest, "kubectl", "apply", "-f", "-")
	must(t, "kubectl apply", err)
}

// Load gives the images of an archive to the node, which has no registry.
func (n *Node) Load(t testing.TB, archive string) {
	t.Helper()
	n.Exec(t, "ctr", "--namespace", "k8s.io", "images", "import", archive)
}

// Logs are what a program of the node has written: "kubelet".
func (n *Node) Logs(t testing.TB, program string) string {
	t.Helper()
	raw, err := os.ReadFile(n.file("logs/" + program))
	must(t, "read what a program wrote", err)
	return string(raw)
}

// Path is where a file of the node's disk below /var/lib or /var/log is for the test, also when the node is down.
func (n *Node) Path(path string) string {
	for _, folder := range []string{"lib", "log"} {
		if rest, ok := strings.CutPrefix(path, "/var/"+folder+"/"); ok {
			return n.file(filepath.Join(folder, rest))
		}
	}
	panic("the disk of the node holds only /var/lib and /var/log, not " + path)
}

// Dial connects to an address or a name that the node knows.
func (n *Node) Dial(ctx context.Context, _, address string) (net.Conn, error) {
	return n.control.dial(ctx, address)
}

// file is the path of a file in the folder of this node.
func (n *Node) file(name string) string { return filepath.Join(n.folder, name) }

// wait waits until something is there, and says what was wrong if it does not come.
func (n *Node) wait(t testing.TB, what string, there func(context.Context) error) {
	t.Helper()
	deadline := time.Now().Add(startTimeout)
	testkit.Eventually(t, startTimeout+time.Minute, what, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), stopTimeout)
		defer cancel()
		err := there(ctx)
		if err != nil && time.Now().After(deadline) {
			t.Fatalf("timed out after %s waiting for %s: %v", startTimeout, what, err)
		}
		return err == nil
	})
}

func must(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
