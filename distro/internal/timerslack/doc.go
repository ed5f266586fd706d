// SPDX-License-Identifier: Apache-2.0

// Package timerslack lets the kernel wake the process less often.
//
// Go's runtime has a thread that looks after the others (sysmon). After each answer of a backend it looks every 20 µs while
// anything runs, as long as it has found nothing 50 times; and on one processor (package cores) it takes that away from a read or
// a write that it sees twice, and gives it to another thread. A collector that works in bursts of some milliseconds pays a
// seventh of its CPU time for that. How late a thread that sleeps may be woken is its timer slack (prctl(2)): 50 µs, unless
// somebody says something else. With 4 ms the same thread looks every 4 ms.
//
// Whatever waits for a time may be 4 ms late, then. What waits for data or for a lock is not.
package timerslack
