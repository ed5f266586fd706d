// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package faults

// confined needs namespaces, capabilities and seccomp.
func confined(r *rig) { r.t.Skip("only Linux can confine a process like this") }
