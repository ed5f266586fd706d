// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"cmp"
	"context"
	"encoding/base64"
	"slices"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"
)

// deadLetter is one line of the dead-letter file. docs/formats/dead-letter.md
// describes it.
type deadLetter struct {
	// RefusedAt is when, Reason why, in Loki's word, and Answer the beginning of what
	// Loki said; it is empty when the entry was not sent at all.
	RefusedAt time.Time `json:"refused_at"`
	Reason    string    `json:"reason"`
	Answer    string    `json:"answer,omitempty"`
	Tenant    string    `json:"tenant,omitempty"`
	// Labels are in the text form of the push API.
	Labels    string    `json:"labels"`
	Timestamp time.Time `json:"timestamp"`
	// Line is the text; LineBase64 its bytes where they are no text.
	Line       string            `json:"line"`
	LineBase64 string            `json:"line_base64,omitempty"`
	Metadata   map[string]string `json:"structured_metadata,omitempty"`
}

// refusedEntry is an entry that Loki would refuse, as appendEntry wrote it.
type refusedEntry struct {
	reason, tenant, labels string
	encoded                []byte
}

// refuseUnsent takes entries out of the pipeline that are not sent at all, those of
// one reason and tenant together: each writing of dead letters waits for the disk.
func (e *lokiExporter) refuseUnsent(ctx context.Context, entries []refusedEntry) {
	slices.SortStableFunc(entries, func(a, b refusedEntry) int {
		return cmp.Or(cmp.Compare(a.reason, b.reason), cmp.Compare(a.tenant, b.tenant), cmp.Compare(a.labels, b.labels))
	})
	for len(entries) > 0 {
		first := entries[0]
		var streams []decodedStream
		for len(entries) > 0 && entries[0].reason == first.reason && entries[0].tenant == first.tenant {
			if n := len(streams); n == 0 || streams[n-1].labels != entries[0].labels {
				streams = append(streams, decodedStream{labels: entries[0].labels})
			}
			s := &streams[len(streams)-1]
			s.entries = append(s.entries, entries[0].encoded)
			entries = entries[1:]
		}
		e.refuse(ctx, first.tenant, streams, first.reason, "")
	}
}

// refuseRequest takes all entries of a request out of the pipeline.
func (e *lokiExporter) refuseRequest(ctx context.Context, r *request, reason, text string) error {
	streams, err := r.decode()
	if err != nil {
		return err
	}
	e.refuse(ctx, r.tenant, streams, reason, text)
	return nil
}

// refuse counts entries that Loki never takes and keeps them in the dead-letter
// file. It does not fail: what cannot be written there either is counted and named
// in the log, and the records behind it go on.
func (e *lokiExporter) refuse(ctx context.Context, tenant string, streams []decodedStream, reason, text string) {
	now := time.Now()
	var letters []any
	for _, s := range streams {
		for _, encoded := range s.entries {
			entry, err := decodeEntry(encoded)
			if err != nil {
				e.logger.Error("BUG: an entry that was encoded here cannot be decoded", zap.Error(err))
			}
			letters = append(letters, newDeadLetter(now, reason, text, tenant, s.labels, &entry))
		}
	}
	n := len(letters)
	e.telemetry.ExporterLokiRefusedLogRecords.Add(ctx, int64(n), metric.WithAttributes(reasonAttribute(reason)))
	fields := []zap.Field{
		zap.String("reason", reason), zap.Int("entries", n), zap.String("tenant", tenant), zap.String("labels", streams[0].labels),
	}
	if text != "" {
		fields = append(fields, zap.String("answer", summary(text)))
	}
	if e.deadLetters != nil {
		if err := e.deadLetters.Write(letters...); err != nil {
			e.telemetry.ExporterLokiDeadLetterFailedLogRecords.Add(ctx, int64(n), metric.WithAttributes(reasonAttribute(reason)))
			e.quiet.Error("dead letter", "Loki refuses log records for good, and they cannot be kept: they are lost. "+
				"Make the folder writable or set `dead_letter::path`", append(fields, zap.Error(err))...)
			return
		}
		fields = append(fields, zap.String("kept_in", e.deadLetters.Path()))
	}
	e.quiet.Warn(reason, "Loki refuses log records for good", fields...)
}

