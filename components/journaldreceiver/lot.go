// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
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

// gathered is what the next lot is made of.
type gathered struct {
	entries []held
	slab    []journal.Field
	bytes   int64
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

// add keeps an entry, which is good only until the next one is read.
func (g *gathered) add(e *journal.Entry) {
	g.note(e)
	g.entries = append(g.entries, g.hold(e))
}

func (g *gathered) hold(e *journal.Entry) held {
	n := len(e.Fields)
	if cap(g.slab)-len(g.slab) < n {
		g.slab = make([]journal.Field, 0, max(slabSize, n))
	}
	from := len(g.slab)
	g.slab = append(g.slab, e.Fields...)
	return held{cursor: e.Cursor, fields: g.slab[from : from+n : from+n], file: e.File, bytes: e.Bytes}
}

// next begins anew. What was gathered belongs to the lot.
func (g *gathered) next() { *g = gathered{slab: g.slab[len(g.slab):]} }
