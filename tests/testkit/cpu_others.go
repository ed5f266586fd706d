// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package testkit

import (
	"errors"
	"time"
)

// CPUTime exists on Linux only.
func CPUTime(int) (time.Duration, error) {
	return 0, errors.New("read cpu clock: not on this system")
}
