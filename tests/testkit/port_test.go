// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAFreePortCanBeListenedOn(t *testing.T) {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", FreePort(t)))
	require.NoError(t, err)
	require.NoError(t, listener.Close())
}

func TestAPortIsGivenOutOnceUntilTheEndOfItsTest(t *testing.T) {
	port := 0
	t.Run("who has it", func(t *testing.T) {
		port = FreePort(t)
		_, err := claim(port)
		require.Error(t, err, "nothing listens on it yet, and still nobody else gets it")
	})
	sign, err := claim(port)
	require.NoError(t, err, "afterwards it can be given out again")
	require.NoError(t, sign.Close())
}

func TestAPortThatSomebodyListensOnIsNotFree(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	_, err = claim(listener.Addr().(*net.TCPAddr).Port)
	assert.Error(t, err)
}

func TestOutgoingConnectionsGetOtherPorts(t *testing.T) {
	raw, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		t.Skip("needs Linux:", err)
	}
	var first, last int
	_, err = fmt.Sscan(strings.TrimSpace(string(raw)), &first, &last)
	require.NoError(t, err)
	port := FreePort(t)
	assert.False(t, first <= port && port <= last, "%d is one of %d to %d", port, first, last)
}
