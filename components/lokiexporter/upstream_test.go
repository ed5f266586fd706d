// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/translator/loki"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

// entriesByStream are entries by tenant and labels, in their order.
type entriesByStream map[string]map[string][]simpleEntry

type simpleEntry struct {
	nanos int64
	line  string
}

func (s entriesByStream) add(tenant, labels string, e simpleEntry) {
	if s[tenant] == nil {
		s[tenant] = map[string][]simpleEntry{}
	}
	s[tenant][labels] = append(s[tenant][labels], e)
}

// fromHere returns what this exporter makes of logs.
func fromHere(t testing.TB, e *lokiExporter, ld plog.Logs) entriesByStream {
	t.Helper()
	b := e.batches.Get().(*batch)
	e.encode(context.Background(), b, ld, time.Now())
	all := entriesByStream{}
	for _, requests := range b.requests() {
		for _, r := range requests {
			streams, err := r.decode()
			require.NoError(t, err)
			for _, s := range streams {
				for _, encoded := range s.entries {
					entry, err := decodeEntry(encoded)
					require.NoError(t, err)
					require.Empty(t, entry.metadata)
					all.add(r.tenant, s.labels, simpleEntry{entry.nanos, entry.line})
				}
			}
		}
	}
	b.refused = nil
	e.batches.Put(b)
	return all
}

// fromUpstream returns what the removed upstream exporter made of logs.
func fromUpstream(ld plog.Logs, defaults map[string]bool) entriesByStream {
	all := entriesByStream{}
	for tenant, request := range loki.LogsToLokiRequests(ld, defaults) {
		for _, s := range request.Streams {
			labels := s.Labels
			if labels == "{}" {
				labels = `{service_name="unknown_service"}` // As Loki files it.
			}
			for _, entry := range s.Entries {
				all.add(tenant, labels, simpleEntry{entry.Timestamp.UnixNano(), entry.Line})
			}
		}
	}
	return all
}

// TestWithoutLabelsAllIsAsUpstreamHadIt holds this exporter against the library
// that made the requests of the removed upstream exporter.
func TestWithoutLabelsAllIsAsUpstreamHadIt(t *testing.T) {
	entries := 0
	seeds(t, 4000, func(t *testing.T, r random) {
		var defaults map[string]bool
		for _, name := range upstreamLabels {
			if r.odd(4) {
				if defaults == nil {
					defaults = map[string]bool{}
				}
				defaults[name] = r.odd(3)
			}
		}
		e := newEncoder(t, "")
		e.config.DefaultLabelsEnabled = defaults
		ld := r.upstreamLogs()
		want := fromUpstream(ld, defaults)
		require.Equal(t, want, fromHere(t, e, ld))
		for _, streams := range want {
			for _, s := range streams {
				entries += len(s)
			}
		}
	})
	assert.Greater(t, entries, 10_000)
}
