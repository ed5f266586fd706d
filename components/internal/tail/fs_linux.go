// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"errors"

	"golang.org/x/sys/unix"
)

// noAccessTime keeps the kernel from writing to the disk when a file was read: of one
// that grows it would note the time with each reading. Only the owner may ask for it.
const noAccessTime = unix.O_NOATIME

// Writer asks for a lease, which the kernel gives for reading only while nobody has the
// file open for writing (fcntl(2), F_SETLEASE), and only to the owner of the file or with
// CAP_LEASE. It is given back at once, so that nobody who opens the file has to wait.
func (h osHandle) Writer() (is, known bool) {
	lease := func(kind int) error {
		return retry(func() error { _, err := unix.FcntlInt(uintptr(h), unix.F_SETLEASE, kind); return err })
	}
	if err := lease(unix.F_RDLCK); err != nil {
		is = errors.Is(err, unix.EAGAIN)
		return is, is
	}
	return false, lease(unix.F_UNLCK) == nil
}
