// SPDX-License-Identifier: Apache-2.0

package spill

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// ErrFull says that a write would pass the bound of the store, or 16 GiB in one copy.
var ErrFull = errors.New("the store of copies is full")

// Header says what a copy is a copy of.
type Header struct {
	// Path is the log file that the copy was taken from, at most 4 KiB.
	Path string
	// Identity tells the log file from others of the same path, at most 4 KiB.
	// This package does not look into it.
	Identity []byte
	// Start is the offset of the first copied byte in the (decompressed) log file, at
	// most 2⁶².
	Start int64
}

// Store is a folder of copies, for one process. It may be used by several goroutines.
type Store struct {
	dir  string
	max  int64
	disk disk

	mu    sync.Mutex
	used  int64            // what sizes come to, with what writers have reserved
	ready bool             // the folder was looked at
	size  map[string]int64 // of the copies, by name
	last  uint64           // number of the newest copy
}

// Open uses a folder, which is made with the first copy. The copies take at most maxBytes
// together, compressed. A folder that cannot be read yet may be read later; see Ready.
func Open(dir string, maxBytes int64) *Store {
	s := &Store{dir: dir, max: maxBytes, disk: realDisk{}, size: map[string]int64{}}
	_ = s.Ready()
	return s
}

// Ready looks at what is in the folder, until it could once, and removes what an earlier
// process did not commit. What cannot be removed counts. As long as it fails, so does
// Create, and List finds nothing.
func (s *Store) Ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ready {
		return nil
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("open the copies in %q: %w", s.dir, err)
	}
	s.ready = true
	for _, e := range entries {
		name, isTmp := strings.CutSuffix(e.Name(), unready)
		n, ok := number(name)
		if !ok {
			continue
		}
		// What is no file takes its number all the same.
		s.last = max(s.last, n)
		if !e.Type().IsRegular() || isTmp && s.disk.remove(filepath.Join(s.dir, e.Name())) == nil {
			continue
		}
		if info, err := e.Info(); err == nil {
			s.size[e.Name()] = info.Size()
			s.used += info.Size()
		}
	}
	return nil
}

// number is that of the name of a copy.
func number(name string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, suffix)
	if !ok || len(digits) != 16 {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 16, 64)
	return n, err == nil && fmt.Sprintf("%016x", n) == digits
}

// List reads and checks the copies, the oldest first. Of a damaged one it returns what
// can be read from its beginning, which may be nothing, and an error that names it. One
// whose header is damaged is only in the errors. It is set aside under its name with
// ".damaged" at the end, and does not count any more; of those the newest four are kept.
// What cannot be read for another reason is only in the errors too, and stays.
func (s *Store) List() ([]*File, []error) {
	if err := s.Ready(); err != nil {
		return nil, []error{err}
	}
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var files []*File
	var errs []error
	if err != nil {
		errs = append(errs, fmt.Errorf("list the copies in %q: %w", s.dir, err))
	}
	var buf []byte
	for _, e := range entries {
		if _, ok := number(e.Name()); !ok {
			continue
		}
		if buf == nil {
			buf = make([]byte, maxData)
		}
		f, err := s.check(e.Name(), buf)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed in the meantime
		}
		if errors.Is(err, errHeader) {
			err = errors.Join(err, s.setAside(e.Name()))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("read the copy %q: %w", filepath.Join(s.dir, e.Name()), err))
		}
		if f != nil {
			files = append(files, f)
		}
	}
	return files, errs
}

// setAside renames a copy that is of no use, so that people can look at it.
func (s *Store) setAside(name string) error {
	path := filepath.Join(s.dir, name)
	if err := s.disk.rename(path, path+damaged); err != nil {
		return err
	}
	s.forget(name)
	entries, err := os.ReadDir(s.dir)
	kept := 0
	for i := len(entries) - 1; i >= 0; i-- {
		original, ok := strings.CutSuffix(entries[i].Name(), damaged)
		if _, isCopy := number(original); !ok || !isCopy {
			continue
		}
		if kept++; kept > maxDamaged {
			err = errors.Join(err, s.disk.remove(filepath.Join(s.dir, entries[i].Name())))
		}
	}
	return err
}

// Bytes is what the copies take on the disk, with what those that are not yet committed
// may come to.
func (s *Store) Bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

// reserve changes what is taken, if it then keeps the bound. Giving back always works.
func (s *Store) reserve(n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n > 0 && (s.used > s.max || n > s.max-s.used) {
		return false
	}
	s.used += n
	return true
}

// keep remembers the size of a copy, which was reserved.
func (s *Store) keep(name string, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size[name] = size
}

// forget gives back what a copy took.
func (s *Store) forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used -= s.size[name]
	delete(s.size, name)
}

// next is the name of a new copy.
func (s *Store) next() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == math.MaxUint64 {
		return "", errors.New("no number is left: a file of the folder has the last one")
	}
	s.last++
	return fmt.Sprintf("%016x", s.last) + suffix, nil
}
