// SPDX-License-Identifier: Apache-2.0

//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package checkpointstorageextension

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes the exclusive lock on an open file without waiting. The lock ends
// when the file is closed, at the latest with the process. Where the file system has
// no locks, every process gets one.
func tryLock(file *os.File) (locked bool, err error) {
	for {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case errors.Is(err, errors.ErrUnsupported), errors.Is(err, syscall.ENOLCK):
			return true, nil
		default:
			return err == nil, err
		}
	}
}
