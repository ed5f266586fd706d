// SPDX-License-Identifier: Apache-2.0

//go:build unix

package faults

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// What the environment can change in a soak. doc.go lists it.
var (
	soakDuration = setting("TRIBUTARY_SOAK_DURATION", 0, time.ParseDuration)
	soakRate     = setting("TRIBUTARY_SOAK_RATE", 50_000, strconv.Atoi)
	soakReport   = os.Getenv("TRIBUTARY_SOAK_REPORT")
)

const (
	// soakBehind is how far behind delivery may be when a fault has been over for as long as soakRecovers. Where others use the
	// machine, patience is what fails the soak.
	soakBehind   = 5 * time.Second
	soakRecovers = time.Minute
	// soakMemory is how much the collector may hold, in megabytes: 150 MiB.
	soakMemory = memoryLimit * 1.048576
	// soakSaved is how often progress is saved and shown.
	soakSaved = 10 * time.Second
	// soakGone is for how long a line is waited for before it is lost for good, and the soak ends.
	soakGone = 5 * time.Minute
)

// soak is a rig that breaks things for hours while containers print, in sessions: it goes on where it was interrupted.
type soak struct {
	*rig
	// ctx ends when the soak is interrupted.
	ctx     context.Context
	dir     string
	session time.Time
	api     *kubeapi.Server
	ledger  *ledger
	fillers []string
	flows   []*flow
	// factor is how many times the rate is printed, pid the collector's process, 0 when it does not run.
	factor, pid atomic.Int64
	// on is the fault that is on.
	on  atomic.Value
	log io.Writer

	// mu guards the following.
	mu sync.Mutex
	progress
	life       life
	holding    bool
	readySince time.Time
	journal    *os.File

	// wrongBefore is how many wrong records were told of.
	wrongBefore int

	// failing guards Failures.
	failing sync.Mutex
}

func TestSoak(t *testing.T) {
	if soakDuration == 0 {
		t.Skip("`make soak` runs it, for an hour or for as long as DURATION says")
	}
	s := newSoak(t)
	stop := make(chan struct{})
	var work sync.WaitGroup
	for _, job := range []func(<-chan struct{}){s.print, s.rotateAll, s.tick} {
		work.Go(func() { job(stop) })
	}
	end := sync.OnceFunc(func() {
		close(stop)
		work.Wait()
	})
	t.Cleanup(end)
	s.breakThings()
	end()
	if s.ctx.Err() != nil {
		s.suspend()
		return
	}
	s.settle()
}

