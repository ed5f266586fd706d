// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"slices"
	"sync"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/entry"

	"github.com/tributary-otel/tributary/components/internal/journal"
)

// lot is what is sent at once: entries of the journal, or what operators have made of
// them.
type lot struct {
	entries  []held
	made     []*entry.Entry
	observed time.Time
	// pages are the memory that entries are in.
	pages *pages
}

// Len returns the number of records.
func (l lot) Len() int { return len(l.entries) + len(l.made) }

// Split returns the first n records and the rest.
func (l lot) Split(n int) (lot, lot) {
	first, rest := l, l
	if l.made != nil {
		first.made, rest.made = l.made[:n], l.made[n:]
	} else {
		first.entries, rest.entries = l.entries[:n], l.entries[n:]
	}
	return first, rest
}

// slabSize is how many fields are kept in one piece of memory.
const slabSize = 4096

// pages is the memory of a lot. It is used again when the lot is acknowledged.
type pages struct {
	entries []held
	slabs   [][]journal.Field
	// used is how many slabs have anything in them.
	used int
}

var pool = sync.Pool{New: func() any { return new(pages) }}

// hold keeps an entry, which is good only until the next one is read.
func (p *pages) hold(e *journal.Entry) {
	n := len(e.Fields)
	if p.used == 0 || cap(p.slabs[p.used-1])-len(p.slabs[p.used-1]) < n {
		p.turn(n)
	}
	slab := &p.slabs[p.used-1]
	from := len(*slab)
	*slab = append(*slab, e.Fields...)
	p.entries = append(p.entries, held{cursor: e.Cursor, fields: (*slab)[from : from+n : from+n], file: e.File, bytes: e.Bytes})
}

// turn goes on with a slab that has room for n fields.
func (p *pages) turn(n int) {
	if p.used < len(p.slabs) && cap(p.slabs[p.used]) >= n {
		p.used++
		return
	}
	p.slabs = slices.Insert(p.slabs, p.used, make([]journal.Field, 0, max(slabSize, n)))
	p.used++
}

// release gives the memory back. The texts are let go at once.
func (p *pages) release() {
	for i, slab := range p.slabs[:p.used] {
		clear(slab)
		p.slabs[i] = slab[:0]
	}
	clear(p.entries)
	p.entries, p.used = p.entries[:0], 0
	pool.Put(p)
}

// gathered is what the next lot is made of.
type gathered struct {
	// pages are nil if there is no entry.
	pages *pages
	bytes int64
	// began is when the first entry came.
	began time.Time
}

// note counts an entry that is not kept here.
func (g *gathered) note(e *journal.Entry) {
	if g.bytes == 0 {
		g.began = time.Now()
	}
	g.bytes += max(e.Bytes, 1)
}

// add keeps an entry.
func (g *gathered) add(e *journal.Entry) {
	g.note(e)
	if g.pages == nil {
		g.pages = pool.Get().(*pages) //nolint:forcetypeassert // Nothing else is in it.
	}
	g.pages.hold(e)
}

// entries are those that are kept.
func (g *gathered) entries() []held {
	if g.pages == nil {
		return nil
	}
	return g.pages.entries
}
