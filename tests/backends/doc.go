// SPDX-License-Identifier: Apache-2.0

// Package backends holds the servers of deploy/kubernetes/backends, the dashboard and docs/queries.md against the real programs.
//
// Reading order: render_test.go (what kubectl makes of a folder, read as the API server reads it), manifests_test.go (what
// must hold of each), apiserver_test.go (what a real API server says), readme_test.go (its examples), monitoring_test.go (the objects
// of the Prometheus operator, the dashboard), sample_test.go (lines that the built binary sends), queries_test.go (what users
// ask), loki_test.go, ruler_test.go, s3_test.go, victorialogs_test.go and nginx_test.go (each program with what is shipped for it).
package backends
