// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package faults

// notFiles needs files that only Unix has.
func notFiles(r *rig) { r.t.Skip("this system has no FIFOs") }
