// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package tail

// noAccessTime is something that only Linux has.
const noAccessTime = 0

// Writer is not known.
func (h osHandle) Writer() (is, known bool) { return false, false }
