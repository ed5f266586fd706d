// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	Main()
	goleak.VerifyTestMain(m)
}
