// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"bytes"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// answerBytes is how much of an answer may get into the buffers between here and the collector before it hangs up.
const answerBytes = 16 << 20

// says answers with 200, a type and a text.
func says(media, text string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", media)
		_, _ = w.Write([]byte(text))
	}
}

// oddAnswers are all of status 200: a web page of somebody who has stored nothing, garbage and a text without an end of somebody
// who has, and from OTLP the news that some records were rejected.
func oddAnswers(r *rig) {
	r.busyNode(2)
	r.start()
	r.arrived()
	idle := r.memory("VmRSS")
	meet := func(what string, odd trouble) {
		r.event("%s", what)
		_, before := r.gate.seen()
		r.gate.set(odd)
		r.troubled(5 * times)
		r.gate.set(trouble{})
		if _, after := r.gate.seen(); odd.stored {
			r.again += (after - before) * requestBytes
		}
		r.arrived()
	}
	meet("a web page", trouble{answer: says("text/html; charset=utf-8", "<!doctype html><title>Sign in</title>")})
	meet("garbage", trouble{stored: true, answer: says("application/x-protobuf", "\xff\xff\xff garbage")})

	var longest atomic.Int64
	piece := bytes.Repeat([]byte("endless "), 4<<10)
	meet("a text without an end", trouble{stored: true, answer: func(w http.ResponseWriter) {
		written := int64(0)
		for written < 4*answerBytes {
			n, err := w.Write(piece)
			if written += int64(n); err != nil {
				break
			}
		}
		for {
			if before := longest.Load(); written <= before || longest.CompareAndSwap(before, written) {
				return
			}
		}
	}})
	peak := r.memory("VmHWM")
	r.note("at most %d KiB of an answer without an end were taken, memory %d MiB, %d at most", longest.Load()>>10, idle, peak)
	if longest.Load() > answerBytes {
		r.t.Errorf("%d bytes of an answer were taken", longest.Load())
	}
	if peak > idle+memoryLimit {
		r.t.Errorf("memory grew from %d to %d MiB", idle, peak)
	}
	if b, ok := r.backend.(*otlpBackend); ok {
		r.rejects(b)
	}
	r.settle()
}

// rejects has a backend that takes requests but for some records. Nobody can know which; they are counted.
func (r *rig) rejects(b *otlpBackend) {
	r.t.Helper()
	const perRequest = 3
	r.event("%d records of a request rejected", perRequest)
	before := b.Faulted()
	b.SetFault(testkit.Fault{RejectRecords: perRequest, Times: 4 * times})
	testkit.Eventually(r.t, patience, "records to be rejected", func() bool { return b.Faulted() >= before+4*times })
	r.quiet()
	want := perRequest * 4 * times
	r.eventually(patience, func() bool { return r.oracle.counts().lost <= want })
	r.drain()
	sums, err := r.scrape()
	require.NoError(r.t, err)
	counted, missing := int(sums["otelcol_exporter_otlp_http_rejected_log_records"]), r.oracle.counts().lost
	r.note("%d records rejected, %d counted", missing, counted)
	if counted != want || missing != want {
		r.t.Errorf("%d records were rejected: %d are missing and %d counted", want, missing, counted)
	}
	for _, c := range r.containers {
		r.oracle.pardonMissing(c.id)
	}
}

// oneOfTwoDown sends to two backends, each with a receiver of its own. One of them is away, and the other does not notice.
func oneOfTwoDown(r *rig) {
	second := &otlpBackend{Backend: testkit.StartBackend(r.t)}
	away := newGate(r.t, second.url())
	r.collector.Configs = append(r.collector.Configs, filepath.Join(testkit.Root(), "tests", "faults", "testdata", "two_backends.yaml"))
	r.collector.Set("TRIBUTARY_OTLP_URL_SECOND=" + away.url())
	has := map[mark]bool{}
	take := func() int {
		for _, a := range second.next() {
			has[read(a.body).mark] = true
		}
		return len(has)
	}
	r.busyNode(2)
	r.start()
	r.arrived()
	testkit.Eventually(r.t, patience, "lines to arrive at the second backend", func() bool { return take() > 0 })
	r.arrivedUntil(time.Now(), patience)
	r.event("the second backend is away")
	away.down()
	before := r.oracle.counts().written
	// As many batches are soon on their way to it as may be, and its receiver waits.
	r.neverLate(12*time.Second*time.Duration(times), r.containers...)
	written := r.oracle.counts().written
	late := written - take()
	r.note("%d lines wait for the backend that is away", late)
	if late < (written-before)/2 {
		r.t.Errorf("only %d lines wait for the backend that is away: the row tests nothing", late)
	}
	r.event("the second backend is back")
	away.up()
	r.quiet()
	complete := func() bool { return take() == r.oracle.counts().written }
	if !r.eventually(patience, complete) {
		r.t.Errorf("the second backend has %d of %d lines", take(), r.oracle.counts().written)
	}
	r.settle()
}
