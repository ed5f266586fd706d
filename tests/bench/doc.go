// SPDX-License-Identifier: Apache-2.0

// Package bench measures the built binary as a process: size, start, memory, CPU. Nothing here can fail on a slow
// machine; `make bench` prints, people compare.
package bench
