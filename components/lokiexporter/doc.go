// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml

// Package lokiexporter sends log records to Grafana Loki over its push API:
// protobuf, compressed with snappy, with the labels decided here and not by the
// server.
//
// A record walks through the files in this order:
//
//   - exporter.go takes a batch from the pipeline;
//   - resource.go turns each resource into a label set (profile.go, template.go,
//     names.go) and into the metadata that its records share;
//   - record.go turns each record into an entry (line.go) and checks what Loki
//     would refuse (limits.go);
//   - batch.go gathers the entries by tenant and stream and cuts requests out of
//     them (entry.go writes the bytes, request.go keeps a finished request);
//   - sender.go sends a request until it is answered for good; answer.go reads
//     the answers; refused.go keeps what Loki never takes.
//
// upstream.go and hints.go hold what the exporter of this name in
// opentelemetry-collector-contrib did until v0.130.0.
package lokiexporter
