// SPDX-License-Identifier: Apache-2.0

package timerslack

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// relaxed is the slack of every thread after Relax: the tick of most kernels.
	relaxed = 4 * time.Millisecond
	// usual is what the first process of a system has, and each that it starts.
	usual = 50 * time.Microsecond
)

// Relax lets every thread of the process, and each that is started later, be woken up to 4 ms late. It leaves
// alone what somebody has set before the start, such as TimerSlackNSec= of systemd. Where it cannot be set, as in a binary that
// uses cgo or in a sandbox, nothing changes and the error says why.
func Relax() error {
	now, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil {
		return os.NewSyscallError("prctl", err)
	}
	if time.Duration(now) != usual {
		return nil
	}
	// The thread that matters runs none of our code: only the runtime can have it do something.
	if _, _, errno := syscall.AllThreadsSyscall(unix.SYS_PRCTL, unix.PR_SET_TIMERSLACK, uintptr(relaxed), 0); errno != 0 {
		return os.NewSyscallError("prctl", errno)
	}
	return nil
}
