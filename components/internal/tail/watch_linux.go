// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"bytes"
	"encoding/binary"
	"os"

	"golang.org/x/sys/unix"
)

// watcher is an inotify instance. Writes are not asked for: there may be thousands in
// a second, and each would be an event.
type watcher struct {
	file    *os.File
	fd      int
	changes chan []change
	done    chan struct{}
}

const (
	// names that come and go.
	watchNames = unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_DELETE |
		unix.IN_ONLYDIR | unix.IN_EXCL_UNLINK
	watchBuffer = 64 << 10
)

func newWatcher() (*watcher, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	w := &watcher{
		file: os.NewFile(uintptr(fd), "inotify"), fd: fd,
		changes: make(chan []change), done: make(chan struct{}),
	}
	go w.run()
	return w, nil
}

// add watches a folder. Only the root may be a link to one.
func (w *watcher) add(path string, root bool) (watchID, error) {
	mask := uint32(watchNames)
	if !root {
		mask |= unix.IN_DONT_FOLLOW
	}
	wd, err := unix.InotifyAddWatch(w.fd, path, mask)
	if err != nil {
		return 0, &os.PathError{Op: "inotify_add_watch", Path: path, Err: err}
	}
	return watchID(wd), nil
}

// close ends the watching. What is reported then is lost.
func (w *watcher) close() {
	close(w.done)
	_ = w.file.Close()
	for range w.changes { // Until run has ended.
		continue
	}
}

// run reads events until the file is closed.
func (w *watcher) run() {
	defer close(w.changes)
	buffer := make([]byte, watchBuffer)
	for {
		n, err := w.file.Read(buffer)
		if err != nil {
			return
		}
		select {
		case w.changes <- parseEvents(buffer[:n]):
		case <-w.done:
			return
		}
	}
}

// parseEvents reads events as inotify(7) describes them: wd, mask, cookie and length,
// 4 bytes each, and the name, padded with zeros.
func parseEvents(raw []byte) []change {
	var list []change
	for len(raw) >= unix.SizeofInotifyEvent {
		wd, mask := binary.NativeEndian.Uint32(raw), binary.NativeEndian.Uint32(raw[4:])
		length := int(binary.NativeEndian.Uint32(raw[12:]))
		raw = raw[unix.SizeofInotifyEvent:]
		length = min(length, len(raw))
		name, _, _ := bytes.Cut(raw[:length], []byte{0})
		raw = raw[length:]
		list = append(list, change{
			id: watchID(wd), name: string(name),
			ended: mask&unix.IN_IGNORED != 0, overflow: mask&unix.IN_Q_OVERFLOW != 0,
		})
	}
	return list
}
