// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"encoding/binary"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// nameServer answers every question for an IPv4 address with one address, or with NXDOMAIN.
type nameServer struct {
	conn net.PacketConn
	work sync.WaitGroup

	mu sync.Mutex
	// answer is the address; without one, there is no such name.
	answer net.IP
	// delay holds each answer back.
	delay time.Duration
	asked int
}

// newNameServer listens at port 53 of an address of the loopback interface.
func newNameServer(t testing.TB, address string) *nameServer {
	conn, err := net.ListenPacket("udp", net.JoinHostPort(address, "53"))
	if err != nil {
		t.Skipf("nobody can be asked for names here: %v", err)
	}
	s := &nameServer{conn: conn}
	s.work.Go(s.serve)
	t.Cleanup(func() {
		_ = conn.Close()
		s.work.Wait()
	})
	return s
}

func (s *nameServer) set(answer net.IP, delay time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer, s.delay = answer, delay
}

// seen is how many questions came.
func (s *nameServer) seen() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *nameServer) serve() {
	buffer := make([]byte, 1500)
	for {
		n, from, err := s.conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.asked++
		answer, delay := reply(buffer[:n], s.answer), s.delay
		s.mu.Unlock()
		s.work.Go(func() {
			if delay > 0 {
				<-time.After(delay)
			}
			_, _ = s.conn.WriteTo(answer, from)
		})
	}
}

// reply makes an answer of a question: the header, the question again, and the address, if it was one of type A.
func reply(question []byte, address net.IP) []byte {
	const headerBytes, recursive, authentic, noSuchName, typeA = 12, 0x0100, 0x8480, 3, 1
	end := headerBytes
	for end < len(question) && question[end] != 0 {
		end += int(question[end]) + 1
	}
	end += 5 // The end of the name, its type and its class.
	if end > len(question) {
		return nil
	}
	answer := append([]byte(nil), question[:end]...)
	flags, answers := uint16(authentic|recursive), uint16(0)
	switch {
	case address == nil:
		flags |= noSuchName
	case binary.BigEndian.Uint16(question[end-4:]) == typeA:
		answers = 1
		// The name of the question, type A, class IN, to be kept for no time, four bytes.
		answer = append(answer, 0xc0, headerBytes, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4)
		answer = append(answer, address.To4()...)
	}
	binary.BigEndian.PutUint16(answer[2:], flags)
	binary.BigEndian.PutUint16(answer[4:], 1)
	binary.BigEndian.PutUint16(answer[6:], answers)
	binary.BigEndian.PutUint32(answer[8:], 0)
	return answer
}

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
	dns := newNameServer(r.t, server)
	r.reach("http://backend.example" + port)
	dns.set(net.ParseIP(first), 0)
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
		before := dns.seen()
		here.reset()
		testkit.Eventually(r.t, patience, "the name to be looked up", func() bool { return dns.seen() >= before+n })
	}
	r.event("there is no such name")
	dns.set(nil, 0)
	reset(4)
	r.recovers("the name is back", func() { dns.set(net.ParseIP(first), 0) })
	dns.set(net.ParseIP(first), 2*time.Second)
	r.recovers("names are slow", func() { reset(1) })
	dns.set(net.ParseIP(second), 0)
	r.recovers("the backend has moved", func() {
		here.down()
		newProxy(r.t, second+port, r.gate.address)
	})
	r.again = here.seen().opened * requestBytes
	r.settle()
}
