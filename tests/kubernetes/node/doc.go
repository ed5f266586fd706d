// SPDX-License-Identifier: Apache-2.0

// Package node runs a whole Kubernetes node for tests: the control plane of tests/kubernetes, and with it the controllers, the
// scheduler, containerd, the kubelet, kube-proxy and a name server, in mount, PID, network, UTS and IPC namespaces of their own.
// Nothing outlives the test, and nothing of the machine is changed. It needs root and some Debian packages; the tests are
// skipped without.
//
// Read node.go (what a test does with it), inside.go (what becomes of the namespaces), supervisor.go and control.go (how a test
// starts things in them), programs.go and config/ (the programs and how they are configured), names.go (the name server).
package node
