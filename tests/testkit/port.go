// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"net"
	"testing"
)

// FreePort returns a TCP port of 127.0.0.1 nothing listens on. Nothing keeps it
// free either, so it should be used soon.
func FreePort(t testing.TB) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("find free port: %v", err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		t.Fatalf("release free port: %v", err)
	}
	return port
}
