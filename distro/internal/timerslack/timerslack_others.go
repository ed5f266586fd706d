// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package timerslack

import "errors"

// Relax is for Linux only.
func Relax() error { return errors.ErrUnsupported }
