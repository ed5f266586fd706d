// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// CPUTime is the user and system time of all threads of a process so far, ended ones included. It reads the process's
// CPU clock, which counts nanoseconds: an idle collector uses less in half a minute than two of the hundredths of a
// second in /proc/<pid>/stat.
func CPUTime(pid int) (time.Duration, error) {
	// The kernel's form for the clock of another process: the pid inverted, above three bits that mean "time on a CPU".
	const scheduled = 2
	var at unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &at); err != nil {
		return 0, fmt.Errorf("read cpu clock of process %d: %w", pid, err)
	}
	return time.Duration(at.Nano()), nil
}
