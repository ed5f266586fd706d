// SPDX-License-Identifier: Apache-2.0

//go:build unix

package tail

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// OS is the file system of the machine.
var OS FS = osFS{}

type osFS struct{}

func (osFS) ReadDir(path string) ([]Entry, error) {
	list, err := os.ReadDir(path)
	entries := make([]Entry, 0, len(list))
	for _, e := range list {
		entries = append(entries, Entry{Name: e.Name(), Kind: kindOf(e.Type())})
	}
	return entries, err
}

func kindOf(mode fs.FileMode) Kind {
	switch {
	case mode.IsRegular():
		return Regular
	case mode.IsDir():
		return Folder
	case mode&fs.ModeSymlink != 0:
		return Link
	default:
		return Other
	}
}

func (osFS) Lstat(path string) (Info, error) {
	var st unix.Stat_t
	if err := retry(func() error { return unix.Lstat(path, &st) }); err != nil {
		return Info{}, &os.PathError{Op: "lstat", Path: path, Err: err}
	}
	return infoOf(&st), nil
}

func (osFS) Resolve(path string) (string, error) { return filepath.EvalSymlinks(path) }

// Open walks down folder by folder: whoever can write to one of them could put a link
// in the place of the next one at any moment.
func (osFS) Open(root string, parts ...string) (Handle, error) {
	path := filepath.Join(append([]string{root}, parts...)...)
	fail := func(err error) (Handle, error) { return nil, &os.PathError{Op: "open", Path: path, Err: err} }
	fd, err := openat(unix.AT_FDCWD, root, unix.O_DIRECTORY)
	for i, part := range parts {
		if err != nil {
			return fail(err)
		}
		flags := unix.O_NOFOLLOW
		if i < len(parts)-1 {
			flags |= unix.O_DIRECTORY
		} else {
			flags |= unix.O_NONBLOCK | unix.O_NOCTTY | noAccessTime
		}
		parent := fd
		fd, err = openat(parent, part, flags)
		if errors.Is(err, unix.EPERM) && flags&noAccessTime != 0 {
			fd, err = openat(parent, part, flags&^noAccessTime)
		}
		_ = unix.Close(parent)
	}
	if err != nil {
		return fail(err)
	}
	h := osHandle(fd)
	info, err := h.Stat()
	if err == nil && info.Kind != Regular {
		err = ErrNotRegular
	}
	if err != nil {
		_ = h.Close()
		return fail(err)
	}
	return h, nil
}

func openat(dir int, name string, flags int) (fd int, err error) {
	err = retry(func() error {
		fd, err = unix.Openat(dir, name, flags|unix.O_RDONLY|unix.O_CLOEXEC, 0)
		return err
	})
	return fd, err
}

// osHandle is a descriptor. It is not an os.File because there may be thousands that
// are looked at several times a second.
type osHandle int

func (h osHandle) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		var m int
		err = retry(func() error { m, err = unix.Pread(int(h), p[n:], off+int64(n)); return err })
		if err != nil {
			return n, os.NewSyscallError("pread", err)
		}
		if m == 0 {
			return n, io.EOF
		}
		n += m
	}
	return n, nil
}

func (h osHandle) Stat() (Info, error) {
	var st unix.Stat_t
	if err := retry(func() error { return unix.Fstat(int(h), &st) }); err != nil {
		return Info{}, os.NewSyscallError("fstat", err)
	}
	return infoOf(&st), nil
}

func (h osHandle) Close() error { return os.NewSyscallError("close", unix.Close(int(h))) }

func infoOf(st *unix.Stat_t) Info {
	info := Info{
		Device: uint64(st.Dev), Inode: st.Ino, Links: uint64(st.Nlink), //nolint:unconvert // Not everywhere of this type.
		Size: st.Size, Modified: st.Mtim.Nano(),
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		info.Kind = Regular
	case unix.S_IFDIR:
		info.Kind = Folder
	case unix.S_IFLNK:
		info.Kind = Link
	}
	return info
}

// mayOpen is how many log files may be open in a process with its limit of descriptors.
// The rest is for connections, the state, and whatever else the process does.
func mayOpen() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > 1<<30 {
		return 0
	}
	n := int(limit.Cur)
	return n - min(n/2, 512)
}

func retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
