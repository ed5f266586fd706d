// SPDX-License-Identifier: Apache-2.0

package tail

import "golang.org/x/sys/unix"

// noAccessTime keeps the kernel from writing to the disk when a file was read: of one
// that grows it would note the time with each reading. Only the owner may ask for it.
const noAccessTime = unix.O_NOATIME
