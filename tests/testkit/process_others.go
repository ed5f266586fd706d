// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package testkit

import "syscall"

// childAttributes asks for nothing: only Linux can tie a child to its parent.
func childAttributes() *syscall.SysProcAttr { return nil }

// lockFile does not lock; outside Linux, packages of tests must run one by one.
func lockFile(string) (unlock func(), err error) { return func() {}, nil }
