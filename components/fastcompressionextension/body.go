// SPDX-License-Identifier: Apache-2.0

package fastcompressionextension

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"sync/atomic"
)

var (
	errClosed = errors.New("read a closed request body")
	errOver   = errors.New("the request is over, its body cannot be read again")
)

// payload is a compressed body in a buffer that belongs to the pool. net/http may
// still read a body after RoundTrip has returned, and asks for a second one to send a
// request again. Each reader holds the payload, and so does the round trip; the last
// one to let go gives the buffer back.
type payload struct {
	buffer   *bytes.Buffer
	encoders *encoders
	holders  atomic.Int32
}

// newPayload returns a payload with one holder, the caller.
func newPayload(buffer *bytes.Buffer, encoders *encoders) *payload {
	p := &payload{buffer: buffer, encoders: encoders}
	p.holders.Store(1)
	return p
}

// open returns a reader from the start. It is the GetBody of a request, and fails when
// nobody holds the payload any more.
func (p *payload) open() (io.ReadCloser, error) {
	for {
		n := p.holders.Load()
		if n == 0 {
			return nil, errOver
		}
		if p.holders.CompareAndSwap(n, n+1) {
			return &body{payload: p, rest: p.buffer.Bytes()}, nil
		}
	}
}

func (p *payload) letGo() {
	if p.holders.Add(-1) == 0 {
		p.encoders.release(p.buffer)
	}
}

// body reads a payload once. net/http closes a body in one goroutine while another one
// still reads it: after Close no byte of the buffer is touched. There is no WriteTo on
// purpose, which would hold the lock as long as a connection is stuck.
type body struct {
	mu      sync.Mutex
	payload *payload // nil after Close
	rest    []byte
}

func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.payload == nil {
		return 0, errClosed
	}
	if len(b.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// Close may be called more than once.
func (b *body) Close() error {
	b.mu.Lock()
	held := b.payload
	b.payload, b.rest = nil, nil
	b.mu.Unlock()
	if held != nil {
		held.letGo()
	}
	return nil
}
