// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"bytes"
	"crypto/x509/pkix"
	"embed"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"text/template"

	client "k8s.io/client-go/kubernetes"

	"github.com/tributary-otel/tributary/tests/kubernetes"
	"github.com/tributary-otel/tributary/tests/testkit"
)

// What the node is called, and where: nothing else is in its network.
const (
	Name    = "node1"
	Address = "10.88.0.2"

	apiPort      = 6443
	apiService   = "10.96.0.1" // The first of the network of Services.
	podNetwork   = "10.244.0.0/24"
	pluginFolder = "/var/lib/kubelet/volume-plugins"
	cniFolder    = "/usr/lib/cni" // Where Debian has them.
	etcdClients  = "http://127.0.0.1:2379"
	etcdPeers    = "http://127.0.0.1:2380"
)

// The names of what can be stopped and started again.
const (
	apiServer = "kube-apiserver"
	kubelet   = "kubelet"
)

// program is one of the processes of the node.
type program struct {
	name string
	args []string
	env  []string
}

// programs are those of the node, by their names.
type programs struct {
	paths  map[string]string
	folder string
}

// findPrograms finds them all, or skips the test.
func findPrograms(t testing.TB) programs {
	t.Helper()
	p := programs{paths: map[string]string{}}
	for _, pinned := range []testkit.Pinned{
		kubernetes.EtcdProgram, kubernetes.APIProgram, kubernetes.ControllersProgram, kubernetes.SchedulerProgram,
		kubernetes.KubeletProgram, kubernetes.ProxyProgram, kubernetes.KubectlProgram,
	} {
		p.paths[pinned.Name] = pinned.Binary(t)
	}
	return p
}

func (p programs) program(name string, args ...string) program {
	return program{name: name, args: append([]string{p.paths[name]}, args...)}
}

func (p programs) file(name string) string { return filepath.Join(p.folder, name) }

func (p programs) etcd() program {
	return p.program("etcd", kubernetes.EtcdArguments(p.file("etcd"), etcdClients, etcdPeers)...)
}

func (p programs) apiServer(a *kubernetes.Authority) program {
	return p.program(apiServer, append(kubernetes.APIArguments(a, etcdClients, Address, apiPort),
		"--allow-privileged=true",
		// The name of the node means nothing to the API server.
		"--kubelet-preferred-address-types=InternalIP", "--kubelet-certificate-authority="+a.Path("ca.crt"),
		"--kubelet-client-certificate="+a.Path("kubelet-client.crt"), "--kubelet-client-key="+a.Path("kubelet-client.key"))...)
}

func (p programs) controllers() program {
	as := p.file("controllers.kubeconfig")
	return p.program("kube-controller-manager", "--kubeconfig="+as, "--authentication-kubeconfig="+as, "--authorization-kubeconfig="+as,
		"--bind-address=127.0.0.1", "--leader-elect=false", "--use-service-account-credentials=true", "--profiling=false",
		// Its default is in /usr.
		"--flex-volume-plugin-dir="+pluginFolder,
		"--root-ca-file="+p.file("ca.crt"), "--client-ca-file="+p.file("ca.crt"),
		"--service-account-private-key-file="+p.file("accounts.key"))
}

func (p programs) scheduler() program {
	as := p.file("scheduler.kubeconfig")
	return p.program("kube-scheduler", "--kubeconfig="+as, "--authentication-kubeconfig="+as, "--authorization-kubeconfig="+as,
		"--bind-address=127.0.0.1", "--leader-elect=false", "--profiling=false")
}

func (p programs) containerd() program {
	return program{name: "containerd", args: []string{"containerd", "--config", p.file("containerd.toml")}}
}

func (p programs) kubelet() program {
	return p.program(kubelet, "--config="+p.file("kubelet.yaml"), "--kubeconfig="+p.file("kubelet.kubeconfig"),
		"--hostname-override="+Name, "--node-ip="+Address)
}

