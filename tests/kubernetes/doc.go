// SPDX-License-Identifier: Apache-2.0

// Package kubernetes runs a real etcd and a real kube-apiserver for tests, built from source and listening on loopback only,
// with role-based access control, and without any node: pods are objects that a test creates and whose status it sets, as a
// kubelet would. Read cluster.go (the processes), certificates.go (who trusts whom), access.go (who may do what) and pods.go
// (what there is).
//
// Its own tests are about the built binary at that API server. tests/testkit/kubeapi is the small fake that misbehaves.
package kubernetes