// newSoak begins a soak, or goes on with the one in the folder, and starts the collector.
func newSoak(t *testing.T) *soak {
	ctx, cancel := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM)
	t.Cleanup(cancel)
	s := &soak{ctx: ctx, session: time.Now(), ledger: newLedger(), rig: &rig{t: t, began: time.Now()}}
	s.factor.Store(1)
	s.on.Store("")
	s.dir = os.Getenv("TRIBUTARY_SOAK_DIR")
	if s.dir == "" {
		cache, err := os.UserCacheDir()
		s.must(err)
		s.dir = filepath.Join(cache, "tributary", "soak")
	}
	s.must(os.MkdirAll(s.file("pods"), 0o755))
	s.lock()
	log, err := os.OpenFile(s.file("soak.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	s.must(err)
	t.Cleanup(func() { _ = log.Close() })
	s.log = io.MultiWriter(os.Stdout, log)

	s.progress = progress{Faults: map[string]*faultFigures{}, NextID: soakContainers + 1, Seed: seed}
	resumed := s.load()
	s.fillers = fillers(rand.New(rand.NewPCG(s.Seed, 0)))
	sink := httptest.NewServer(&soakSink{ledger: s.ledger, owner: soakPodName})
	t.Cleanup(sink.Close)
	s.gate = newGate(t, sink.URL)
	s.api = kubeapi.Start(t)
	s.collector = testkit.NewCollector(t, "kubernetes.yaml", "backends/otlp.yaml").Set(
		"TRIBUTARY_OTLP_URL="+s.gate.url(), "TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+s.api.Kubeconfig(t),
		"TRIBUTARY_NODE_NAME="+soakNode, "TRIBUTARY_POD_LOGS="+s.file("pods"), "TRIBUTARY_STATE="+s.file("state"),
		"TRIBUTARY_SHUTDOWN_TIMEOUT=20s")
	s.collector.Args = append(s.collector.Args, extraArgs...)
	leaving := s.found()
	for id := len(s.flows) + 1; id <= soakContainers; id++ {
		s.flows = append(s.flows, s.flow(id, 0))
	}
	s.goOn(resumed, leaving)
	return s
}

// goOn starts the collector. What went with the session before is excused when it does not come in time.
func (s *soak) goOn(resumed bool, leaving []*flow) {
	again := 0
	if resumed && !s.Clean {
		again = windowBytes
	}
	s.Clean = false
	s.Sessions++
	s.save()
	s.begin(again)
	s.session = time.Now()
	s.say("session %d of the soak with seed %d, in %s: %s of %s are done", s.Sessions, s.Seed, s.dir, s.Elapsed.Round(time.Second), soakDuration)
	if resumed {
		s.eventually(patience, func() bool { return s.ctx.Err() != nil || s.complete() })
		s.ledger.excuse()
		s.leave(leaving)
	}
}

// complete reports whether everything that was written has arrived.
func (s *soak) complete() bool {
	written, arrived, _, _ := s.ledger.sum()
	return arrived == written
}

// breakThings runs one fault after the other until the time is over or somebody interrupts.
func (s *soak) breakThings() {
	for s.elapsed() < soakDuration && s.ctx.Err() == nil {
		f, lasts, pause := drawn(s.Seed, s.Drawn)
		s.random = rand.New(rand.NewPCG(s.Seed, uint64(s.Drawn)))
		if s.pass(pause); s.ctx.Err() != nil {
			return
		}
		s.on.Store(f.name)
		s.say("%s for %s", f.name, lasts.Round(100*time.Millisecond))
		f.run(s, lasts)
		s.on.Store("after " + f.name)
		took := s.recovered()
		s.mu.Lock()
		s.Drawn++
		figures := s.Faults[f.name]
		if figures == nil {
			figures = &faultFigures{}
			s.Faults[f.name] = figures
		}
		figures.Count++
		if took > soakRecovers {
			figures.Slow++
		}
		figures.Worst = max(figures.Worst, took)
		s.mu.Unlock()
		s.on.Store("")
		s.say("%s is over since %s", f.name, took.Round(100*time.Millisecond))
	}
}

// recovered waits until delivery is only a little behind, and returns how long that took.
func (s *soak) recovered() time.Duration {
	began := time.Now()
	near := func() bool { return s.ctx.Err() != nil || s.ledger.behind(time.Now()) <= soakBehind }
	if !s.eventually(patience, near) {
		s.failed("delivery is %s behind, %s after the fault", s.ledger.behind(time.Now()).Round(time.Second), patience)
		if !s.eventually(soakGone, near) {
			s.save()
			s.t.Fatalf("lines do not arrive any more; %s has the log files and the positions:\n%s", s.dir, abridged(s.ledger.lost()))
		}
	}
	return time.Since(began)
}

// suspend ends a session that was interrupted.
func (s *soak) suspend() {
	s.gate.set(trouble{})
	if !s.process.Exited() {
		s.finish()
	}
	s.Clean = true
	s.save()
	s.t.Skipf("interrupted after %s of %s: `make soak` goes on", s.elapsed().Round(time.Second), soakDuration)
}

// elapsed is for how long the soak has run, over all sessions.
func (s *soak) elapsed() time.Duration { return s.Elapsed + time.Since(s.session) }

// pass lets time go by, until somebody interrupts.
func (s *soak) pass(d time.Duration) {
	select {
	case <-time.After(d):
	case <-s.ctx.Done():
	}
}

// met fails the soak when a fault had no effect.
func (s *soak) met(effect bool, format string, args ...any) {
	if !effect && s.ctx.Err() == nil {
		s.failed("the fault tests nothing: "+format, args...)
	}
}

// failed notes what is not as promised; the soak goes on.
func (s *soak) failed(format string, args ...any) {
	s.failing.Lock()
	defer s.failing.Unlock()
	says := fmt.Sprintf(format, args...)
	s.Failures = append(s.Failures, time.Now().UTC().Format(time.RFC3339)+" "+says)
	s.say("FAILED: %s", says)
	s.t.Errorf("%s", says)
}

func (s *soak) say(format string, args ...any) {
	fmt.Fprintf(s.log, "%s %s\n", time.Now().UTC().Format(time.DateTime), fmt.Sprintf(format, args...))
}

func (s *soak) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}
