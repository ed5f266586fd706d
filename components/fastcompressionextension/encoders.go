// SPDX-License-Identifier: Apache-2.0

package fastcompressionextension

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/semaphore"

	"github.com/tributary-otel/tributary/components/fastcompressionextension/internal/zstdencoder"
)

// restsAfter is how long nothing has to be compressed before the last encoder is left to the
// garbage collector, too.
const restsAfter = 10 * time.Second

// maxPooledBytes bounds what a buffer that waits for the next request holds. A batch of
// 4 MiB of logs is well below it when compressed.
const maxPooledBytes = 2 << 20

// encoder compresses one body after the other.
type encoder interface {
	io.WriteCloser
	Reset(io.Writer)
}

// worker is an encoder with what it needs for one body.
type worker struct {
	encoder encoder
	// chunk is for what io.CopyBuffer moves; nil for zstd, which reads by itself.
	chunk []byte
}

// encoders are the encoders and buffers of an extension. There is no more work at a
// time than the processors can do, and two more for bodies that let an encoder wait:
// further requests wait for their turn. More encoders would not compress faster, they
// would only take memory, about 1 MiB each. What is idle is left to the garbage
// collector, the last one after a while. It may be used from several goroutines.
type encoders struct {
	coding string
	turns  *semaphore.Weighted
	// last is the encoder that was used last, until it has been idle for a while. Where
	// little is sent it is the only one: a sync.Pool keeps one for each processor, and
	// makes them anew after a garbage collection or two.
	last  atomic.Pointer[worker]
	rests *time.Timer
	// idle are the others.
	idle sync.Pool // of *worker
	// buffers are of compressed bytes. A request holds one until it is sent.
	buffers sync.Pool // of *bytes.Buffer
}

// allTurns is what the turns at one time share: the number of processors may change.
const allTurns = 1 << 20

func oneTurn() int64 { return allTurns / int64(runtime.GOMAXPROCS(0)+2) }

func newEncoders(coding string) *encoders {
	e := &encoders{coding: coding, turns: semaphore.NewWeighted(allTurns)}
	e.idle.New = func() any { return newWorker(coding) }
	e.rests = time.AfterFunc(restsAfter, func() { e.last.Store(nil) })
	e.buffers.New = func() any { return new(bytes.Buffer) }
	return e
}

// newWorker expects a valid coding.
func newWorker(coding string) *worker {
	if coding == codingZstd {
		return &worker{encoder: zstdencoder.New()}
	}
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // The level is a constant.
	}
	return &worker{encoder: w, chunk: make([]byte, 32<<10)}
}

// compress reads a body to its end and returns it compressed, with the number of
// bytes that it had. It waits for its turn as long as ctx allows. The caller gives
// the buffer back with release.
func (e *encoders) compress(ctx context.Context, body io.Reader) (_ *bytes.Buffer, length int64, err error) {
	turn := oneTurn()
	if err := e.turns.Acquire(ctx, turn); err != nil {
		return nil, 0, fmt.Errorf("wait for an encoder: %w", err)
	}
	defer e.turns.Release(turn)

	w, out := e.take(), e.buffers.Get().(*bytes.Buffer)
	enc := w.encoder
	defer e.put(w)
	defer enc.Reset(nil) // An idle encoder holds no buffer of somebody else.
	enc.Reset(out)
	length, err = io.CopyBuffer(enc, body, w.chunk)
	if err == nil {
		err = enc.Close()
	}
	if err != nil {
		e.release(out)
		return nil, length, fmt.Errorf("compress the body of a request with %s: %w", e.coding, err)
	}
	return out, length, nil
}

func (e *encoders) take() *worker {
	if w := e.last.Swap(nil); w != nil {
		return w
	}
	return e.idle.Get().(*worker)
}

func (e *encoders) put(w *worker) {
	e.rests.Reset(restsAfter)
	if before := e.last.Swap(w); before != nil {
		e.idle.Put(before)
	}
}

// release takes a buffer back that nobody reads any more.
func (e *encoders) release(buffer *bytes.Buffer) {
	if buffer.Cap() > maxPooledBytes {
		return
	}
	buffer.Reset()
	e.buffers.Put(buffer)
}
