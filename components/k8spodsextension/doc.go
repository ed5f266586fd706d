// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml

// Package k8spodsextension knows the pods of this node, for receivers that read their logs: which
// attributes they have, and what their owners say by label and annotation. The receiver `pod_logs`
// takes it by `metadata: k8s_pods`.
//
// Reading order: config.go and factory.go (what the user says), extension.go (its life), node.go
// and connect.go (where the API server is and who we are), store.go (what is remembered), health.go
// and metrics.go (what people are told). What it does is in components/internal/pods.
package k8spodsextension
