// SPDX-License-Identifier: Apache-2.0

// Package pods knows the pods of one node: their labels, annotations, owners and
// containers, and which attributes follow from these. It asks the API server for no more
// than that, lives through its outages, and remembers over restarts. It knows nothing of
// OpenTelemetry.
//
//	API server ──► request.go ──► list.go, watch.go ──► cache.go ──► known.go ──► who tracks a pod
//	                   ▲             lookup.go ────────────┘ │
//	                pace.go                                state.go ──► storage
//
// Reading order: provider.go (what it offers), rules.go (what is asked for), known.go with
// service.go, owner.go and image.go (what follows from a pod), pod.go and keep.go (what is kept
// of it), cache.go, changes.go, forget.go and around.go (the pods, who tracks them and is
// told, for how long, their namespaces and the node), state.go (what is remembered), run.go (what
// runs), follow.go with list.go and watch.go (how one resource is followed), lookup.go (a pod
// that the watch does not bring), request.go and pace.go (one request, and when), trouble.go
// and stats.go (what people are told).
package pods
