// SPDX-License-Identifier: Apache-2.0

// Package residency gives memory back that is resident and that nobody needs.
//
// A collector is a large program of which little runs. Its start goes once through the
// initialization of some hundreds of packages, and with each page that is touched the
// kernel maps the 15 around it (fault-around): nearly half of the binary is resident
// before the first line is read, and most of it is not needed again. GiveBack unmaps
// these pages. They are clean copies of the file and stay in the page cache: what is
// needed comes back without reading the disk, some hundred page faults or a millisecond
// of CPU time in all.
//
// After a burst the heap is as large as the burst was, and Go gives back only what is
// above twice of what is in use. Keep gives back the rest when the burst is over.
//
// What is saved there is room for a backlog, in which collecting garbage often costs more
// than the memory that it saves. Where little happens it is the other way round.
//
// Reading order: residency.go (when), mapping.go and giveback*.go (code and constants),
// heap.go, pace.go.
package residency
