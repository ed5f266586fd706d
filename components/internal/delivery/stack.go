// SPDX-License-Identifier: Apache-2.0

package delivery

import "runtime"

// stackBytes is what a batch needs of a stack on its way through the processors, an exporter and its HTTP client.
const stackBytes = 24 << 10

// growStack gives the goroutine that calls it such a stack at once. Otherwise the runtime doubles it again and again, in the
// middle of that way, and each time rewrites some fifty frames: 2 % of the CPU time of a backlog.
//
//go:noinline
func growStack() {
	var room [stackBytes]byte
	runtime.KeepAlive(&room)
}
