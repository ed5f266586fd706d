// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/tributary-otel/tributary/components/internal/shrink"
)

// state is what one owner has stored, in memory. It is used under a lock.
type state struct {
	records map[string]*record
	peak    shrink.Peak
	// order has the same records in ascending order of their keys, or is nil when they
	// are to be sorted again.
	order []*record
	// bytes is the size of the snapshot.
	bytes int64
	// changes counts what changed since the start.
	changes uint64
}

// newState begins with the records of a snapshot, which may be nil.
func newState(owner string, from *snapshot) *state {
	s := &state{records: map[string]*record{}, bytes: emptyBytes + int64(len(owner))}
	if from != nil {
		s.order = from.records
	}
	for _, r := range s.order {
		s.records[r.key] = r
		s.bytes += r.bytes()
	}
	return s
}

// get returns a copy of a value, nil for none.
func (s *state) get(key string) []byte {
	r := s.records[key]
	if r == nil {
		return nil
	}
	return append([]byte{}, r.value...)
}

// apply does the operations in their order: all of them, or none and an error.
func (s *state) apply(ops []*storage.Operation) error {
	var undo []func()
	err := s.applyEach(ops, &undo)
	if err != nil {
		for _, u := range slices.Backward(undo) {
			u()
		}
	}
	return err
}

func (s *state) applyEach(ops []*storage.Operation, undo *[]func()) error {
	bytes, changes := s.bytes, s.changes
	*undo = append(*undo, func() { s.bytes, s.changes = bytes, changes })
	for _, op := range ops {
		if op == nil {
			return errors.New("a storage operation must not be nil")
		}
		was := s.records[op.Key]
		var old []byte
		if was != nil {
			old = was.value
		}
		switch op.Type {
		case storage.Get:
			op.Value = s.get(op.Key)
		case storage.Set:
			if was != nil && string(old) == string(op.Value) {
				continue
			}
			s.put(op.Key, append([]byte{}, op.Value...))
		case storage.Delete:
			if was == nil {
				continue
			}
			s.drop(op.Key)
		default:
			return fmt.Errorf("a storage operation must be get, set or delete, got %d", op.Type)
		}
		if op.Type != storage.Get {
			*undo = append(*undo, func() {
				if was != nil {
					s.put(op.Key, old)
				} else {
					s.drop(op.Key)
				}
			})
		}
	}
	if s.bytes > maxSnapshotBytes && s.bytes > bytes {
		return fmt.Errorf("the state would take %d bytes, the limit is %d: this storage is for small state; use file_storage: %w",
			s.bytes, maxSnapshotBytes, storage.ErrStorageFull)
	}
	return nil
}

func (s *state) put(key string, value []byte) {
	r := s.records[key]
	if r == nil {
		r = &record{key: key}
		s.records[key] = r
		s.order = nil
		s.bytes += r.bytes()
	}
	s.bytes += int64(len(value)) - int64(len(r.value))
	r.value = value
	s.changes++
}

func (s *state) drop(key string) {
	r := s.records[key]
	if r == nil {
		return
	}
	shrink.Delete(&s.records, key, &s.peak)
	s.order = nil
	s.bytes -= r.bytes()
	s.changes++
}

// sorted returns the records in ascending order of their keys.
func (s *state) sorted() []*record {
	if s.order == nil {
		s.order = slices.SortedFunc(maps.Values(s.records), func(a, b *record) int { return strings.Compare(a.key, b.key) })
	}
	return s.order
}
