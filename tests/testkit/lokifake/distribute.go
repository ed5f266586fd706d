// SPDX-License-Identifier: Apache-2.0

package lokifake

import (
	"fmt"
	"net/http"
	"time"

	"github.com/grafana/loki/pkg/push"
)

// checkedStream is a stream with the entries that passed the checks.
type checkedStream struct {
	labels  labelSet
	text    string
	entries []Entry
}

// distribute checks a request and stores what passes. The caller holds the lock.
func (s *Server) distribute(name string, sent []sentStream) answer {
	if len(sent) == 0 {
		return answer{http.StatusUnprocessableEntity, "error at least one valid stream is required for ingestion"}
	}
	// All labels are parsed before anything else, so that one that cannot be
	// parsed costs the whole request.
	labels := make([]labelSet, len(sent))
	for i, stream := range sent {
		parsed, err := parseLabels(stream.labels)
		if err != nil {
			return answer{http.StatusBadRequest, "couldn't parse labels: " + err.Error()}
		}
		labels[i] = parsed.withService()
	}
	now := s.options.Now()
	checker := checker{limits: s.limits, now: now}
	var streams []checkedStream
	var blocked *answer
	for i, stream := range sent {
		if len(stream.entries) == 0 {
			continue
		}
		if err := checker.checkLabels(labels[i]); err != nil {
			checker.refuse(err)
			continue
		}
		if block := s.blocked[name]; now.Before(block.until) {
			if block.status != http.StatusOK {
				blocked = &answer{block.status, fmt.Sprintf("ingestion blocked for user '%s' until '%s' with status code '%d'",
					name, block.until.Format(time.RFC3339), block.status)}
			}
			continue
		}
		checked, err := checker.checkEntries(labels[i], stream.entries)
		if err != nil {
			return answer{http.StatusInternalServerError, err.Error()}
		}
		if len(checked.entries) > 0 {
			streams = append(streams, checked)
		}
	}
	refused := checker.answer()
	if blocked != nil && refused == stored {
		refused = *blocked
	}
	if len(streams) == 0 {
		return refused
	}
	if result := s.forward(name, now, streams); result != stored {
		return result
	}
	return refused
}

// forward hands checked streams to the store, unless they are too many or too
// large together.
func (s *Server) forward(name string, now time.Time, streams []checkedStream) answer {
	size, lines := 0, 0
	for _, stream := range streams {
		lines += len(stream.entries)
		for _, entry := range stream.entries {
			size += entryBytes(entry)
		}
	}
	owner := s.tenant(name)
	if !owner.rate.AllowN(now, size) {
		return answer{http.StatusTooManyRequests, fmt.Sprintf("ingestion rate limit exceeded for user %s (limit: %d bytes/sec) "+
			"while attempting to ingest '%d' lines totaling '%d' bytes, reduce log volume or contact your Loki administrator "+
			"to see if the limit can be increased", name, s.limits.RateBytes, lines, size)}
	}
	if forwarded := forwardedBytes(streams); exceeds(forwarded, s.limits.ForwardBytes) {
		return answer{http.StatusInternalServerError, fmt.Sprintf("rpc error: code = ResourceExhausted desc = "+
			"grpc: received message larger than max (%d vs. %d)", forwarded, s.limits.ForwardBytes)}
	}
	return s.ingest(owner, now, streams)
}

// forwardedBytes is the size of the message that carries the streams to the part
// of Loki that stores them. Each entry has a detected level by then; "unknown"
// stands for all of them, since most are of about that length.
func forwardedBytes(streams []checkedStream) int {
	var message push.PushRequest
	for _, stream := range streams {
		// Loki adds a hash, which mostly takes all of its ten bytes.
		forwarded := push.Stream{Labels: stream.text, Hash: 1 << 63}
		for _, entry := range stream.entries {
			var metadata push.LabelsAdapter
			levelled := false
			for _, pair := range entry.Metadata {
				metadata = append(metadata, push.LabelAdapter(pair))
				levelled = levelled || pair.Name == labelDetectedLevel
			}
			if !levelled {
				metadata = append(metadata, push.LabelAdapter{Name: labelDetectedLevel, Value: "unknown"})
			}
			forwarded.Entries = append(forwarded.Entries, push.Entry{
				Timestamp: entry.Timestamp, Line: entry.Line, StructuredMetadata: metadata,
			})
		}
		message.Streams = append(message.Streams, forwarded)
	}
	return message.Size()
}
