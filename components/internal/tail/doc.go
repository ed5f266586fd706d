// SPDX-License-Identifier: Apache-2.0

// Package tail reads the log files of the containers of a node, each from where it
// was left to its end, and goes on reading what is added. It finds the files, knows
// them again under another name, and holds on to them until their lines are
// delivered: a file is the queue of its own lines.
//
//	/var/log/pods/<namespace>_<pod>_<uid>/<container>/<restarts>.log
//	                                                  <restarts>.log.20261120-101500
//	                                                  <restarts>.log.20261120-100500.gz
//
// What the package promises:
//
//   - Each line of a file is handed on once, whole and in order; the files of a
//     container in the order in which they were written.
//   - A file is what it holds. It is known again by a hash of its beginning, whether
//     it was renamed, compressed, or copied and then truncated.
//   - A file is opened as soon as it is seen, and stays open until all of it is
//     delivered. If its last name goes before that, the rest is copied aside. One without
//     a name is followed until nobody has it open for writing or nobody has written for
//     20 s. Where the kernel does not say who has it open, 5 s are enough when it was
//     rotated, or the folder is gone, too.
//   - Nothing but regular files in the folders, and what links in them point to
//     below the allowed targets, is opened. Nothing is written there.
//   - When the kernel reports no changes, or too many, looking at the folders alone
//     finds everything.
//
// One goroutine does all the reading, with one buffer: what a file costs is its
// descriptor and two kilobytes. A file that grows is looked at each 500 ms: to be told
// of each write would cost more. One that is silent for 5 s is left alone until the
// kernel tells of the next write; where it does not, the file is looked at each 2 s. A
// consumer may have a file wait, for room or until a time: then it is looked at each
// second, since it may lose its name.
//
// Reading order: tail.go (options and the loop), container.go (names of folders and
// files), consumer.go (what a reader of this package provides), agenda.go (whose turn is
// it?), tree.go and watch*.go (which folders there are), bell.go (who writes again?),
// choose.go (is it read?), folder.go and link.go (which files are in one), file.go and
// head.go (what is known of a file), identify.go (is it one that we know?), turn.go and
// read.go (reading), quiet.go and finish.go, content.go (plain, compressed), truncate.go,
// rescue.go (a file without a name), descriptors.go (more files than may be open),
// gauge.go; fs*.go is the file system.
package tail
