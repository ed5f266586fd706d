// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import "testing"

func TestNode(t *testing.T) {
	n := Start(t, Options{})
	t.Log(n.Kubectl(t, "get", "nodes,pods", "-A", "-o", "wide"))
	n.Down(t)
	n.Up(t)
	t.Log(n.Kubectl(t, "get", "nodes,pods", "-A", "-o", "wide"))
}
