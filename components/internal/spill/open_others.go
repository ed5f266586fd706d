// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package spill

const noFollow = 0
