// SPDX-License-Identifier: Apache-2.0

package delivery

// Count is an amount of data.
type Count struct {
	Records int64
	// Bytes are bytes of the sources.
	Bytes int64
}

// Stats says what became of everything that was read. At every moment, in records
// and in bytes,
//
//	Added = Delivered + DeadLettered + Dropped + InFlight
//
// Within a batch, the records are taken to be of the same size.
type Stats struct {
	// Added is what was read: added to a batch, or skipped.
	Added Count
	// Delivered is what the backend has accepted.
	Delivered Count
	// DeadLettered is what the backend has refused and the dead-letter sink has.
	DeadLettered Count
	// Dropped is what was skipped.
	Dropped Count
	// InFlight is all the rest. It is read again after a restart.
	InFlight Count

	// Charged is how many bytes of the budget are in use: for what is in flight, for
	// what is delivered but behind something that is not, and for what is being read.
	Charged int64
	// Failures counts attempts, not records.
	Failures Failures
}

// Failures counts what had to be tried again.
type Failures struct {
	// Transient, Misconfigured and Refused count the sends with that verdict.
	Transient, Misconfigured, Refused int64
	// DeadLetter counts the failed writes of dead letters.
	DeadLetter int64
}

// Stats returns the counters as they are in one moment.
func (w *Window[P]) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	stats := w.stats
	stats.Charged = w.used
	return stats
}

// countFailure adds one to a failure.
func (w *Window[P]) countFailure(of func(*Failures) *int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*of(&w.stats.Failures)++
}

func delivered(s *Stats) *Count    { return &s.Delivered }
func deadLettered(s *Stats) *Count { return &s.DeadLettered }

func (c *Count) add(other Count) {
	c.Records += other.Records
	c.Bytes += other.Bytes
}

func (c *Count) sub(other Count) {
	c.Records -= other.Records
	c.Bytes -= other.Bytes
}

// share returns what part of the whole is of it.
func (c Count) share(part, whole int) Count {
	return Count{
		Records: c.Records * int64(part) / int64(whole),
		Bytes:   c.Bytes * int64(part) / int64(whole),
	}
}
