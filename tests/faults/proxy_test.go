// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// link is how a proxy treats the bytes that go through it. The zero value hands them on.
type link struct {
	// latency holds every piece back, in both directions.
	latency time.Duration
	// bytesPerSecond bounds what all connections together carry to the backend; 0 is no bound.
	bytesPerSecond int
	// stallAfter lets each connection carry so many more bytes to the backend, and then nothing in either direction.
	stallAfter int
	// cutAnswers resets a connection in place of the first byte of an answer: the backend has the request, the sender does not
	// hear of it.
	cutAnswers bool
}

// proxy carries bytes between the collector and a gate, and makes the trouble that networks make.
type proxy struct {
	t               testing.TB
	target, address string

	mu       sync.Mutex
	listener net.Listener
	now      link
	// secure makes the proxy's own end of new connections TLS, if it is not nil.
	secure *tls.Config
	open   map[*connection]bool
	count  figures
	// free is when the line to the backend has carried what it was given.
	free time.Time
	work sync.WaitGroup
}

// connection is one of the collector with the one to the backend that belongs to it.
type connection struct {
	front, back net.Conn
	// plain is the front with TLS taken off.
	plain net.Conn
	// ended is closed with both halves. A frozen one hands nothing on any more, and nobody is told.
	ended, frozen chan struct{}
	once, freeze  sync.Once
	// left is how many bytes it may carry until it is frozen, if that was set.
	left int
}

// proxy puts a proxy between the collector and the gate.
func (r *rig) proxy() *proxy {
	r.t.Helper()
	p := newProxy(r.t, "127.0.0.1:0", r.gate.address)
	r.reach("http://" + p.address)
	return p
}

// reach gives the collector another address for the backend.
func (r *rig) reach(url string) {
	_, variable := r.backend.config()
	r.collector.Set(variable + "=" + url)
}

func newProxy(t testing.TB, address, target string) *proxy {
	p := &proxy{t: t, target: target, address: address, open: map[*connection]bool{}}
	p.up()
	t.Cleanup(func() {
		p.down()
		p.work.Wait()
	})
	return p
}

// up listens, at the same address each time.
func (p *proxy) up() {
	var listener net.Listener
	testkit.Eventually(p.t, 10*time.Second, "the address "+p.address+" to be free", func() (free bool) {
		var err error
		listener, err = net.Listen("tcp", p.address)
		return err == nil
	})
	p.mu.Lock()
	p.address, p.listener = listener.Addr().String(), listener
	p.mu.Unlock()
	p.work.Go(func() {
		for {
			front, err := listener.Accept()
			if err != nil {
				return
			}
			p.work.Go(func() { p.connect(front) })
		}
	})
}

// down refuses connections, and resets those that are open.
func (p *proxy) down() {
	p.mu.Lock()
	_ = p.listener.Close()
	p.mu.Unlock()
	p.reset()
}

// set changes how bytes are treated, of connections that are open as well.
func (p *proxy) set(now link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = now
	for c := range p.open {
		c.left = now.stallAfter
	}
}

// present makes the proxy's end TLS with a certificate, and resets the connections that have seen another one.
func (p *proxy) present(certificate tls.Certificate) {
	p.mu.Lock()
	p.secure = &tls.Config{Certificates: []tls.Certificate{certificate}}
	p.mu.Unlock()
	p.reset()
}

// connections returns the connections that are open.
func (p *proxy) connections() []*connection {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []*connection
	for c := range p.open {
		all = append(all, c)
	}
	return all
}

// reset ends all connections with RST and returns how many there were.
func (p *proxy) reset() int {
	all := p.connections()
	for _, c := range all {
		c.end(true)
	}
	return len(all)
}

// halfOpen lets no byte more through the connections that are open, and tells nobody, as a firewall that has forgotten them.
// New ones are not concerned. It returns how many there were.
func (p *proxy) halfOpen() int {
	all := p.connections()
	for _, c := range all {
		c.freeze.Do(func() { close(c.frozen) })
	}
	return len(all)
}

// figures are what a proxy has counted.
type figures struct {
	// opened counts connections, refused those whose handshake failed, cut the answers that were not handed on, and carried
	// the bytes to the backend.
	opened, refused, cut, carried int
}

func (p *proxy) seen() figures {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

func (p *proxy) connect(front net.Conn) {
	p.mu.Lock()
	secure := p.secure
	p.count.opened++
	p.mu.Unlock()
	plain := front
	if secure != nil {
		shaken := tls.Server(front, secure)
		_ = front.SetDeadline(time.Now().Add(10 * time.Second))
		if err := shaken.Handshake(); err != nil {
			p.mu.Lock()
			p.count.refused++
			p.mu.Unlock()
			_ = front.Close()
			return
		}
		_ = front.SetDeadline(time.Time{})
		plain = shaken
	}
	back, err := net.Dial("tcp", p.target)
	if err != nil {
		_ = front.Close()
		return
	}
	c := &connection{front: front, plain: plain, back: back, ended: make(chan struct{}), frozen: make(chan struct{})}
	p.mu.Lock()
	if p.secure != secure {
		// It was shown what is shown no more.
		p.mu.Unlock()
		c.end(true)
		return
	}
	p.open[c] = true
	c.left = p.now.stallAfter
	p.mu.Unlock()
	p.work.Go(func() { p.carry(c, c.plain, c.back, false) })
	p.carry(c, c.back, c.plain, true)
	p.mu.Lock()
	delete(p.open, c)
	p.mu.Unlock()
}

// carry hands on in one direction until the connection ends.
func (p *proxy) carry(c *connection, to io.Writer, from io.Reader, request bool) {
	defer c.end(false)
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 && !p.pass(c, n, request) {
			return
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// pass returns when a piece may go on, and false when it may not.
func (p *proxy) pass(c *connection, n int, request bool) bool {
	p.mu.Lock()
	now, wait := p.now, p.now.latency
	if request {
		p.count.carried += n
		if now.bytesPerSecond > 0 {
			start := time.Now()
			if p.free.After(start) {
				start = p.free
			}
			p.free = start.Add(time.Duration(n) * time.Second / time.Duration(now.bytesPerSecond))
			wait += time.Until(p.free)
		}
		if c.left -= n; now.stallAfter > 0 && c.left <= 0 {
			c.freeze.Do(func() { close(c.frozen) })
		}
	}
	cut := now.cutAnswers && !request
	if cut {
		p.count.cut++
	}
	p.mu.Unlock()
	if cut {
		c.end(true)
		return false
	}
	if wait > 0 {
		select {
		case <-time.After(wait):
		case <-c.ended:
			return false
		}
	}
	select {
	case <-c.frozen:
		<-c.ended
		return false
	default:
		return true
	}
}

// end closes both halves, with RST or as it is done.
func (c *connection) end(reset bool) {
	c.once.Do(func() {
		close(c.ended)
		for _, half := range []net.Conn{c.front, c.back} {
			if reset {
				_ = half.(*net.TCPConn).SetLinger(0)
			}
			_ = half.Close()
		}
	})
}
