// SPDX-License-Identifier: Apache-2.0

//go:build unix

package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

const (
	// soakContainers print all the time; those above come and go.
	soakContainers = 20
	// soakFileBytes is the size at which a log file is rotated. That of kubelet is 10 MiB; this makes what is kept short
	// enough for outages in which files go before they are delivered.
	soakFileBytes = 3 << 20
	soakNode      = "node-a"
)

// flow is a container of a soak: it prints many lines in one write, and all that is known of them is how many.
type flow struct {
	*container
	ledger  *ledger
	rotator *rotator
	fillers []string
	// seq is the next line, bytes the length of the file, ends how many lines there were when a file was put aside.
	seq, bytes int
	ends       map[string]int
	buffer     []byte
}

func soakPod(id int) testkit.Pod {
	return testkit.Pod{Namespace: "soak", Name: soakPodName(id), Container: "main", UID: fmt.Sprintf("%08x-0000-4000-8000-%012x", id, id)}
}

func soakPodName(id int) string { return fmt.Sprintf("soak-%d", id) }

// flow makes a container that has printed so many lines already.
func (s *soak) flow(id, seq int) *flow {
	pod := soakPod(id)
	c := &container{t: s.t, id: id, pod: pod, root: s.collector.PodLogs(), stop: make(chan struct{}), ended: make(chan struct{})}
	// Nothing runs that would print by itself.
	close(c.ended)
	f := &flow{container: c, ledger: s.ledger, fillers: s.fillers, rotator: newRotator(c, keptFiles), seq: seq, ends: map[string]int{}}
	f.rotator.pause = func(step string) {
		if step == "reopened" {
			f.aside()
		}
	}
	f.rotator.spare = func(path string) bool { return !s.mayGo(f, f.ends[path]) }
	if err := os.MkdirAll(filepath.Dir(f.path()), 0o755); err != nil {
		s.t.Fatalf("create log folder: %v", err)
	}
	f.reopen()
	s.t.Cleanup(c.finish)
	s.api.Add(kubeapi.NewPod(pod.Namespace, pod.Name, pod.UID, soakNode))
	return f
}

// aside notes that the file has just been rotated. Lines that went to the new one already count for the old one too, so that
// it stays rather too long than too short.
func (f *flow) aside() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ends[f.path()+"."+f.rotator.stamp.Format(stampLayout)] = f.seq
	f.bytes = 0
}

// emit prints so many lines in one write.
func (f *flow) emit(lines int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.buffer = f.buffer[:0]
	for range lines {
		m := mark{id: f.id, seq: f.seq, at: f.now()}
		f.buffer = appendSoakCRI(f.buffer, m, f.fillers[(f.id*37+f.seq)%len(f.fillers)])
		f.seq++
	}
	f.ledger.wrote(f.id, f.seq, len(f.buffer))
	f.write(f.buffer)
	f.bytes += len(f.buffer)
}

// rotateFull rotates the file when it is large enough.
func (f *flow) rotateFull() {
	f.mu.Lock()
	full := f.bytes >= soakFileBytes
	f.mu.Unlock()
	if full {
		f.rotator.rotate()
	}
	for path := range f.ends {
		if _, there := f.rotator.idle[path]; !there {
			delete(f.ends, path)
		}
	}
}

// print lets the containers print at the rate, until it is stopped. A machine that cannot keep up prints the rest later, but
// forgets what is late by more than two seconds.
func (s *soak) print(stop <-chan struct{}) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	before, due := time.Now(), 0.0
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		now := time.Now()
		rate := float64(soakRate) * float64(s.factor.Load())
		due = min(due+now.Sub(before).Seconds()*rate, 2*rate)
		before = now
		for _, f := range s.flows {
			f.emit(int(due) / len(s.flows))
		}
		due -= float64(int(due) / len(s.flows) * len(s.flows))
	}
}

// rotateAll rotates files as kubelet does, one after the other.
func (s *soak) rotateAll(stop <-chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		for _, f := range s.flows {
			f.rotateFull()
		}
	}
}

// mayGo reports whether the first so many lines of a container may go from the node: they have arrived, or the collector
// had the time that is promised to open their file. In the second case they are at risk until it has a copy of them.
func (s *soak) mayGo(f *flow, lines int) bool {
	if s.ledger.delivered(f.id, lines) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holding || time.Since(s.readySince) < readable {
		return false
	}
	if err := s.ledger.remove(f.id, lines); err != nil {
		s.t.Errorf("write journal: %v", err)
		return false
	}
	return true
}

// podOfFolder is the number of the container whose pod has a folder of this name.
func podOfFolder(name string) (id int, ok bool) {
	_, err := fmt.Sscanf(name, "soak_soak-%d_", &id)
	return id, err == nil && strings.HasPrefix(name, "soak_")
}
