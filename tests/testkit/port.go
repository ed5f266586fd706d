// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// Ports are given out below those that systems give to outgoing connections: 32768 and above on Linux, 49152 and above
// elsewhere. One of these could take a port between the moment it is found free and the moment it is listened on.
const (
	firstPort = 20_000
	endPort   = 32_768
)

// FreePort returns a TCP port of 127.0.0.1 nothing listens on. Until the end of the test no other test gets it, in this
// process or another one: a UDP socket of the same number is held as the sign that it is taken.
func FreePort(t testing.TB) int {
	t.Helper()
	const attempts = 1000
	var last error
	for range attempts {
		port := firstPort + rand.IntN(endPort-firstPort)
		sign, err := claim(port)
		if err != nil {
			last = err
			continue
		}
		t.Cleanup(func() { _ = sign.Close() })
		return port
	}
	t.Fatalf("find a free port between %d and %d: %v", firstPort, endPort, last)
	return 0
}

// claim takes a port unless somebody else has.
func claim(port int) (sign net.PacketConn, err error) {
	address := fmt.Sprintf("127.0.0.1:%d", port)
	if sign, err = net.ListenPacket("udp", address); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", address)
	if err == nil {
		err = listener.Close()
	}
	if err != nil {
		_ = sign.Close()
		return nil, err
	}
	return sign, nil
}
