// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package faults

func (r *rig) startJournal() string {
	r.t.Skip("there is no journald")
	return ""
}
