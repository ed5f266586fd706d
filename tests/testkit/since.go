// SPDX-License-Identifier: Apache-2.0

package testkit

// RecordsFrom returns the records kept so far without the first n, in order of
// arrival. It copies nothing, so that a test may ask again and again for what is
// new; what it returns must not be changed.
func (b *Backend) RecordsFrom(n int) []Record {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.records[n:len(b.records):len(b.records)]
}
