// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package bench

import (
	"errors"
	"time"
)

// cpuTime exists on Linux only.
func cpuTime(int) (time.Duration, error) {
	return 0, errors.New("read cpu clock: not on this system")
}
