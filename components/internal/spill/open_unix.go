// SPDX-License-Identifier: Apache-2.0

//go:build unix

package spill

import "syscall"

const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK
