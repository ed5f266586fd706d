// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/tributary-otel/tributary/components/internal/delivery"
	"github.com/tributary-otel/tributary/components/internal/outlet"
	"github.com/tributary-otel/tributary/components/internal/tail"
	"github.com/tributary-otel/tributary/components/podlogsreceiver/internal/metadata"
)

// desk is a receiver without files and without a pipeline: the test hands it chunks as
// internal/tail does, and says when which batch is delivered.
type desk struct {
	*podLogs
	t       testing.TB
	waiting []*sending
	arrived chan *sending
	done    chan struct{}
}

// sending is a batch on its way.
type sending struct {
	lines  lines
	answer chan error
}

func newDesk(t testing.TB, change func(*Config)) *desk {
	t.Helper()
	config := createDefaultConfig().(*Config)
	config.DeadLetter.Path = outlet.None
	if change != nil {
		change(config)
	}
	require.NoError(t, config.Validate())
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), config, consumertest.NewNop())
	require.NoError(t, err)
	d := &desk{podLogs: r, t: t, arrived: make(chan *sending), done: make(chan struct{})}
	r.sender = delivery.NewSender(r.window, delivery.Options[lines]{
		Send: func(_ context.Context, l lines) error {
			s := &sending{lines: l, answer: make(chan error)}
			d.arrived <- s
			return <-s.answer
		},
		Done: func(lines) {
			r.pending.Add(-1)
			d.done <- struct{}{}
		},
	})
	return d
}

// settle waits until each batch that was sent is at the backend.
func (d *desk) settle() {
	for int64(len(d.waiting)) < d.pending.Load() {
		d.waiting = append(d.waiting, <-d.arrived)
	}
	// They arrive in any order; the test is to be the same each time.
	slices.SortFunc(d.waiting, func(a, b *sending) int { return a.lines.read.Compare(b.lines.read) })
}

// deliver lets the backend take one of the batches, and returns its records.
func (d *desk) deliver(i int) []line {
	s := d.waiting[i]
	d.waiting = slices.Delete(d.waiting, i, i+1)
	s.answer <- nil
	<-d.done
	return linesOf(s.lines)
}

// stop delivers everything, as a shutdown does that has time.
func (d *desk) stop() (got []line) {
	d.flush()
	for d.settle(); len(d.waiting) > 0; {
		got = append(got, d.deliver(0)...)
	}
	require.NoError(d.t, d.sender.Close(context.Background()))
	return got
}

// crash ends everything as it is.
func (d *desk) crash() {
	d.settle()
	ended, end := context.WithCancel(context.Background())
	end()
	_ = d.sender.Close(ended)
	for _, s := range d.waiting {
		s.answer <- errors.New("the process is gone")
	}
}

// open makes the intake of a file.
func (d *desk) open(start tail.Position) *intake {
	return d.Open(&tail.File{}, start).(*intake)
}

// take hands on text that begins at an offset; without a newline at its end it is a
// piece. It returns the offset behind it.
func (d *desk) take(in, before *intake, start int64, text string) int64 {
	c := tail.Chunk{Data: []byte(text), Start: start, Piece: !strings.HasSuffix(text, "\n")}
	if before != nil {
		c.Before = before
	}
	d.sent = time.Time{} // The test is not slowed down.
	n, until := in.Acquire(int64(len(text)), int64(len(text)))
	require.Equal(d.t, int64(len(text)), n)
	require.Zero(d.t, until)
	in.Take(c)
	for i := range c.Data { // The buffer is used again.
		c.Data[i] = '!'
	}
	return start + int64(len(text))
}

func linesOf(l lines) (list []line) {
	for _, r := range l.records {
		record := line{stream: r.stream.String(), body: l.body(r)}
		if r.time != 0 {
			record.time = unix(r.time)
		}
		list = append(list, record)
	}
	return list
}

func fileOf() *tail.File { return &tail.File{} }

func gunzip(r *http.Request) io.Reader {
	if r.Header.Get("Content-Encoding") == "gzip" {
		if z, err := gzip.NewReader(r.Body); err == nil {
			return z
		}
	}
	return r.Body
}
