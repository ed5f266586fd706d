// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// process is what a crash takes away.
type process struct {
	world   *world
	number  int
	window  *Window[int64]
	sender  *Sender[int64, texts]
	sources []*Source[int64]
	cancel  context.CancelFunc
	dead    chan struct{}
	all     sync.WaitGroup
	// ended is guarded by the lock of the world: nothing is sent any more.
	ended bool

	mu      sync.Mutex
	batch   *Batch[int64]
	payload texts
}

func (w *world) start() *process {
	ctx, cancel := context.WithCancel(w.t.Context())
	p := &process{world: w, window: NewWindow[int64](w.limits), cancel: cancel, dead: make(chan struct{})}
	p.sender = NewSender(p.window, Options[texts]{
		Send: p.send, Judge: judge, DeadLetter: p.deadLetter, Ordered: w.ordered,
		InitialInterval: 100 * time.Millisecond, MaxInterval: 2 * time.Second,
	})
	p.batch = p.window.NewBatch()
	w.mu.Lock()
	defer w.mu.Unlock()
	p.number, w.again = w.restarts+1, 0
	if w.process != nil {
		p.number = w.process.number + 1
	}
	w.process = p
	for _, position := range w.checkpoints {
		p.sources = append(p.sources, p.window.NewSource(position))
	}
	for i, position := range w.checkpoints {
		random := rand.New(rand.NewPCG(w.random.Uint64(), 0))
		p.all.Go(func() { p.read(ctx, i, position, random) })
	}
	p.all.Go(func() { p.checkpoint(ctx) })
	return p
}

// read is the reader of a source.
func (p *process) read(ctx context.Context, i int, from int64, random *rand.Rand) {
	list, s := p.world.sources[i], p.sources[i]
	for len(list) > 0 && list[0].from < from {
		list = list[1:]
	}
	for len(list) > 0 {
		n := min(len(list), 1+random.IntN(5))
		size := list[n-1].to - list[0].from
		if !s.TryAcquire(size) {
			p.flush()
			if s.Acquire(ctx, size) != nil {
				return
			}
		}
		for _, r := range list[:n] {
			if r.kind == skipped {
				p.world.mu.Lock()
				p.world.arrived(texts{r}, p.number)
				p.world.mu.Unlock()
				s.Skip(r.to, r.to-r.from, 1)
				continue
			}
			p.mu.Lock()
			p.batch.Add(s, r.to, r.to-r.from, 1)
			p.payload = append(p.payload, r)
			p.mu.Unlock()
		}
		list = list[n:]
		s.Release()
		p.world.check()
		if random.IntN(3) == 0 {
			p.flush()
		}
		select {
		case <-time.After(time.Duration(random.IntN(400)) * time.Millisecond):
		case <-ctx.Done():
			return
		}
	}
	p.flush()
}

// flush delivers what is gathered.
func (p *process) flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.payload) == 0 {
		return
	}
	_ = p.sender.Deliver(p.batch, p.payload)
	p.batch, p.payload = p.window.NewBatch(), nil
}

// checkpoint writes the watermarks, at most twice a second.
func (p *process) checkpoint(ctx context.Context) {
	for {
		select {
		case <-p.window.Changed():
			p.write()
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return
		}
	}
}

func (p *process) write() {
	w := p.world
	w.mu.Lock()
	defer w.mu.Unlock()
	w.checkLocked()
	for _, moved := range p.window.TakeMoved(nil) {
		for i, s := range p.sources {
			if s == moved {
				w.checkpoints[i] = s.Position()
			}
		}
	}
}

func (p *process) done() bool {
	for i, s := range p.sources {
		if list := p.world.sources[i]; !s.Idle() || s.Position() != list[len(list)-1].to {
			return false
		}
	}
	return true
}

// crash ends the process. What it had sent may arrive, or not.
func (p *process) crash() {
	p.end()
	p.cancel()
	close(p.dead)
	ctx, cancel := context.WithCancel(p.world.t.Context())
	cancel()
	_ = p.sender.Close(ctx)
	p.all.Wait()
}

// stop ends the process in good order, and waits for so long.
func (p *process) stop(grace time.Duration) {
	p.cancel()
	p.all.Wait()
	ctx, cancel := context.WithTimeout(p.world.t.Context(), grace)
	defer cancel()
	_ = p.sender.Close(ctx)
	p.write()
	p.end()
	close(p.dead)
}

// end notes where the process was.
func (p *process) end() {
	w := p.world
	w.mu.Lock()
	defer w.mu.Unlock()
	w.checkLocked()
	p.ended = true
	for i, s := range p.sources {
		w.crashedAt[i] = s.Position()
	}
}

// send is the backend.
func (p *process) send(_ context.Context, r texts) error {
	w := p.world
	w.check()
	w.mu.Lock()
	if p.ended {
		w.mu.Unlock()
		return errTransient
	}
	m := w.mode
	latency := time.Duration(w.random.IntN(50)) * time.Millisecond
	switch m {
	case slow:
		latency *= 100
	case hangs:
		if w.random.IntN(4) == 0 {
			latency = 30 * time.Hour
		}
	}
	w.mu.Unlock()
	select {
	case <-time.After(latency):
	case <-p.dead:
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-p.dead: // The request may be there already.
		if w.random.IntN(2) == 0 {
			return errTransient
		}
	default:
	}
	switch w.mode {
	case down:
		return errTransient
	case misconfigured:
		return errMisconfigured
	case refusesAll:
		return errRefused
	}
	for _, record := range r {
		if record.kind == bad {
			return errRefused
		}
	}
	w.arrived(r, p.number)
	return nil
}

func (p *process) deadLetter(letters []Letter[texts]) error {
	w := p.world
	w.check()
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.ended || w.random.IntN(3) == 0 {
		return errTransient
	}
	for _, l := range letters {
		for _, record := range l.Payload {
			if record.kind != bad {
				w.wronged++
				w.t.Logf("%s: record %d of source %d is given up", w.name, record.index, record.source)
			}
			w.letters++
		}
		w.arrived(l.Payload, p.number)
	}
	return nil
}
