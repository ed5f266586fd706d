// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"net"

	"github.com/stretchr/testify/require"
)

// listen takes a port of this machine until the row ends.
func listen(r *rig, port int) {
	r.t.Helper()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	require.NoError(r.t, err)
	r.t.Cleanup(func() { _ = listener.Close() })
}
