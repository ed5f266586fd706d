// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"bytes"
	"encoding/binary"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// watcher is an inotify instance. It is not asked for all writes: there may be thousands
// in a second, and each would be an event.
type watcher struct {
	file *os.File
	fd   int
	// pause is the least time between two reports.
	pause   time.Duration
	changes chan []change
	done    chan struct{}
}

const (
	watchNames = unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_DELETE |
		unix.IN_ONLYDIR | unix.IN_EXCL_UNLINK
	watchBuffer = 64 << 10
)

// masks are the events of inotify(7) that make up a kind.
var masks = [...]uint32{
	names:     watchNames | unix.IN_DONT_FOLLOW,
	rootNames: watchNames,
	nextWrite: unix.IN_MODIFY | unix.IN_ONESHOT | unix.IN_ONLYDIR | unix.IN_DONT_FOLLOW,
}

// newWatcher returns one that watches nothing yet. What happens within a pause after a
// report is in the next one.
func newWatcher(pause time.Duration) (*watcher, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	w := &watcher{
		file: os.NewFile(uintptr(fd), "inotify"), fd: fd, pause: pause,
		changes: make(chan []change), done: make(chan struct{}),
	}
	go w.run()
	return w, nil
}

// add watches a folder.
func (w *watcher) add(path string, kind watchKind) (watchID, error) {
	wd, err := unix.InotifyAddWatch(w.fd, path, masks[kind])
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
		if w.pause <= 0 {
			continue
		}
		select {
		case <-time.After(w.pause):
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
