// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package cores

import "time"

// used is for Unix only.
func used() (sum time.Duration, known bool) { return 0, false }
