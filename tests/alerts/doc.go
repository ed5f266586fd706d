// SPDX-License-Identifier: Apache-2.0

// Package alerts evaluates deploy/prometheus/tributary-rules.yaml with Prometheus' own engine, and holds what it, deploy/grafana and
// docs/operations.md say of metrics against the built binary.
//
// Reading order: engine_test.go (the rules, and time that runs faster), series_test.go (made-up series that fire each alert, and
// others that nearly do), names_test.go and dashboard_test.go (each metric is one that the binary exposes), scrape_test.go and live_test.go (the
// binary in trouble: the right alerts fire, no others, and they stop).
package alerts
