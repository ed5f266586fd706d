// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/tributary-otel/tributary/components/internal/delivery"
	"github.com/tributary-otel/tributary/components/internal/runtimelog"
)

// lines is what is sent of a batch. It is never changed: what a component of the
// pipeline may change is made of it for each attempt anew.
type lines struct {
	// text holds the bodies one after the other.
	text    string
	records []record
	origins []*origin
	read    time.Time
	// flight is the batch in the books of order.
	flight *flight
}

// record is a line.
type record struct {
	// time is in nanoseconds since 1970, 0 for none.
	time       int64
	begin, end uint32
	origin     uint32
	stream     runtimelog.Stream
	// binary says that the body is no UTF-8 and is sent as bytes.
	binary bool
}

var _ delivery.Payload[lines] = lines{}

func (l lines) Len() int { return len(l.records) }

func (l lines) Split(n int) (head, rest lines) {
	head, rest = l, l
	head.records, rest.records = l.records[:n], l.records[n:]
	return head, rest
}

func (l lines) body(r record) string { return l.text[r.begin:r.end] }

// logs makes log records, with one resource for each file, and says of how many lines the owner's
// parser could make nothing. The bodies share their memory with the text.
func (l lines) logs() (logs plog.Logs, unparsed int) {
	counts := make([]int, len(l.origins))
	for i := range l.records {
		counts[l.records[i].origin]++
	}
	logs = plog.NewLogs()
	logs.ResourceLogs().EnsureCapacity(len(l.origins))
	slices := make([]plog.LogRecordSlice, len(l.origins))
	for i, n := range counts {
		if n == 0 {
			continue
		}
		resource := logs.ResourceLogs().AppendEmpty()
		l.origins[i].resource.CopyTo(resource.Resource())
		slices[i] = resource.ScopeLogs().AppendEmpty().LogRecords()
		slices[i].EnsureCapacity(n)
	}
	observed := pcommon.NewTimestampFromTime(l.read)
	for i := range l.records {
		r := &l.records[i]
		to := slices[r.origin].AppendEmpty()
		to.SetTimestamp(pcommon.Timestamp(r.time))
		to.SetObservedTimestamp(observed)
		if r.binary {
			to.Body().SetEmptyBytes().FromRaw([]byte(l.body(*r)))
		} else {
			to.Body().SetStr(l.body(*r))
		}
		if r.stream != runtimelog.None {
			to.Attributes().PutStr(streamKey, r.stream.String())
		}
		if parse := l.origins[r.origin].parser; parse != nil && parse(l.body(*r), to.Attributes()) != nil {
			unparsed++
		}
	}
	return logs, unparsed
}
