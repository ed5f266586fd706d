// SPDX-License-Identifier: Apache-2.0

//go:build unix

package faults

import (
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"syscall"
	"time"

	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// soakFault is one of the faults of a soak. It returns when the fault is over and the collector could be at work again.
type soakFault struct {
	name string
	// shortest and longest bound how long it lasts.
	shortest, longest time.Duration
	run               func(s *soak, lasts time.Duration)
}

// faultFigures are what is known of all faults of a name: how many, the longest time until delivery was less than soakBehind
// behind again, and how many took longer than promised.
type faultFigures struct {
	Count, Slow int
	Worst       time.Duration
}

var soakFaults = []soakFault{
	{"kill -9", 0, 0, (*soak).faultKill},
	{"SIGTERM", 0, 0, (*soak).faultTerminate},
	{"SIGSTOP", 2 * time.Second, 20 * time.Second, (*soak).faultFreeze},
	{"503", 5 * time.Second, 30 * time.Second, outageOf(trouble{status: 503}, nil)},
	{"429", 5 * time.Second, 30 * time.Second, outageOf(trouble{status: 429, retryAfter: 1}, nil)},
	{"no answer", 5 * time.Second, 30 * time.Second, outageOf(trouble{hang: true}, nil)},
	{"connection refused", 5 * time.Second, 30 * time.Second, (*soak).faultRefuse},
	{"slow backend", 5 * time.Second, 30 * time.Second, (*soak).faultSlow},
	{"kill -9 during 503", 5 * time.Second, 30 * time.Second, outageOf(trouble{status: 503}, (*soak).faultKill)},
	{"SIGTERM during 503", 5 * time.Second, 30 * time.Second, outageOf(trouble{status: 503}, (*soak).faultTerminate)},
	{"burst", 5 * time.Second, 15 * time.Second, factorOf(3)},
	{"silence", 5 * time.Second, 15 * time.Second, factorOf(0)},
	{"pods come and go", 2 * time.Second, 6 * time.Second, (*soak).faultPods},
	{"damaged snapshot", 0, 0, (*soak).faultDamage},
}

// drawn is the fault of a number, and how long it lasts and is waited for. The same seed draws the same ones.
func drawn(seed uint64, number int) (f soakFault, lasts, pause time.Duration) {
	random := rand.New(rand.NewPCG(seed, uint64(number)))
	f = soakFaults[random.IntN(len(soakFaults))]
	lasts = f.shortest + time.Duration(random.Float64()*float64(f.longest-f.shortest))
	return f, lasts, 5*time.Second + time.Duration(random.Float64()*float64(35*time.Second))
}

func (s *soak) faultKill(time.Duration) {
	s.die()
	s.begin(windowBytes)
}

func (s *soak) faultTerminate(time.Duration) {
	s.finish()
	s.begin(0)
}

func (s *soak) faultFreeze(lasts time.Duration) {
	s.hold()
	defer s.release()
	pid := s.process.Pid()
	s.pid.Store(0)
	s.must(syscall.Kill(pid, syscall.SIGSTOP))
	_, before, _, _ := s.ledger.sum()
	s.pass(lasts)
	_, after, _, _ := s.ledger.sum()
	s.must(syscall.Kill(pid, syscall.SIGCONT))
	s.pid.Store(int64(pid))
	// What is on its way when it stops still arrives.
	s.met(after-before < windowBytes/soakBytes, "%d lines arrived while the collector was stopped", after-before)
}

// outageOf is a backend in trouble; halfway something else may happen as well.
func outageOf(now trouble, halfway func(*soak, time.Duration)) func(*soak, time.Duration) {
	return func(s *soak, lasts time.Duration) {
		s.gate.set(now)
		defer s.gate.set(trouble{})
		_, before := s.gate.seen()
		s.pass(lasts / 2)
		if halfway != nil {
			halfway(s, 0)
		}
		s.pass(lasts / 2)
		_, after := s.gate.seen()
		s.met(after > before, "no request met the trouble")
	}
}

func (s *soak) faultRefuse(lasts time.Duration) {
	s.gate.down()
	defer s.gate.up()
	_, before, _, _ := s.ledger.sum()
	s.pass(lasts)
	_, after, _, _ := s.ledger.sum()
	s.met(after == before, "%d lines arrived although connections were refused", after-before)
}

func (s *soak) faultSlow(lasts time.Duration) {
	s.gate.set(trouble{delay: 2 * time.Second})
	defer s.gate.set(trouble{})
	before, _ := s.gate.seen()
	s.pass(lasts)
	after, _ := s.gate.seen()
	s.met(after > before, "no request was slow")
}

// factorOf lets the containers print so many times as much.
func factorOf(factor int64) func(*soak, time.Duration) {
	return func(s *soak, lasts time.Duration) {
		s.factor.Store(factor)
		s.pass(lasts)
		s.factor.Store(1)
	}
}

// faultPods starts pods that print for some seconds, and removes them as soon as they have been readable for long enough.
func (s *soak) faultPods(lasts time.Duration) {
	var pods []*flow
	for range 30 {
		pods = append(pods, s.flow(s.nextID(), 0))
	}
	const rounds = 20
	for range rounds {
		for _, f := range pods {
			f.emit(50)
		}
		s.pass(lasts / rounds)
	}
	s.pass(readable)
	s.leave(pods)
}

func (s *soak) nextID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.NextID++
	return s.NextID - 1
}

// leave removes pods that print no more, as soon as they may go.
func (s *soak) leave(pods []*flow) {
	for _, f := range pods {
		s.must(s.ledger.close(f.id))
		if !s.eventually(patience, func() bool { return s.ctx.Err() != nil || s.mayGo(f, f.seq) }) {
			s.failed("container %d is not delivered after %s", f.id, patience)
		}
		if s.ctx.Err() != nil {
			return
		}
		f.remove()
		s.api.Delete(kubeapi.NewPod(f.pod.Namespace, f.pod.Name, f.pod.UID, soakNode))
	}
}

var isSnapshot = regexp.MustCompile(`/checkpoints/.*\.[ab]$`)

// faultDamage harms one of the snapshots of the positions between two lives.
func (s *soak) faultDamage(time.Duration) {
	s.finish()
	var snapshots []string
	files := s.stateFiles()
	for path := range files {
		if isSnapshot.MatchString(path) {
			snapshots = append(snapshots, path)
		}
	}
	if len(snapshots) == 0 {
		s.t.Fatalf("there is no snapshot in %s", s.state())
	}
	slices.Sort(snapshots)
	path := snapshots[s.random.IntN(len(snapshots))]
	content := files[path]
	switch s.random.IntN(3) {
	case 0:
		content[s.random.IntN(len(content))] ^= 1 << s.random.IntN(8)
	case 1:
		content = content[:s.random.IntN(len(content))]
	case 2:
		clear(content)
	}
	s.must(os.WriteFile(path, content, 0o600))
	s.begin(windowBytes)
	seen := func() bool {
		sums, err := s.scrape()
		return s.ctx.Err() != nil || err == nil && sums["otelcol_extension_checkpoint_storage_damaged_snapshots"] > 0
	}
	s.met(s.eventually(patience, seen), "the collector did not see that %s is damaged", path)
}