func (p programs) proxy() program {
	return p.program("kube-proxy", "--config="+p.file("proxy.yaml"), "--hostname-override="+Name)
}

// names is the name server, which is this program.
func (programs) names() program {
	return program{name: roleNames, args: []string{"/proc/self/exe"}, env: []string{roleVariable + "=" + roleNames}}
}

// prepare writes everything that the programs read.
func (n *Node) prepare() error {
	n.programs.folder = n.folder
	for _, folder := range []string{"bin", "logs", "cgroup", "sysctl", "cni", "lib/kubelet", "log/pods", "log/containers", "home", "tmp"} {
		if err := os.MkdirAll(n.file(folder), 0o755); err != nil {
			return err
		}
	}
	if err := os.Symlink(n.programs.paths["kubectl"], n.file("bin/kubectl")); err != nil {
		return err
	}
	if err := n.issue(); err != nil {
		return err
	}
	return n.writeConfigs()
}

// issue makes the certificates, and the kubeconfig file of each program.
func (n *Node) issue() error {
	var err error
	if n.authority, err = kubernetes.NewAuthority(n.folder); err != nil {
		return err
	}
	address := net.ParseIP(Address)
	url := fmt.Sprintf("https://%s:%d", Address, apiPort)
	if err := n.authority.Issue("server", pkix.Name{CommonName: "kube-apiserver"}, address, net.ParseIP(apiService)); err != nil {
		return err
	}
	if err := n.authority.Issue("kubelet-server", pkix.Name{CommonName: Name}, address); err != nil {
		return err
	}
	if err := n.authority.SigningKey("accounts.key"); err != nil {
		return err
	}
	for name, user := range map[string]pkix.Name{
		"kubelet-client": {CommonName: "kube-apiserver-kubelet-client", Organization: []string{"system:masters"}},
		"kubelet":        {CommonName: "system:node:" + Name, Organization: []string{"system:nodes"}},
		"controllers":    {CommonName: "system:kube-controller-manager"},
		"scheduler":      {CommonName: "system:kube-scheduler"},
		"proxy":          {CommonName: "system:kube-proxy"},
	} {
		if err := n.authority.Issue(name, user); err != nil {
			return err
		}
	}
	admin, err := n.authority.Administrator(url)
	if err != nil {
		return err
	}
	admin.Dial = n.Dial
	if n.Admin, err = client.NewForConfig(admin); err != nil {
		return err
	}
	for _, name := range []string{"admin", "kubelet", "controllers", "scheduler", "proxy"} {
		if err := n.render("kubeconfig", name+".kubeconfig", map[string]any{"URL": url, "Name": n.file(name), "CA": n.file("ca.crt")}); err != nil {
			return err
		}
	}
	return nil
}

//go:embed config
var configs embed.FS

var templates = template.Must(template.New("").Option("missingkey=error").ParseFS(configs, "config/*"))

// writeConfigs renders the files of config/.
func (n *Node) writeConfigs() error {
	values := map[string]any{
		"Folder": n.folder, "Address": Address, "PodNetwork": podNetwork, "CNI": cniFolder, "PauseImage": Image("pause"),
		"PluginFolder": pluginFolder, "LogMaxSize": n.options.LogMaxSize, "LogMaxFiles": n.options.LogMaxFiles, "Cgroup": "/" + n.cgroup,
	}
	for source, target := range map[string]string{
		"containerd.toml": "", "kubelet.yaml": "", "proxy.yaml": "", "resolv.conf": "", "bridge.conflist": "cni/bridge.conflist",
	} {
		if target == "" {
			target = source
		}
		if err := n.render(source, target, values); err != nil {
			return err
		}
	}
	return nil
}

// render writes one file of the node.
func (n *Node) render(source, target string, values map[string]any) error {
	var content bytes.Buffer
	if err := templates.ExecuteTemplate(&content, source, values); err != nil {
		return err
	}
	return os.WriteFile(n.file(target), content.Bytes(), 0o644)
}
