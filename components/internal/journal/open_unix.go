// SPDX-License-Identifier: Apache-2.0

//go:build unix

package journal

import (
	"os"

	"golang.org/x/sys/unix"
)

// openRegular opens a file, unless it is no regular one; a FIFO does not hold it up.
func openRegular(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	return regular(f)
}

// deleted reports whether an open file has no name any more.
func deleted(f *os.File) bool {
	var info unix.Stat_t
	return unix.Fstat(int(f.Fd()), &info) == nil && info.Nlink == 0
}
