// SPDX-License-Identifier: Apache-2.0

package ownership

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const (
	// newMode is for a folder that was not there: for the user, and readable for his group.
	newMode = 0o750
	// justLook opens whatever it is without reading it or waiting for somebody.
	justLook = unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC
	// needed is what helps where a right is missing.
	needed = "run it as user 0 with the capability CHOWN"
)

// Give makes the folder, if it is not there, and gives it and everything in it to the
// owner. It goes on after an error, and reports what was done. Each error names the path,
// and says what helps if that is known.
func Give(folder string, owner Owner) (Report, error) {
	g := giver{Owner: owner}
	if err := g.top(filepath.Clean(folder)); err != nil {
		g.report.fail(err)
	}
	return g.report, g.report.err()
}

type giver struct {
	Owner
	// device is that of the folder at the top.
	device uint64
	report Report
}

func (g *giver) top(path string) error {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.Mkdir(path, newMode)); err != nil {
			return advise(err)
		}
		g.report.Created = true
	}
	fd, stat, err := look(unix.AT_FDCWD, path)
	if err != nil {
		return advise(&fs.PathError{Op: "open", Path: path, Err: err})
	}
	defer closed(fd)
	switch stat.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		g.device = stat.Dev
		g.folder(fd, path, stat)
		return nil
	case unix.S_IFLNK:
		return fmt.Errorf("%s is a link; name the folder that it leads to", path)
	default:
		return fmt.Errorf("%s is no folder", path)
	}
}

// folder gives first what is in it: afterwards it may be closed to us.
func (g *giver) folder(fd int, path string, stat unix.Stat_t) {
	names, taken, err := g.list(fd, path)
	if err != nil {
		g.report.fail(err)
	}
	g.label(fd, path)
	for _, name := range names {
		g.entry(fd, filepath.Join(path, name), name)
	}
	g.give(fd, path, stat, taken)
}

func (g *giver) entry(parent int, path, name string) {
	fd, stat, err := look(parent, name)
	if errors.Is(err, unix.ENOENT) {
		return // A file of a collector that runs: it comes and goes.
	}
	if err != nil {
		g.report.fail(advise(&fs.PathError{Op: "open", Path: path, Err: err}))
		return
	}
	defer closed(fd)
	kind := stat.Mode & unix.S_IFMT
	switch {
	case stat.Dev != g.device:
		g.leave(path, "another file system is mounted there")
	case kind == unix.S_IFDIR:
		g.folder(fd, path, stat)
	case kind == unix.S_IFREG && stat.Nlink > 1:
		g.leave(path, "the file has another name elsewhere")
	case kind == unix.S_IFREG:
		g.label(fd, path)
		g.give(fd, path, stat, false)
	case kind == unix.S_IFLNK:
		g.give(fd, path, stat, false)
	default:
		g.leave(path, "it is neither a file nor a folder")
	}
}

func (g *giver) leave(path, reason string) {
	g.report.Left = append(g.report.Left, path+": "+reason)
}

// list returns the names in a folder. taken tells that it had to become ours for that.
func (g *giver) list(fd int, path string) (names []string, taken bool, err error) {
	if !enterable(fd) {
		if err := chown(fd, os.Geteuid(), -1); err != nil {
			return nil, false, fmt.Errorf("list %s: %w: %s", path, unix.EACCES, needed)
		}
		taken = true
	}
	listed, err := unix.Openat(fd, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil || !enterable(fd) {
		closed(listed)
		return nil, taken, fmt.Errorf("list %s: permission denied, even to its owner: chmod u+rwx it", path)
	}
	dir := os.NewFile(uintptr(listed), path)
	defer func() { _ = dir.Close() }()
	names, err = dir.Readdirnames(-1)
	return names, taken, err
}

// enterable tells whether we may list a folder and open what is in it.
func enterable(fd int) bool {
	return unix.Faccessat(fd, ".", unix.R_OK|unix.X_OK, unix.AT_EACCESS) == nil
}

func (g *giver) give(fd int, path string, stat unix.Stat_t, taken bool) {
	if !taken && int(stat.Uid) == g.User && int(stat.Gid) == g.Group {
		g.report.Unchanged++
		return
	}
	if err := chown(fd, g.User, g.Group); err != nil {
		g.report.fail(advise(&fs.PathError{Op: "chown", Path: path, Err: err}))
		return
	}
	if int(stat.Uid) == g.User && int(stat.Gid) == g.Group {
		g.report.Unchanged++
		return
	}
	g.report.Changed++
}

// look opens name below parent, whatever it is.
func look(parent int, name string) (fd int, stat unix.Stat_t, err error) {
	fd, err = unix.Openat(parent, name, justLook, 0)
	if err != nil {
		return -1, stat, err
	}
	if err := unix.Fstat(fd, &stat); err != nil {
		closed(fd)
		return -1, stat, err
	}
	return fd, stat, nil
}

func chown(fd, user, group int) error {
	return unix.Fchownat(fd, "", user, group, unix.AT_EMPTY_PATH)
}

func closed(fd int) {
	if fd >= 0 {
		_ = unix.Close(fd)
	}
}

// advise says what to do about an error, if that is known.
func advise(err error) error {
	switch {
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("%w: %s", err, needed)
	case errors.Is(err, unix.EACCES):
		return fmt.Errorf("%w: user %d has no right to the folder above it", err, os.Geteuid())
	case errors.Is(err, unix.EROFS):
		return fmt.Errorf("%w: mount it writable", err)
	default:
		return err
	}
}
