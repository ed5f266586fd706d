// SPDX-License-Identifier: Apache-2.0

//go:build unix

package cores

import (
	"syscall"
	"time"
)

// used returns the CPU time of this process since its start, in the kernel and outside.
func used() (sum time.Duration, known bool) {
	var usage syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), err == nil
}
