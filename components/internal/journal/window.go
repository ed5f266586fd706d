// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"errors"
	"io"
)

const (
	// windowSize is how much is read of a file at once.
	windowSize = 32 << 10
	// windowAlign is what the beginning of a window is a multiple of.
	windowAlign = 4 << 10
	// maxWindows bounds what is held of all files: 8 MiB.
	maxWindows = 256
	// maxWindowsPerFile is for entries, what they refer to, and their arrays.
	maxWindowsPerFile = 4
)

// window is a part of a file in memory.
type window struct {
	owner *content
	at    uint64
	data  []byte
	epoch uint32
	used  uint64
}

// windows are those of all files.
type windows struct {
	all  []*window
	tick uint64
	// large is for what does not fit into a window.
	large []byte
}

// content is an open file that is read in windows. Nothing is mapped into memory: a
// mapped file that is truncated, as journald does when it deletes one, ends the process.
type content struct {
	handle io.ReaderAt
	pool   *windows
	own    []*window
	// epoch is raised when a live file may hold more than it did.
	epoch uint32
	// end is where the used part ends.
	end uint64
}

// bytes returns a part of the file. It is good until the next call for any file.
func (c *content) bytes(at uint64, n int) ([]byte, error) {
	if n < 0 || at > c.end || uint64(n) > c.end-at {
		return nil, errShort
	}
	c.pool.tick++
	for _, w := range c.own {
		if at >= w.at && at+uint64(n) <= w.at+uint64(len(w.data)) && w.epoch == c.epoch {
			w.used = c.pool.tick
			return w.data[at-w.at:][:n], nil
		}
	}
	if n > windowSize-windowAlign {
		return c.readLarge(at, n)
	}
	w := c.room()
	w.at, w.epoch, w.used = at&^(windowAlign-1), c.epoch, c.pool.tick
	read, err := readFull(c.handle, w.data[:min(windowSize, c.end-w.at)], int64(w.at))
	w.data = w.data[:read]
	if skip := int(at - w.at); read >= skip+n {
		return w.data[skip:][:n], nil
	}
	return nil, err
}

// readLarge reads what fits into no window. Little of a journal is that large.
func (c *content) readLarge(at uint64, n int) ([]byte, error) {
	if cap(c.pool.large) < n {
		c.pool.large = make([]byte, n)
	}
	buffer := c.pool.large[:n]
	if cap(buffer) > 4*windowSize {
		c.pool.large = nil // It is not held until there is another one.
	}
	if _, err := readFull(c.handle, buffer, int64(at)); err != nil {
		return nil, err
	}
	return buffer, nil
}

// readFull reads as much as there is, and returns errShort if that is less than fits.
func readFull(handle io.ReaderAt, buffer []byte, at int64) (int, error) {
	n, err := handle.ReadAt(buffer, at)
	if n == len(buffer) {
		return n, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = errShort
	}
	return n, err
}

// room returns the window that is to be filled: one of the file's own, a new one, or the
// one that was not used for longest.
func (c *content) room() *window {
	for _, w := range c.own {
		if w.epoch != c.epoch {
			return w
		}
	}
	if len(c.own) >= maxWindowsPerFile {
		return oldest(c.own)
	}
	var w *window
	if len(c.pool.all) < maxWindows {
		w = &window{data: make([]byte, windowSize)}
		c.pool.all = append(c.pool.all, w)
	} else {
		w = oldest(c.pool.all)
		w.owner.lose(w)
	}
	w.owner = c
	c.own = append(c.own, w)
	return w
}

func oldest(list []*window) *window {
	least := list[0]
	for _, w := range list[1:] {
		if w.used < least.used {
			least = w
		}
	}
	return least
}

func (c *content) lose(w *window) {
	for i, own := range c.own {
		if own == w {
			c.own = append(c.own[:i], c.own[i+1:]...)
			return
		}
	}
}

// release gives the windows back.
func (c *content) release() {
	for _, w := range c.own {
		w.used = 0
		w.data = w.data[:0]
	}
}
