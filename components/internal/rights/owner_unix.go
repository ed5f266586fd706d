// SPDX-License-Identifier: Apache-2.0

//go:build unix

package rights

import (
	"io/fs"
	"syscall"
)

func ownerOf(info fs.FileInfo) (user, group int) {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid), int(stat.Gid)
	}
	return -1, -1
}
