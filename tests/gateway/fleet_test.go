// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// fleet is two nodes, gateways that have one name, and a backend.
type fleet struct {
	t        testing.TB
	backend  *testkit.Backend
	names    *testkit.Names
	nodes    []*node
	gateways []*gateway
	port     int
	// earlier is what backends had that are gone.
	earlier []testkit.Record
}

// gateway is one of the tier, at an address of its own and the port of all.
type gateway struct {
	*testkit.Collector
	address string
	process *testkit.Process
}

// newFleet starts the gateways and, by the backend file of that name, the nodes.
func newFleet(t testing.TB, by string, gateways int) *fleet {
	f := &fleet{t: t, backend: testkit.StartBackend(t), port: testkit.FreePort(t)}
	// Tests run at once, and each has addresses of its own: 127.x.y.0/24.
	net24 := fmt.Sprintf("127.%d.%d", 64+f.port>>8, f.port&255)
	resolver := net24 + ".53"
	question := testkit.FreePort(t)
	if by == "load-balancing" {
		question = 53 // It asks as the machine does.
	}
	f.names = testkit.StartNames(t, fmt.Sprintf("%s:%d", resolver, question))
	for i := range gateways {
		g := &gateway{address: fmt.Sprintf("%s.%d", net24, i+1), Collector: testkit.NewCollector(t, "gateway.yaml", "backends/otlp.yaml")}
		g.Set(fmt.Sprintf("TRIBUTARY_LISTEN_GRPC=%s:%d", g.address, f.port), "TRIBUTARY_LISTEN_HTTP="+g.address+":0",
			"TRIBUTARY_OTLP_URL="+f.backend.HTTPURL())
		g.process = g.Start(t)
		f.gateways = append(f.gateways, g)
	}
	f.serve(f.gateways...)
	for i := range 2 {
		n := newNode(t, fmt.Sprintf("node-%d", i), by)
		switch by {
		case "gateway":
			n.Args = append(n.Args, fmt.Sprintf("--set=exporters.otlp_grpc/gateway.endpoint=dns://%s:%d/gateways.example:%d", resolver, question, f.port))
		case "load-balancing":
			n.Set("TRIBUTARY_GATEWAY_HOST=gateways.example.", fmt.Sprintf("TRIBUTARY_GATEWAY_PORT=%d", f.port))
			n.Args = append(n.Args, "--set=exporters.load_balancing.resolver.dns.interval=200ms")
			n.Through = asking(t, resolver)
		}
		n.print(2_000)
		n.process = n.Start(t)
		f.nodes = append(f.nodes, n)
	}
	return f
}

// serve says which gateways the name stands for.
func (f *fleet) serve(gateways ...*gateway) {
	var addresses []string
	for _, g := range gateways {
		addresses = append(addresses, g.address)
	}
	f.names.Set(addresses...)
}

// print lets every node print.
func (f *fleet) print(lines int) {
	for _, n := range f.nodes {
		n.print(lines)
	}
}

// settle waits for every line, and ends the nodes.
func (f *fleet) settle() (twice int) {
	f.t.Helper()
	settle(f.t, f.backend, f.earlier, f.nodes...)
	for _, n := range f.nodes {
		n.process.Stop(f.t)
	}
	return twices(append(f.earlier, f.backend.Records()...))
}

// asking lets a program ask a name server, in a mount namespace where /etc/resolv.conf is another one.
func asking(t testing.TB, server string) func(testkit.Options) testkit.Options {
	unshare, err := exec.LookPath("unshare")
	if err != nil || os.Geteuid() != 0 {
		t.Skip("needs root and unshare for another /etc/resolv.conf")
	}
	resolv := filepath.Join(t.TempDir(), "resolv.conf")
	require.NoError(t, os.WriteFile(resolv, []byte("nameserver "+server+"\n"), 0o644))
	if out, err := exec.Command(unshare, "--mount", "mount", "--bind", resolv, "/etc/resolv.conf").CombinedOutput(); err != nil {
		t.Skipf("needs mount namespaces: %v: %s", err, out)
	}
	return func(options testkit.Options) testkit.Options {
		program := options.Path
		if program == "" {
			program = testkit.Binary(t)
		}
		options.Args = append([]string{"--mount", "sh", "-c", `mount --bind "$0" /etc/resolv.conf && exec "$@"`, resolv, program}, options.Args...)
		options.Path = unshare
		return options
	}
}
