// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// watcher is an inotify instance (inotify(7)). It is read by the goroutine of the
// reader, which knows by that, at any moment, what has happened until then.
type watcher struct {
	file   *os.File
	fd     int
	buffer []byte
	// names says that names have come or gone since changed was asked.
	names bool
}

const (
	watchNames = unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_DELETE |
		unix.IN_DELETE_SELF | unix.IN_MOVE_SELF
	watched = watchNames | unix.IN_MODIFY | unix.IN_ONLYDIR
)

func newWatcher() (*watcher, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	return &watcher{file: os.NewFile(uintptr(fd), "inotify"), fd: fd, buffer: make([]byte, 16<<10)}, nil
}

// add watches a folder; again does no harm.
func (w *watcher) add(path string) error {
	if isRemote(path) {
		return &os.PathError{Op: "watch", Path: path, Err: errRemote}
	}
	if _, err := unix.InotifyAddWatch(w.fd, path, watched); err != nil {
		return &os.PathError{Op: "inotify_add_watch", Path: path, Err: err}
	}
	return nil
}

var errRemote = errors.New("the kernel does not report what happens on a network file system")

// isRemote reports whether somebody else may change a folder, by the numbers of
// statfs(2): NFS, SMB, CIFS, SMB2, 9P, Ceph.
func isRemote(path string) bool {
	var info unix.Statfs_t
	if unix.Statfs(path, &info) != nil {
		return false
	}
	switch uint32(info.Type) {
	case 0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997, 0x00c36400:
		return true
	}
	return false
}

// changed reports whether names have come or gone.
func (w *watcher) changed() bool {
	for {
		n, err := unix.Read(w.fd, w.buffer)
		if n <= 0 || err != nil {
			break
		}
		w.take(w.buffer[:n])
	}
	names := w.names
	w.names = false
	return names
}

// take reads events: a number, a mask, a cookie and a length, 4 bytes each, and a name.
func (w *watcher) take(raw []byte) {
	for len(raw) >= unix.SizeofInotifyEvent {
		mask := binary.NativeEndian.Uint32(raw[4:])
		if mask&(watchNames|unix.IN_Q_OVERFLOW|unix.IN_IGNORED) != 0 {
			w.names = true
		}
		raw = raw[min(len(raw), unix.SizeofInotifyEvent+int(binary.NativeEndian.Uint32(raw[12:]))):]
	}
}

// wait returns when something has happened, after a time, or when the context ends.
func (w *watcher) wait(ctx context.Context, longest time.Duration) {
	if w == nil {
		pause(ctx, longest)
		return
	}
	if err := w.file.SetReadDeadline(time.Now().Add(longest)); err != nil {
		pause(ctx, longest)
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = w.file.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	if n, err := w.file.Read(w.buffer); err == nil {
		w.take(w.buffer[:n])
	}
}

func (w *watcher) close() error { return w.file.Close() }
