// SPDX-License-Identifier: Apache-2.0

package tail

// FS is the file system, as far as it is needed here. Tests put one with faults in
// its place.
type FS interface {
	// ReadDir lists a folder.
	ReadDir(path string) ([]Entry, error)
	// Lstat looks at what has the name, not at where a link points to.
	Lstat(path string) (Info, error)
	// Open opens the regular file root/parts[0]/parts[1]/… for reading, without ever
	// waiting for anybody. Below root no link is followed. It returns ErrNotRegular
	// for what is something else.
	Open(root string, parts ...string) (Handle, error)
	// Resolve returns the path without links.
	Resolve(path string) (string, error)
}

// Handle is an open file.
type Handle interface {
	ReadAt(p []byte, off int64) (int, error)
	Stat() (Info, error)
	// Writer reports whether somebody has the file open for writing. It is not known when
	// the kernel does not say so, or not to this user.
	Writer() (is, known bool)
	Close() error
}

// Kind is the type of a file.
type Kind uint8

// The types that make a difference.
const (
	Other Kind = iota
	Regular
	Folder
	Link
)

// Entry is a name in a folder.
type Entry struct {
	Name string
	Kind Kind
}

// Info is what is known of a file without reading it.
type Info struct {
	Device, Inode uint64
	Size          int64
	// Links is the number of names.
	Links uint64
	// Modified is the time of the last write, in Unix nanoseconds.
	Modified int64
	Kind     Kind
}
