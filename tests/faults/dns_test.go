// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// withNames lets the collector ask a name server, in a mount namespace where /etc/resolv.conf is another one. The caller starts it.
func (r *rig) withNames(server string) testkit.Options {
	r.t.Helper()
	unshare, err := exec.LookPath("unshare")
	if err != nil || os.Geteuid() != 0 {
		r.t.Skip("needs root and unshare for another /etc/resolv.conf")
	}
	resolv := filepath.Join(r.t.TempDir(), "resolv.conf")
	require.NoError(r.t, os.WriteFile(resolv, []byte("nameserver "+server+"\n"), 0o644))
	if out, err := exec.Command(unshare, "--mount", "mount", "--bind", resolv, "/etc/resolv.conf").CombinedOutput(); err != nil {
		r.t.Skipf("needs mount namespaces: %v: %s", err, out)
	}
	options := r.collector.Options()
	options.Args = append([]string{"--mount", "sh", "-c", `mount --bind "$0" /etc/resolv.conf && exec "$@"`, resolv, testkit.Binary(r.t)}, options.Args...)
	options.Path = unshare
	return options
}

// names has a backend with a name that cannot be found for a while, is found slowly, and moves.
func names(r *rig) {
	const first, second = "127.53.0.1", "127.53.0.2"
	here := newProxy(r.t, first+":0", r.gate.address)
	port := here.address[strings.LastIndexByte(here.address, ':'):]
	// Rows run at once, and each has an address of its own at which it listens for questions.
	number := here.listener.Addr().(*net.TCPAddr).Port
	server := net.IPv4(127, 54, byte(number>>8), byte(number)).String()
	dns := testkit.StartNames(r.t, net.JoinHostPort(server, "53"))
	r.reach("http://backend.example" + port)
	dns.Set(first)
	r.busyNode(2)
	options := r.withNames(server)
	r.event("start")
	began := time.Now()
	r.process = testkit.Start(r.t, options)
	r.process.WaitReady(r.t, testkit.StartTimeout)
	r.ready = time.Since(began)
	r.arrived()

	// reset ends all connections and waits until the name has been looked up so often for new ones.
	reset := func(n int) {
		before := dns.Asked()
		here.reset()
		testkit.Eventually(r.t, patience, "the name to be looked up", func() bool { return dns.Asked() >= before+n })
	}
	r.event("there is no such name")
	dns.Set()
	reset(4)
	r.recovers("the name is back", func() { dns.Set(first) })
	dns.Delay(2 * time.Second)
	r.recovers("names are slow", func() { reset(1) })
	dns.Delay(0)
	dns.Set(second)
	r.recovers("the backend has moved", func() {
		here.down()
		newProxy(r.t, second+port, r.gate.address)
	})
	r.again = here.seen().opened * requestBytes
	r.settle()
}
