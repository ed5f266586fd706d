// SPDX-License-Identifier: Apache-2.0

package kubeapi

import (
	"errors"
	"net/http"
	"sync"
)

// errTruncated ends an answer that a fault cuts.
var errTruncated = errors.New("truncated on cue of the test")

// answer writes the answer to one request, notes what becomes of it, and cuts
// it where a fault says so.
type answer struct {
	http.ResponseWriter
	fault Fault

	mu      *sync.Mutex // That of the server.
	request *Request    // Nil for discovery.
}

// Unwrap lets http.ResponseController find what can be flushed.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader notes the status.
func (a *answer) WriteHeader(status int) {
	a.note(func(r *Request) { r.Status = status })
	a.ResponseWriter.WriteHeader(status)
}

// Write writes one JSON value, or half of it if it is to be cut.
func (a *answer) Write(value []byte) (int, error) {
	if a.fault.Truncate {
		value = value[:len(value)/2]
	}
	n, err := a.ResponseWriter.Write(value)
	a.note(func(r *Request) { r.Bytes += int64(n) })
	if err != nil || !a.fault.Truncate {
		return n, err
	}
	if a.fault.Disconnect {
		// The half would otherwise stay in a buffer.
		_ = http.NewResponseController(a.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, errTruncated
}

func (a *answer) note(change func(*Request)) {
	if a.request == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	change(a.request)
}
