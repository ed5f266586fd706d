// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package faults

func noWatches(string, int) func(*rig) { return watchOverflow }

// watchOverflow needs inotify.
func watchOverflow(r *rig) { r.t.Skip("this system has no inotify") }
