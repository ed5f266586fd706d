// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
)

// Names of the protocols in Request.Protocol.
const (
	protocolHTTP = "http"
	protocolGRPC = "grpc"
)

// Fault says how the backend treats the requests it applies to. The zero value
// is no fault. HTTPStatus applies to HTTP only and GRPCCode to gRPC only, so a
// fault with just one of them leaves the other protocol alone; Delay, Disconnect
// and RejectRecords apply to both. Within one request the delay comes first,
// then the disconnect, then the status, then the partial success.
type Fault struct {
	// HTTPStatus answers an HTTP request with this status, whatever its class,
	// and keeps none of its records.
	HTTPStatus int
	// GRPCCode answers a gRPC request with this code and keeps none of its
	// records.
	GRPCCode codes.Code
	// RetryAfter goes along with HTTPStatus as the Retry-After header, in
	// seconds rounded up, and with GRPCCode as a RetryInfo detail. Alone it does
	// nothing.
	RetryAfter time.Duration
	// Delay holds the answer back. When the sender gives up or the backend stops
	// meanwhile, the records are not kept.
	Delay time.Duration
	// Disconnect closes the connection in place of an answer and keeps none of
	// the records. Over gRPC other calls on that connection die with it.
	Disconnect bool
	// RejectRecords answers with a partial success that rejects so many records,
	// at most all of them: the last ones of the request, which are not kept.
	RejectRecords int64
	// When limits the fault to requests with such records; nil means all. It must
	// not call the backend.
	When func([]Record) bool
	// Times is the number of requests to fault; 0 means until ClearFault.
	Times int
}

// hits reports whether the fault changes anything for a protocol.
func (f Fault) hits(protocol string) bool {
	if f.Delay > 0 || f.Disconnect || f.RejectRecords > 0 {
		return true
	}
	if protocol == protocolHTTP {
		return f.HTTPStatus != 0
	}
	return f.GRPCCode != codes.OK
}

// SetFault makes the following requests fail as described; it replaces a fault
// set before, also one that has requests left.
func (b *Backend) SetFault(f Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault, b.faultsLeft = f, f.Times
}

// ClearFault lets the following requests succeed. A request that is already
// held back by a delay is not released.
func (b *Backend) ClearFault() {
	b.SetFault(Fault{})
}

// Faulted is the number of requests that got a fault since the start. A request
// counts as soon as its fault is chosen, hence already during a delay.
func (b *Backend) Faulted() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.faulted
}

// takeFault returns the fault of a new request, the zero Fault for none.
func (b *Backend) takeFault(protocol string, records []Record) Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.fault
	if !f.hits(protocol) || f.When != nil && !f.When(records) {
		return Fault{}
	}
	b.faulted++
	if f.Times > 0 {
		if b.faultsLeft--; b.faultsLeft == 0 {
			b.fault = Fault{}
		}
	}
	return f
}

// hold waits for delay and reports whether it passed with the sender still there
// and the backend still running.
func (b *Backend) hold(ctx context.Context, delay time.Duration) bool {
	if delay <= 0 {
		return true
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	case <-b.stopping:
		return false
	}
}
