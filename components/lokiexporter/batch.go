// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"google.golang.org/protobuf/encoding/protowire"
)

// stream gathers the entries of one label set for the next request.
type stream struct {
	labels  string
	entries []byte
	count   int
	// oldest and last are the times of the oldest and the last entry; disordered
	// says that one is older than the one before it.
	oldest, last int64
	disordered   bool
}

// tenantBatch gathers what goes to one tenant. Entries of a stream leave in the
// order in which they were added.
type tenantBatch struct {
	tenant string
	// invalid says that Loki cannot have this tenant. It gets no entries.
	invalid  bool
	maxBytes int
	// maxBehind is how far an entry may be behind the newest one of its stream; 0 is
	// no limit.
	maxBehind time.Duration
	known     *knownStreams
	now       time.Time

	byLabels map[string]*stream
	// filled are the streams that have entries, in the order of their first.
	filled   []*stream
	size     int
	requests []*request

	raw []byte
	// spare is the room in which the streams of an earlier request had their entries.
	// It is not the streams that keep it: in a backlog each batch is of other ones.
	spare [][]byte
}

// serverBytes is what Loki adds to each entry, as detected_level, before it counts
// the bytes of a request: many short lines would exceed its limit otherwise.
const serverBytes = 32

// maxKeptStreams and maxKeptBytes bound what a batch that has been sent keeps for
// the next one.
const (
	maxKeptStreams = 4096
	maxKeptBytes   = 4 << 20
)

// stream returns the stream with the given labels in Loki's text form. It may be
// used until the batch is reset.
func (t *tenantBatch) stream(labels []byte) *stream {
	if s, ok := t.byLabels[string(labels)]; ok {
		return s
	}
	s := &stream{labels: string(labels)}
	if t.byLabels == nil {
		t.byLabels = map[string]*stream{}
	}
	t.byLabels[s.labels] = s
	return s
}

// add adds one entry, and cuts a request first when it would become too large.
func (t *tenantBatch) add(s *stream, nanos int64, line string, shared, own []byte) {
	t.makeRoom(s)
	before, size := len(s.entries), 0
	if s.count > 0 {
		size = streamSize(s.labels, before)
	}
	s.entries = appendEntry(s.entries, nanos, line, shared, own)
	added := streamSize(s.labels, len(s.entries)) - size + serverBytes
	if t.size+added > t.maxBytes && t.size > 0 {
		s.entries = s.entries[:before]
		t.cut()
		t.makeRoom(s)
		s.entries = appendEntry(s.entries, nanos, line, shared, own)
		added = streamSize(s.labels, len(s.entries)) + serverBytes
	}
	if s.count == 0 {
		s.oldest, s.last, s.disordered = nanos, nanos, false
		t.filled = append(t.filled, s)
	}
	s.count++
	s.oldest = min(s.oldest, nanos)
	s.disordered = s.disordered || nanos < s.last
	s.last = nanos
	t.size += added
}

// makeRoom gives a stream without entries the room of an earlier one.
func (t *tenantBatch) makeRoom(s *stream) {
	if n := len(t.spare); s.entries == nil && n > 0 {
		s.entries, t.spare = t.spare[n-1], t.spare[:n-1]
	}
}

// cut makes requests of all that was added.
func (t *tenantBatch) cut() {
	behind := int64(math.MinInt64)
	if t.maxBehind > 0 {
		behind = t.now.Add(-t.maxBehind * 3 / 4).UnixNano()
	}
	t.raw = t.raw[:0]
	together, entries := []string(nil), 0
	for _, s := range t.filled {
		if s.oldest < behind && s.disordered {
			s.sort()
		}
		alone := !t.known.mayShare(t.tenant, s.labels, len(s.entries), t.now) || s.oldest < behind
		if alone && len(t.filled) > 1 {
			begin := len(t.raw)
			t.raw = appendStream(t.raw, s.labels, s.entries)
			t.requests = append(t.requests, newRequest(t.tenant, t.raw[begin:], s.count, []string{s.labels}))
			t.raw = t.raw[:begin]
		} else {
			if together == nil {
				together = make([]string, 0, len(t.filled))
			}
			t.raw = appendStream(t.raw, s.labels, s.entries)
			together = append(together, s.labels)
			entries += s.count
		}
		t.spare = append(t.spare, s.entries[:0])
		s.entries, s.count = nil, 0
	}
	if entries > 0 {
		t.requests = append(t.requests, newRequest(t.tenant, t.raw, entries, together))
	}
	t.filled, t.size = t.filled[:0], 0
}

// sort orders the entries by time, those of one time as they were added. Within a
// request Loki refuses what is more than an hour behind an entry before it: of two
// pods that share a stream and both come with a backlog, one would lose its.
func (s *stream) sort() {
	type timed struct {
		nanos int64
		entry []byte
	}
	entries := make([]timed, 0, s.count)
	err := fields(s.entries, func(_ protowire.Number, whole, value []byte) error {
		nanos, err := entryTime(value)
		entries = append(entries, timed{nanos, whole})
		return err
	})
	if err != nil {
		return // It cannot be: the bytes were written here. In disorder they are still right.
	}
	slices.SortStableFunc(entries, func(a, b timed) int { return cmp.Compare(a.nanos, b.nanos) })
	sorted := make([]byte, 0, len(s.entries))
	for _, e := range entries {
		sorted = append(sorted, e.entry...)
	}
	s.entries = sorted
}

// reset forgets the requests, which belong to the sender now, and keeps the room.
func (t *tenantBatch) reset() {
	t.requests = nil
	if len(t.byLabels) > maxKeptStreams {
		t.byLabels, t.filled = nil, nil
	}
	kept := cap(t.raw)
	for _, room := range t.spare {
		kept += cap(room)
	}
	if kept > maxKeptBytes {
		t.raw, t.spare = nil, nil
	}
}

// batch is the room in which one call of the exporter works. It is reused, so
// that in the steady state nothing is allocated for a record. It is used by one
// goroutine at a time.
type batch struct {
	byTenant map[string]*tenantBatch
	names    names
	// refused are the entries that are not sent.
	refused  []refusedEntry
	resource resourceScratch
	record   recordScratch
}

// maxKeptTenants bounds the tenants that a batch keeps room for.
const maxKeptTenants = 64

// tenant returns the part of the batch that goes to a tenant.
func (b *batch) tenant(e *lokiExporter, tenant string, now time.Time) *tenantBatch {
	t, ok := b.byTenant[tenant]
	if !ok {
		t = &tenantBatch{tenant: strings.Clone(tenant), maxBytes: e.config.MaxRequestBytes, maxBehind: e.config.Limits.MaxBehind, known: &e.known}
		t.invalid = checkTenant(tenant) != nil
		b.byTenant[t.tenant] = t
	}
	t.now = now
	return t
}

// requests cuts what is left and returns all requests by tenant, tenants in
// alphabetical order.
func (b *batch) requests() [][]*request {
	var all [][]*request
	for _, t := range b.byTenant {
		t.cut()
		if len(t.requests) > 0 {
			all = append(all, t.requests)
		}
		t.reset()
	}
	slices.SortFunc(all, func(x, y []*request) int {
		return cmp.Compare(x[0].tenant, y[0].tenant)
	})
	if len(b.byTenant) > maxKeptTenants {
		clear(b.byTenant)
	}
	// What is kept for the next batch must not hold on to this one.
	b.resource.attributes, b.resource.hints = pcommon.Map{}, hints{}
	return all
}
