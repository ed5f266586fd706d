// SPDX-License-Identifier: Apache-2.0

// Command sink is a backend that keeps what it gets: OTLP over HTTP on port 4318, and Loki's push API on port 3100. A request is
// answered when its records are in the file /data/records, each as one line of JSON, which outlives the pod.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"
	"github.com/klauspost/compress/zstd"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

// bodyBytes is how much of a line is kept.
const bodyBytes = 200

// record is a line with what is known of it. Attributes are null where they are those of the record before.
type record struct {
	Attributes map[string]any `json:"a"`
	Stream     string         `json:"s,omitempty"`
	Body       string         `json:"b"`
	Size       int            `json:"n"`
}

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "sink:", err)
		os.Exit(1)
	}
}

// serve serves until it is asked to end, and answers what has begun.
func serve() error {
	file, err := os.OpenFile("/data/records", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	s := &sink{file: bufio.NewWriter(file)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/logs", s.otlp)
	mux.HandleFunc("POST /loki/api/v1/push", s.loki)
	mux.HandleFunc("GET /", func(http.ResponseWriter, *http.Request) {})
	failed := make(chan error, 2)
	servers := []*http.Server{{Addr: ":4318", Handler: mux}, {Addr: ":3100", Handler: mux}}
	for _, server := range servers {
		go func() { failed <- server.ListenAndServe() }()
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	for _, server := range servers {
		if err := server.Shutdown(context.Background()); err != nil {
			return err
		}
	}
	return nil
}

// sink writes requests to a file, one at a time.
type sink struct {
	mu   sync.Mutex
	file *bufio.Writer
}

// otlp takes an export request.
func (s *sink) otlp(w http.ResponseWriter, r *http.Request) {
	raw, err := inflate(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	request := plogotlp.NewExportRequest()
	if err := request.UnmarshalProto(raw); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	kept := s.keep(w, func(add func(record)) {
		for _, resource := range request.Logs().ResourceLogs().All() {
			attributes := resource.Resource().Attributes().AsRaw()
			for _, scope := range resource.ScopeLogs().All() {
				for _, line := range scope.LogRecords().All() {
					stream, _ := line.Attributes().Get("log.iostream")
					add(record{Attributes: attributes, Stream: stream.AsString(), Body: line.Body().AsString()})
					attributes = nil
				}
			}
		}
	})
	if raw, err = plogotlp.NewExportResponse().MarshalProto(); kept && err == nil {
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(raw)
	}
}

// loki takes a push. The labels of a stream are its attributes.
func (s *sink) loki(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err == nil {
		raw, err = snappy.Decode(nil, raw)
	}
	var request push.PushRequest
	if err == nil {
		err = request.Unmarshal(raw)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	kept := s.keep(w, func(add func(record)) {
		for _, stream := range request.Streams {
			for _, entry := range stream.Entries {
				attributes := map[string]any{"labels": stream.Labels}
				for _, pair := range entry.StructuredMetadata {
					attributes[pair.Name] = pair.Value
				}
				add(record{Attributes: attributes, Body: entry.Line})
			}
		}
	})
	if kept {
		w.WriteHeader(http.StatusNoContent)
	}
}

// keep writes records to the file, or refuses the request.
func (s *sink) keep(w http.ResponseWriter, all func(add func(record))) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	encoder := json.NewEncoder(s.file)
	all(func(r record) {
		r.Size = len(r.Body)
		r.Body = r.Body[:min(bodyBytes, len(r.Body))]
		// The writer remembers an error.
		_ = encoder.Encode(r)
	})
	err := s.file.Flush()
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
	return err == nil
}

// inflate reads a whole body.
func inflate(r *http.Request) ([]byte, error) {
	var body io.Reader = r.Body
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "":
	case "zstd":
		decoder, err := zstd.NewReader(body)
		if err != nil {
			return nil, err
		}
		defer decoder.Close()
		body = decoder
	case "gzip":
		decoder, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = decoder
	default:
		return nil, fmt.Errorf("the encoding %q is not known", encoding)
	}
	var all bytes.Buffer
	_, err := all.ReadFrom(body)
	return all.Bytes(), err
}
