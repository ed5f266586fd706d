// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
)

// rotator rotates the log file of one container as kubelet does, step by step: remove what is unfinished, remove the
// oldest beyond keep, compress what is rotated and still plain, rename the current file, and let the runtime reopen it.
type rotator struct {
	*container
	// keep is the number of rotated files that stay; 0 keeps all.
	keep int
	// lives is how long a rotated file stays at least, whatever keep says.
	lives time.Duration
	// spare keeps the oldest file although it has lived for long enough.
	spare func(path string) bool
	// pause is called between two steps with what has just been done.
	pause func(step string)

	stamp time.Time
	// idle is when nothing more is written to a file, by the name it was rotated to.
	idle map[string]time.Time
	// rotated and removed count files; the second may be read while the rotator is at work.
	rotated int
	removed atomic.Int64
	// sizes are those of rotated files before they were compressed; removedBytes is the sum of those that were removed.
	sizes        map[string]int64
	removedBytes atomic.Int64
}

func newRotator(c *container, keep int) *rotator {
	return &rotator{container: c, keep: keep, lives: readable, spare: func(string) bool { return false }, pause: func(string) {}, idle: map[string]time.Time{}, sizes: map[string]int64{}}
}

const stampLayout = "20060102-150405"

func (k *rotator) rotate() {
	if k.journal != nil {
		// Nothing is deleted: what journald deletes before it is read is lost to everybody.
		k.journal.Rotate()
		k.rotated++
		k.removed.Add(1)
		return
	}
	if err := k.try(); err != nil {
		k.t.Errorf("rotate %s: %v", k.path(), err)
	}
}

func (k *rotator) try() error {
	rotated, err := k.list()
	if err != nil {
		return err
	}
	// kubelet leaves room for the current file and the one that it is about to make.
	for k.keep > 0 && len(rotated) > k.keep-1 {
		oldest := strings.TrimSuffix(rotated[0], ".gz")
		if time.Since(k.idle[oldest]) <= k.lives || k.spare(oldest) {
			break
		}
		if err := os.Remove(rotated[0]); err != nil {
			return err
		}
		delete(k.idle, oldest)
		k.removed.Add(1)
		k.removedBytes.Add(k.sizes[strings.TrimSuffix(rotated[0], ".gz")])
		rotated = rotated[1:]
		k.pause("oldest removed")
	}
	for _, path := range rotated {
		if !strings.HasSuffix(path, ".gz") {
			if err := k.compress(path); err != nil {
				return err
			}
		}
	}
	// Names have whole seconds; faster rotations go ahead of the clock.
	now := time.Now().UTC().Truncate(time.Second)
	if !now.After(k.stamp) {
		now = k.stamp.Add(time.Second)
	}
	k.stamp = now
	name := k.path() + "." + now.Format(stampLayout)
	if err := os.Rename(k.path(), name); err != nil {
		return err
	}
	k.pause("renamed")
	k.reopen()
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	k.sizes[name] = info.Size()
	k.idle[name] = time.Now()
	k.rotated++
	k.pause("reopened")
	return nil
}

// list removes what an interrupted rotation has left and returns the rotated files, oldest first.
func (k *rotator) list() ([]string, error) {
	unfinished, err := filepath.Glob(k.path() + ".*.tmp")
	if err != nil {
		return nil, err
	}
	for _, path := range unfinished {
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	return filepath.Glob(k.path() + ".*")
}

// compress puts a compressed file in the place of a plain one.
func (k *rotator) compress(path string) error {
	plain, err := os.Open(path)
	if err != nil {
		return err
	}
	defer plain.Close()
	target, err := os.Create(path + ".tmp")
	if err != nil {
		return err
	}
	archive := gzip.NewWriter(target)
	// Half of it, so that somebody can look at an archive that is not whole.
	info, err := plain.Stat()
	if err == nil {
		_, err = io.CopyN(archive, plain, info.Size()/2)
		err = errors.Join(err, archive.Flush())
		k.pause("half compressed")
	}
	if err == nil {
		_, err = io.Copy(archive, plain)
	}
	if err := errors.Join(err, archive.Close(), target.Close()); err != nil {
		return err
	}
	k.pause("compressed")
	if err := os.Rename(path+".tmp", path+".gz"); err != nil {
		return err
	}
	k.pause("archive in place")
	if err := os.Remove(path); err != nil {
		return err
	}
	k.pause("plain file removed")
	return nil
}

// every rotates at an interval until the container is quiet.
func (k *rotator) every(interval time.Duration) (wait func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				k.rotate()
			case <-k.ended:
				return
			}
		}
	}()
	return func() { <-done }
}

// copyTruncate copies the file to "N.log.1" and empties it, as logrotate does. Nothing is written between the two, because
// what is written then is lost to everybody.
func (c *container) copyTruncate() {
	c.mu.Lock()
	defer c.mu.Unlock()
	content, err := os.ReadFile(c.path())
	if err == nil {
		err = errors.Join(os.WriteFile(c.path()+".1", content, 0o640), os.Truncate(c.path(), 0))
	}
	if err != nil {
		c.t.Errorf("copy and truncate: %v", err)
	}
}

// remove deletes the folder of the pod with everything in it, as kubelet does with a pod that is gone.
func (c *container) remove() {
	c.finish()
	if err := os.RemoveAll(filepath.Dir(filepath.Dir(c.path()))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.t.Errorf("remove pod: %v", err)
	}
}
