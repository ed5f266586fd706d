// SPDX-License-Identifier: Apache-2.0

// Package residency keeps small what of the program file is in memory.
//
// A collector is a large program of which little runs. Its start goes once through the
// initialization of some hundreds of packages, and with each page that is touched the
// kernel maps the 15 around it (fault-around): 60 MB are resident before the first line
// is read, most of which nobody needs again. The pages are clean copies of the file.
// GiveBack unmaps them; the page cache keeps them, and what is needed comes back without
// reading the disk, some hundred page faults or a millisecond of CPU time in all.
package residency
