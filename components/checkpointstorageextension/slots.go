// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"errors"
	"fmt"
	"io/fs"
)

const (
	temporaryEnding = ".tmp"
	// keptAside is how many damaged snapshots of one owner are kept.
	keptAside = 4
)

// endings of the two files, which take turns.
var endings = [2]string{".a", ".b"}

// slots are the two snapshot files of one owner. Each write replaces the older one,
// so that the newer one is never touched. They are used by one goroutine at a time.
type slots struct {
	disk  disk
	owner owner

	// sequence is the largest number that was found or tried.
	sequence uint64
	// next is the file that the next write replaces.
	next int
}

// unusable is a file that is there and cannot be used.
type unusable struct {
	file   string
	damage *damage
}

func (s *slots) file(slot int) string { return s.owner.file + endings[slot] }

// scan looks at both files. It returns the newest snapshot that is valid, or nil, and
// the files that are not.
func (s *slots) scan() (newest *snapshot, bad []unusable) {
	for slot := range endings {
		found, err := s.load(slot)
		switch {
		case err != nil:
			bad = append(bad, unusable{s.file(slot), err})
		case found == nil:
		case newest == nil:
			newest, s.next = found, 1-slot
		case found.newerThan(newest):
			newest, s.next = found, 1-slot
		}
	}
	// Numbers that were tried before stay used: a file may have got one of them.
	if newest != nil && (s.sequence == 0 || newest.newerThan(&snapshot{sequence: s.sequence})) {
		s.sequence = newest.sequence
	}
	return newest, bad
}

func (s *slots) load(slot int) (*snapshot, *damage) {
	data, err := s.disk.read(s.file(slot))
	var d *damage
	switch {
	case err == nil:
		return parseSnapshot(data, s.owner.name)
	case errors.As(err, &d):
		return nil, d
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	}
	return nil, damaged("unreadable", "%s", err)
}

// setAside keeps a damaged file under another name, <owner>.1.bad, for whoever wants
// to look at it. Earlier ones move up one number; of more than four the oldest goes.
func (s *slots) setAside(file string) (name string, err error) {
	for n := keptAside - 1; n > 0; n-- {
		if err := s.disk.rename(s.aside(n), s.aside(n+1)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return s.aside(1), s.disk.rename(file, s.aside(1))
}

func (s *slots) aside(n int) string { return fmt.Sprintf("%s.%d.bad", s.owner.file, n) }

// save replaces the older snapshot with the one that encode makes for a new sequence
// number. When it fails the newer one is as it was.
func (s *slots) save(encode func(sequence uint64) []byte) error {
	s.sequence++
	if err := replace(s.disk, s.file(s.next), encode(s.sequence)); err != nil {
		return err
	}
	s.next = 1 - s.next
	return nil
}