func newDeadLetter(now time.Time, reason, text, tenant, labels string, entry *decodedEntry) deadLetter {
	d := deadLetter{
		RefusedAt: now.UTC(),
		Reason:    reason,
		Answer:    summary(text),
		Tenant:    tenant,
		Labels:    labels,
		Timestamp: time.Unix(0, entry.nanos).UTC(),
		Line:      entry.line,
	}
	if !utf8.ValidString(entry.line) {
		d.Line = validText(entry.line)
		d.LineBase64 = base64.StdEncoding.EncodeToString([]byte(entry.line))
	}
	if len(entry.metadata) > 0 {
		d.Metadata = make(map[string]string, len(entry.metadata))
		for _, pair := range entry.metadata {
			d.Metadata[pair[0]] = pair[1]
		}
	}
	return d
}

// sortOut finds the entries that an answer of 400 is about, keeps them as dead
// letters, and returns the requests that have still to be sent: entries of which it
// is not certain that Loki has them. Sending an entry again is harmless, Loki drops
// the second one.
func (e *lokiExporter) sortOut(ctx context.Context, r *request, a *answer) ([]*request, error) {
	said := readRefusal(a.text)
	if said.seen > 0 {
		e.known.refused(r.tenant, r.streams[len(r.streams)-1], time.Now())
	}
	if said.reason == reasonMetaDisallowed && said.alone {
		if bare, err := e.withoutMetadata(ctx, r); bare != nil || err != nil {
			return bare, err
		}
	}
	switch {
	case r.entries == 1:
		return nil, e.refuseRequest(ctx, r, said.reason, a.text)
	case len(r.streams) > 1 && said.seen > 0:
		return r.byStream() // The ingester tells of one stream only.
	case len(r.streams) > 1 || !said.alone:
		return r.halves()
	case said.ofStream || said.count >= r.entries:
		return nil, e.refuseRequest(ctx, r, said.reason, a.text)
	case said.times != nil && said.seen == r.entries:
		if done, err := e.refuseTimes(ctx, r, &said, a.text); done || err != nil {
			return nil, err
		}
	}
	return r.halves()
}

// withoutMetadata takes the structured metadata out of a request for a Loki that
// does not take any: every line would end as a dead letter otherwise. It returns nil
// when there is none in the request: then the same would be sent for ever.
func (e *lokiExporter) withoutMetadata(ctx context.Context, r *request) ([]*request, error) {
	streams, err := r.decode()
	if err != nil {
		return nil, err
	}
	found := false
	for _, s := range streams {
		for i, encoded := range s.entries {
			entry, err := decodeEntry(encoded)
			if err != nil {
				return nil, err
			}
			s.entries[i] = appendEntry(nil, entry.nanos, entry.line, nil, nil)
			if len(entry.metadata) > 0 {
				found = true
				e.altered(ctx, reasonMetaDisallowed)
			}
		}
	}
	if !found {
		return nil, nil
	}
	e.quiet.Warn(reasonMetaDisallowed, "Loki takes no structured metadata. The lines are sent a second time without it: "+
		"set `structured_metadata: none`", zap.String("tenant", r.tenant))
	bare := encodeStreams(r.tenant, streams)
	bare.history = r.piece()
	return []*request{bare}, nil
}

// refuseTimes keeps the entries with the times that were named as dead letters. It
// does nothing and reports false unless they are as many as were named.
func (e *lokiExporter) refuseTimes(ctx context.Context, r *request, said *refusal, text string) (bool, error) {
	streams, err := r.decode()
	if err != nil {
		return false, err
	}
	found := decodedStream{labels: streams[0].labels}
	for _, encoded := range streams[0].entries {
		entry, err := decodeEntry(encoded)
		if err != nil {
			return false, err
		}
		if said.times[entry.nanos] > 0 {
			found.entries = append(found.entries, encoded)
		}
	}
	if len(found.entries) != said.count {
		return false, nil
	}
	e.refuse(ctx, r.tenant, []decodedStream{found}, said.reason, text)
	e.delivered(ctx, r, r.entries-len(found.entries))
	return true, nil
}
