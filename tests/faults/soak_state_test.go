// SPDX-License-Identifier: Apache-2.0

//go:build unix

package faults

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/klauspost/compress/gzip"
)

// progress is what a soak knows of itself, so that it can go on after it was interrupted. It is saved every ten seconds; what
// arrives in between is in a journal, and what was written is read from the log files.
type progress struct {
	Seed uint64
	// Elapsed is for how long the soak has run, over all of its sessions.
	Elapsed  time.Duration
	Sessions int
	// Clean is true when the collector was stopped before the session ended.
	Clean bool
	// Journal is the number of the journal that goes on where this ends.
	Journal int
	// NextID is the number of the next container that comes and goes.
	NextID int
	// Faults are counted by their name; Drawn is the number of all.
	Faults map[string]*faultFigures
	Drawn  int
	Usage  usageFigures
	Ledger ledgerState
	// Failures are what was not as promised.
	Failures []string
}

// lock keeps a second soak away from the folder, until the process ends.
func (s *soak) lock() {
	file, err := os.OpenFile(filepath.Join(s.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if err != nil {
		s.t.Fatalf("another soak uses %s: %v", s.dir, err)
	}
	s.t.Cleanup(func() { _ = file.Close() })
}

func (s *soak) file(name string) string { return filepath.Join(s.dir, name) }

func (s *soak) journalFile(number int) string { return s.file(fmt.Sprintf("journal-%d", number)) }

// load reads what an earlier session has left, and reports whether there is one.
func (s *soak) load() bool {
	raw, err := os.ReadFile(s.file("progress.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	s.must(err)
	s.must(json.Unmarshal(raw, &s.progress))
	s.ledger.ledgerState = s.Ledger
	for ; ; s.Journal++ {
		journal, err := os.Open(s.journalFile(s.Journal))
		if errors.Is(err, fs.ErrNotExist) {
			return true
		}
		s.must(err)
		s.must(errors.Join(s.ledger.replay(journal), journal.Close()))
	}
}

// save writes down what is known, and begins a new journal. Journals that count are never removed before they are part of it.
func (s *soak) save() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	s.failing.Lock()
	defer s.failing.Unlock()
	old := s.journal
	journal, err := os.OpenFile(s.journalFile(s.Journal+1), os.O_CREATE|os.O_WRONLY|os.O_APPEND|os.O_TRUNC, 0o600)
	if err != nil {
		s.t.Errorf("begin journal: %v", err)
		return
	}
	s.journal, s.ledger.journal = journal, journal
	s.Journal++
	now := s.progress
	now.Ledger, now.Elapsed = s.ledger.ledgerState, s.elapsed()
	raw, err := json.MarshalIndent(now, "", " ")
	if err == nil {
		err = os.WriteFile(s.file("progress.tmp"), raw, 0o600)
	}
	if err == nil {
		err = os.Rename(s.file("progress.tmp"), s.file("progress.json"))
	}
	if err != nil {
		s.t.Errorf("save progress: %v", err)
		return
	}
	if old != nil {
		_ = old.Close()
	}
	journals, _ := filepath.Glob(s.file("journal-*"))
	for _, path := range journals {
		if path != s.journalFile(s.Journal) {
			_ = os.Remove(path)
		}
	}
}

// found makes the containers whose log files an earlier session has left. Those that had come to go are returned.
func (s *soak) found() (leaving []*flow) {
	pods, err := os.ReadDir(s.collector.PodLogs())
	s.must(err)
	for _, pod := range pods {
		id, ok := podOfFolder(pod.Name())
		if !ok {
			s.t.Fatalf("%s is of no soak", filepath.Join(s.collector.PodLogs(), pod.Name()))
		}
		s.NextID = max(s.NextID, id+1)
		f := s.flow(id, 0)
		s.must(f.recall())
		s.ledger.wrote(id, f.seq, 0)
		if id > soakContainers {
			leaving = append(leaving, f)
		} else {
			s.flows = append(s.flows, f)
		}
	}
	return leaving
}

// recall reads from the log files how many lines were written, and cuts off one that the end of the process has cut.
func (f *flow) recall() error {
	rotated, err := f.rotator.list()
	if err != nil {
		return err
	}
	slices.Sort(rotated)
	for _, path := range append(rotated, f.path()) {
		lines, end, err := lastLine(path)
		if err != nil {
			return err
		}
		f.seq = max(f.seq, lines)
		plain := strings.TrimSuffix(path, ".gz")
		if path == f.path() {
			f.bytes = end
			if err := os.Truncate(path, int64(end)); err != nil {
				return err
			}
			continue
		}
		// It is as old as this session, so that it stays for as long as it has to.
		f.ends[plain], f.rotator.idle[plain] = f.seq, time.Now()
		if f.rotator.stamp, err = time.Parse(stampLayout, strings.TrimPrefix(plain, f.path()+".")); err != nil {
			return err
		}
	}
	return nil
}

// lastLine returns how many lines a container had written at the end of a file, 0 when there is none in it, and where the last
// one that is whole ends.
func lastLine(path string) (lines, end int, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, err
	}
	if strings.HasSuffix(path, ".gz") {
		archive, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			return 0, 0, err
		}
		if raw, err = io.ReadAll(archive); err != nil {
			return 0, 0, err
		}
	}
	at, latest := 0, 0
	for line := range bytes.Lines(raw) {
		if at += len(line); line[len(line)-1] != '\n' {
			break
		}
		fields := bytes.SplitN(line, []byte(" "), 4)
		if len(fields) != 4 {
			return 0, 0, fmt.Errorf("read %s: not a line of a soak: %q", path, line)
		}
		if m, ok := readSoakMark(fields[3]); ok {
			latest = m.seq + 1
		}
		if string(fields[2]) == "F" {
			lines, end = latest, at
		}
	}
	return lines, end, nil
}
