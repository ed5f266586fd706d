// SPDX-License-Identifier: Apache-2.0

package delivery

// Payload is what is sent of a batch: its records, in the form that the consumer
// takes.
type Payload[D any] interface {
	// Len returns the number of records.
	Len() int
	// Split returns the first n records and the rest; 0 < n < Len. The payload is
	// not used any more after that.
	Split(n int) (D, D)
}

// Verdict is what a failed send says about the data. The zero value is the one
// that never costs any.
type Verdict uint8

const (
	// Transient says that the same may be accepted later: the backend is down, slow
	// or overloaded.
	Transient Verdict = iota
	// Misconfigured says that nothing is accepted until somebody has changed
	// something, such as a wrong password or address. It is retried like Transient,
	// and counted for itself, so that it can be told to somebody.
	Misconfigured
	// Refused says that something in this data is not acceptable, however often it
	// is sent, or that the data is too large to be sent at once.
	Refused
	// Abandoned says that nobody waits for the batch any more, since somebody else has
	// got its source. It is not sent again, and stays in flight for ever.
	Abandoned
)

// Letter is a record that is given up.
type Letter[D any] struct {
	// Payload holds the single record.
	Payload D
	// Reason is the error with which it was refused last.
	Reason error
}
