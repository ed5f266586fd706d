// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"unsafe"
)

const (
	// slabSize is how many bytes of values that no other entry shares are allocated at
	// once; longer ones than slabValue get room of their own.
	slabSize  = 16 << 10
	slabValue = 1 << 10
	// maxNames bounds the names that are held.
	maxNames = 4096
)

// loader makes entries of what is in the files.
type loader struct {
	limit   int
	match   *matcher
	cache   cache
	unpack  unpacker
	names   map[string]string
	slab    []byte
	offsets []uint64
	entry   Entry
}

// load reads an entry, or returns nil if it is not wanted. What cannot be read is left
// out of it, and is bad; if nothing is left, there is no entry either.
func (l *loader) load(f *file) (e *Entry, bad []error) {
	var err error
	if l.offsets, err = f.items(f.at, l.offsets[:0]); err != nil {
		return nil, []error{err}
	}
	if l.match != nil && !l.wanted(f) {
		return nil, nil
	}
	e = &l.entry
	e.Cursor, e.File, e.Bytes, e.Fields = f.place, f.number, 0, e.Fields[:0]
	for _, at := range l.offsets {
		key := keyOf(f.number, at)
		if s := l.cache.get(key); s != nil {
			e.Fields = append(e.Fields, s.Field)
			e.Bytes += s.size + 1
			continue
		}
		p, err := f.data(at, l.limit, &l.unpack)
		if err != nil {
			bad = append(bad, err)
			continue
		}
		field := Field{Name: l.name(p.name), Ref: at, Cut: p.cut}
		if p.shared {
			field.Value = string(p.value)
			l.keep(key, field, p.size)
		} else {
			field.Value = l.text(p.value)
		}
		e.Fields = append(e.Fields, field)
		e.Bytes += p.size + 1
	}
	if len(e.Fields) == 0 && len(bad) > 0 {
		return nil, bad[:1]
	}
	return e, bad
}

// wanted finds out what the fields pass, before anything is made of them.
func (l *loader) wanted(f *file) bool {
	clear(l.match.passed)
	for _, at := range l.offsets {
		key := keyOf(f.number, at)
		if s := l.cache.get(key); s != nil {
			l.match.passed.join(s.passed)
			continue
		}
		p, err := f.data(at, l.limit, &l.unpack)
		if err != nil {
			continue // It is told of if the entry is wanted.
		}
		if p.shared {
			s := l.keep(key, Field{Name: l.name(p.name), Value: string(p.value), Ref: at, Cut: p.cut}, p.size)
			l.match.passed.join(s.passed)
			continue
		}
		l.match.test(unsafe.String(unsafe.SliceData(p.name), len(p.name)),
			unsafe.String(unsafe.SliceData(p.value), len(p.value)), l.match.passed)
	}
	return l.match.wants(l.match.root)
}

func (l *loader) keep(key uint64, field Field, size int64) *stored {
	s := &stored{key: key, Field: field, size: size}
	if l.match != nil && len(l.match.names[field.Name]) > 0 {
		s.passed = make(set, len(l.match.passed))
		l.match.test(field.Name, field.Value, s.passed)
	}
	l.cache.put(s)
	return s
}

// name returns a name that is held already, if it is.
func (l *loader) name(raw []byte) string {
	if name, ok := l.names[string(raw)]; ok {
		return name
	}
	if len(l.names) >= maxNames {
		clear(l.names)
	}
	name := string(raw)
	l.names[name] = name
	return name
}

// text returns a value as a string. Many of them share an allocation, and live as long
// as the last one of it.
func (l *loader) text(raw []byte) string {
	if len(raw) == 0 {
		return ""
	}
	if len(raw) > slabValue {
		return string(raw)
	}
	if cap(l.slab)-len(l.slab) < len(raw) {
		l.slab = make([]byte, 0, slabSize)
	}
	begin := len(l.slab)
	l.slab = append(l.slab, raw...)
	// Nothing is ever written to these bytes again.
	return unsafe.String(&l.slab[begin], len(raw))
}

func newLoader(o *Options) *loader {
	return &loader{limit: o.MaxFieldBytes, match: newMatcher(o.Filter), names: make(map[string]string)}
}
