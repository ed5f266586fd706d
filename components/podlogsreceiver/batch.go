// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tributary-otel/tributary/components/internal/delivery"
	"github.com/tributary-otel/tributary/components/internal/escape"
	"github.com/tributary-otel/tributary/components/internal/runtimelog"
)

// batchBehind is at how many records a batch is sent while reading is behind writing.
// There is no lack of records then: a larger batch would only take more memory.
const batchBehind = 2000

// batch gathers lines until they are sent. It belongs to the goroutine that reads.
type batch struct {
	limits  BatchConfig
	behind  bool // More lines are there than those in hand.
	inBytes bool // Invalid UTF-8 is sent as bytes.

	spans   *delivery.Batch[reached]
	text    strings.Builder
	records []record
	origins []*origin
	notices []notice
	began   time.Time
	// size and count are those of the batch before, which the next one will be like.
	size, count int
	// number tells intakes whether they have their place in this batch already.
	number uint64
}

// next begins an empty batch.
func (b *batch) next(spans *delivery.Batch[reached]) {
	b.spans = spans
	b.text = strings.Builder{}
	b.records, b.origins, b.notices = nil, nil, nil
	b.number++
}

func (b *batch) empty() bool { return len(b.records) == 0 }

// full reports whether there is no room for a line of so many bytes more.
func (b *batch) full(more int) bool {
	most := b.limits.MaxRecords
	if b.behind {
		most = min(most, batchBehind)
	}
	return len(b.records) >= most || len(b.records) > 0 && b.text.Len()+more > b.limits.MaxBytes
}

// add appends a line, and reports whether it is no UTF-8.
func (b *batch) add(in *intake, time int64, stream runtimelog.Stream, body []byte) (invalid bool) {
	if in.batch != b.number {
		in.batch, in.place = b.number, uint32(len(b.origins)) //nolint:gosec // Not more than records.
		b.origins = append(b.origins, in.origin)
	}
	if len(b.records) == 0 {
		b.began = in.receiver.now()
	}
	if b.records == nil {
		b.records = make([]record, 0, b.count+1)
		b.text.Grow(max(b.size+b.size/16, len(body)))
	}
	begin := b.text.Len()
	valid := utf8.Valid(body)
	if valid || b.inBytes {
		b.text.Write(body)
	} else {
		escape.Write(&b.text, body)
	}
	b.records = append(b.records, record{
		time: time, stream: stream, origin: in.place, binary: !valid && b.inBytes,
		begin: uint32(begin), end: uint32(b.text.Len()), //nolint:gosec // Config.validateSizes bounds it.
	})
	return !valid
}

// addNotice appends a record that is no line.
func (b *batch) addNotice(in *intake, time int64, body string, n notice) {
	b.add(in, time, runtimelog.None, []byte(body))
	last := &b.records[len(b.records)-1]
	last.notice, n.begin = true, last.begin
	b.notices = append(b.notices, n)
}

// body is that of a record.
func (b *batch) body(i int) string {
	r := b.records[i]
	return b.text.String()[r.begin:r.end]
}

// remove takes a record out. Its text stays where it is.
func (b *batch) remove(i int) { b.records = slices.Delete(b.records, i, i+1) }

// take returns what was gathered.
func (b *batch) take() lines {
	b.size, b.count = b.text.Len(), len(b.records)
	return lines{text: b.text.String(), records: b.records, origins: b.origins, notices: b.notices, read: b.began}
}
