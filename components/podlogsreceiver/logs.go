// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"slices"
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
	// notices are of the records that say what was dropped.
	notices []notice
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
	// notice says that it is no line, but one of the notices.
	notice bool
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
	records := make([]plog.LogRecordSlice, len(l.origins))
	for i, n := range counts {
		if n == 0 {
			continue
		}
		resource := logs.ResourceLogs().AppendEmpty()
		l.origins[i].resource.CopyTo(resource.Resource())
		records[i] = resource.ScopeLogs().AppendEmpty().LogRecords()
		records[i].EnsureCapacity(n)
	}
	observed := pcommon.NewTimestampFromTime(l.read)
	for i := range l.records {
		r := &l.records[i]
		to := records[r.origin].AppendEmpty()
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
		if r.notice {
			l.noticeOf(r).describe(to)
		} else if parse := l.origins[r.origin].parser; parse != nil && parse(l.body(*r), to.Attributes()) != nil {
			unparsed++
		}
	}
	return logs, unparsed
}

// noticeOf returns the notice that a record is of.
func (l lines) noticeOf(r *record) notice {
	return l.notices[slices.IndexFunc(l.notices, func(n notice) bool { return n.begin == r.begin })]
}

// describe says what was dropped, in a way that tells it from the lines of the container.
func (n notice) describe(to plog.LogRecord) {
	to.SetSeverityNumber(plog.SeverityNumberWarn)
	to.SetSeverityText("WARN")
	a := to.Attributes()
	a.PutInt(droppedLinesKey, n.lines)
	a.PutInt(droppedBytesKey, n.bytes)
	a.PutStr(droppedFromKey, n.from.Format(time.RFC3339Nano))
	a.PutStr(droppedToKey, n.to.Format(time.RFC3339Nano))
}
