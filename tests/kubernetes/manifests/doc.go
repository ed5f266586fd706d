// SPDX-License-Identifier: Apache-2.0

// Package manifests renders what is below deploy/kubernetes, as kubectl does, for tests of what comes out. Read render.go (the
// folders become objects), combinations.go (which folders there are, and which go together), workloads.go (what runs) and
// container.go (a rendered pod, started as a kubelet would on this machine).
//
// Its own tests say what holds of every combination, and what a real API server makes of it.
package manifests
