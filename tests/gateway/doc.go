// SPDX-License-Identifier: Apache-2.0

// Package gateway starts fleets of the built binary with the configurations that are shipped: collectors on nodes, a tier
// of gateways or a Kafka between them and a backend. Parts of it go away and come back while lines are written, and every
// line is counted at the backend.
//
// Kafka is kfake, the broker in memory and on disk with which the client library tests itself. It speaks Kafka's
// protocol; it is one node, and replicates nothing.
package gateway
