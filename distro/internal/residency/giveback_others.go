// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package residency

import "errors"

// GiveBack is for Linux only.
func GiveBack() error { return errors.ErrUnsupported }
