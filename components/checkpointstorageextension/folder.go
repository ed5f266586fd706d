// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/tributary-otel/tributary/components/internal/durable"
)

// lockName is the file whose lock says that a process uses the folder.
const lockName = "lock"

// inUseError says that another extension holds the folder, perhaps in another process.
type inUseError struct{ path, holder string }

func (e *inUseError) Error() string {
	return fmt.Sprintf("folder %s is in use by %s; collectors must not share their checkpoints: stop the other one, or set another `directory`",
		e.path, e.holder)
}

// folder is the folder of the snapshots, held by one extension of one process. It may
// be used by several goroutines.
type folder struct {
	path   string
	create bool

	mu   sync.Mutex
	lock *os.File
	// number counts how often the folder was taken.
	number uint64
	shut   bool
}

// ready makes sure that the folder is there and held by this extension, also when it
// was removed meanwhile, or could not be held before. number changes when it had to
// be taken again.
func (f *folder) ready() (number uint64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.shut {
		return 0, errors.New("the extension is shut down")
	}
	if f.lock != nil {
		if f.inPlace(f.lock) {
			return f.number, nil
		}
		f.release()
	}
	if err := f.take(); err != nil {
		return 0, err
	}
	f.number++
	f.sweep()
	return f.number, nil
}

func (f *folder) take() error {
	if f.create {
		if err := durable.MakeFolder(f.path); err != nil {
			return fmt.Errorf("create the folder: %w", err)
		}
	}
	// In a full or read-only folder the file of an earlier run does as well.
	path := filepath.Join(f.path, lockName)
	lock, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		if existing, openErr := os.Open(path); openErr == nil {
			lock, err = existing, nil
		}
	}
	if err != nil {
		return fmt.Errorf("lock the folder: %w", err)
	}
	locked, err := tryLock(lock)
	switch {
	case err != nil:
		err = fmt.Errorf("lock the folder: %w", err)
	case !locked:
		err = &inUseError{path: f.path, holder: holder(path)}
	case !f.inPlace(lock):
		err = fmt.Errorf("lock the folder: %s was replaced at the same moment", path)
	}
	if err != nil {
		_ = lock.Close()
		return err
	}
	f.lock = lock
	f.sign()
	return nil
}

// inPlace reports whether the lock file is still the one in the folder.
func (f *folder) inPlace(lock *os.File) bool {
	named, err := os.Stat(filepath.Join(f.path, lockName))
	if err != nil {
		return false
	}
	open, err := lock.Stat()
	return err == nil && os.SameFile(named, open)
}

// sign writes into the lock file who holds it, for the message of whoever comes
// second. The lock holds without it.
func (f *folder) sign() {
	host, _ := os.Hostname()
	if err := f.lock.Truncate(0); err == nil {
		_, _ = f.lock.WriteAt(fmt.Appendf(nil, "%d %s\n", os.Getpid(), host), 0)
	}
}

// holder says who holds a lock file.
func holder(path string) string {
	signature, err := os.ReadFile(path)
	var pid int
	var host string
	if err == nil {
		_, err = fmt.Sscanf(string(signature), "%d %s\n", &pid, &host)
	}
	if err != nil {
		return "another process"
	}
	if own, _ := os.Hostname(); own == host && pid == os.Getpid() {
		return "another extension of this collector"
	}
	return fmt.Sprintf("process %d on host %s", pid, host)
}

// sweep removes what writes left that were cut short, also those of components that
// are not configured any more.
func (f *folder) sweep() {
	entries, _ := os.ReadDir(f.path)
	for _, entry := range entries {
		for _, ending := range endings {
			if strings.HasSuffix(entry.Name(), ending+temporaryEnding) {
				_ = os.Remove(filepath.Join(f.path, entry.Name()))
			}
		}
	}
}

func (f *folder) release() {
	// Closing releases the lock. A second process that opened the file before must
	// find it in its place, so it stays.
	_ = f.lock.Close()
	f.lock = nil
}

// close gives the folder back. The kernel does it when the process is killed.
func (f *folder) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.shut = true
	if f.lock != nil {
		f.release()
	}
}
