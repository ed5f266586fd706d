// SPDX-License-Identifier: Apache-2.0

package ownership

import (
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

// labelName is the extended attribute in which SELinux keeps the label of a file.
const labelName = "security.selinux"

// label gives a file or folder the label of SELinux, if one is wanted. Whatever is made in a folder has the type of the
// folder.
func (g *giver) label(fd int, path string) {
	if g.SELinuxLabel == "" {
		return
	}
	// What is open without the right to read it has no other name by which attributes can be set.
	name := fmt.Sprintf("/proc/self/fd/%d", fd)
	has := make([]byte, 4096)
	if n, err := unix.Getxattr(name, labelName, has); err == nil && trimNUL(has[:n]) == g.SELinuxLabel {
		return
	}
	// The kernel's own tools store the NUL at the end.
	if err := unix.Setxattr(name, labelName, append([]byte(g.SELinuxLabel), 0), 0); err != nil {
		g.report.fail(fmt.Errorf("%w: the domain of this container must have the right to label files (spc_t has), and SELinux must be on",
			&fs.PathError{Op: "label", Path: path, Err: err}))
	}
}

func trimNUL(label []byte) string {
	for len(label) > 0 && label[len(label)-1] == 0 {
		label = label[:len(label)-1]
	}
	return string(label)
}
