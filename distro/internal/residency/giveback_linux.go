// SPDX-License-Identifier: Apache-2.0

package residency

import (
	"os"
	"reflect"
	"unsafe"

	"golang.org/x/sys/unix"
)

// GiveBack unmaps the pages of code and constants of the program file. They come back
// when they are needed. A mapping in which a debugger or a probe has set breakpoints is
// left alone: they would be lost.
func GiveBack() error {
	smaps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return err
	}
	defer smaps.Close()
	mappings, err := parseMappings(smaps)
	if err != nil {
		return err
	}
	for _, m := range mappings {
		if !disposable(m) {
			continue
		}
		_, _, failed := unix.Syscall(unix.SYS_MADVISE, uintptr(m.start), uintptr(m.end-m.start), unix.MADV_DONTNEED)
		if failed != 0 {
			return os.NewSyscallError("madvise", failed)
		}
	}
	return nil
}

// constant lies among the constants of the program.
const constant = "residency"

// disposable reports whether a mapping is code or constants of the program, of which
// every page is as it is in the file.
func disposable(m mapping) bool {
	code := uint64(reflect.ValueOf(GiveBack).Pointer())
	text := uint64(uintptr(unsafe.Pointer(unsafe.StringData(constant))))
	return (m.contains(code) || m.contains(text)) && m.private && !m.writable && m.inode != 0 && m.anonymous == 0
}
