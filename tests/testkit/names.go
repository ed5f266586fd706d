// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Names is a name server that gives every name the same addresses, to be kept for no time. It may be used from several
// goroutines.
type Names struct {
	conn net.PacketConn
	work sync.WaitGroup

	mu        sync.Mutex
	addresses []netip.Addr
	delay     time.Duration
	asked     int
}

// StartNames answers at a UDP address, host:port, until the test ends. It skips the test where nobody may listen there. Until
// Set is called, there is no such name.
func StartNames(t testing.TB, address string) *Names {
	t.Helper()
	conn, err := net.ListenPacket("udp", address)
	if err != nil {
		t.Skipf("nobody can be asked for names here: %v", err)
	}
	n := &Names{conn: conn}
	n.work.Go(n.serve)
	t.Cleanup(func() {
		_ = conn.Close()
		n.work.Wait()
	})
	return n
}

// Set says which IPv4 addresses every name has from now on; without one, there is no such name.
func (n *Names) Set(addresses ...string) {
	var parsed []netip.Addr
	for _, address := range addresses {
		parsed = append(parsed, netip.MustParseAddr(address))
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.addresses = parsed
}

// Delay holds each answer back from now on.
func (n *Names) Delay(by time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.delay = by
}

// Asked is how many questions came.
func (n *Names) Asked() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked
}

func (n *Names) serve() {
	buffer := make([]byte, 1500)
	for {
		size, from, err := n.conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		question := slices.Clone(buffer[:size])
		n.mu.Lock()
		n.asked++
		addresses, delay := n.addresses, n.delay
		n.mu.Unlock()
		n.work.Go(func() {
			if delay > 0 {
				<-time.After(delay)
			}
			if answer, err := answerTo(question, addresses); err == nil {
				_, _ = n.conn.WriteTo(answer, from)
			}
		})
	}
}

// answerTo answers a question for addresses of IPv4; to one of another type it says that there is none.
func answerTo(question []byte, addresses []netip.Addr) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil {
		return nil, err
	}
	m.Response, m.Authoritative, m.RecursionAvailable = true, true, true
	m.Answers, m.Authorities, m.Additionals = nil, nil, nil
	if len(addresses) == 0 {
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, q := range m.Questions {
		for _, address := range addresses {
			if q.Type == dnsmessage.TypeA {
				m.Answers = append(m.Answers, dnsmessage.Resource{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET},
					Body:   &dnsmessage.AResource{A: address.As4()},
				})
			}
		}
	}
	return m.Pack()
}
