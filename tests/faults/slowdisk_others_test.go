// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package faults

// slowDisk needs the control groups of Linux.
func slowDisk(r *rig) { r.t.Skip("only Linux can slow down a disk like this") }
