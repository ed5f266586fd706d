// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"time"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// sampleEvery is how often memory is looked at.
const sampleEvery = 100 * time.Millisecond

// usage is what a collector used in a period.
type usage struct {
	CPU, Wall time.Duration
	// Peaks and Mean are of samples, in megabytes.
	PeakRSS, PeakAnonymous, MeanRSS, MeanAnonymous float64
	// HighWater is the kernel's own peak since the start of the process, in megabytes.
	HighWater float64
	// OpenFiles is the number of descriptors at the end.
	OpenFiles int
}

// Percent is the share of one core.
func (u usage) Percent() float64 { return u.CPU.Seconds() / u.Wall.Seconds() * 100 }

// sampler watches a process until Stop.
type sampler struct {
	pid    int
	begin  time.Time
	before time.Duration
	stop   chan struct{}
	done   chan struct{}

	samples int
	sum     usage
	err     error
}

// watch begins now, with the CPU time that the process has used already left out.
func watch(pid int) (*sampler, error) {
	before, err := testkit.CPUTime(pid)
	if err != nil {
		return nil, err
	}
	s := &sampler{pid: pid, begin: time.Now(), before: before, stop: make(chan struct{}), done: make(chan struct{})}
	go s.run()
	return s, nil
}

func (s *sampler) run() {
	defer close(s.done)
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		if s.sample(); s.err != nil {
			return
		}
		select {
		case <-s.stop:
			return
		case <-tick.C:
		}
	}
}

func (s *sampler) sample() {
	var m testkit.Memory
	if m, s.err = testkit.ReadMemory(s.pid); s.err != nil {
		return
	}
	s.samples++
	s.sum.MeanRSS += m.RSS
	s.sum.MeanAnonymous += m.Anonymous
	s.sum.PeakRSS = max(s.sum.PeakRSS, m.RSS)
	s.sum.PeakAnonymous = max(s.sum.PeakAnonymous, m.Anonymous)
	s.sum.HighWater = m.HighWater
}

// Stop returns what was used since the start. It may be called once.
func (s *sampler) Stop() (usage, error) {
	after, err := testkit.CPUTime(s.pid)
	wall := time.Since(s.begin)
	close(s.stop)
	<-s.done
	if err != nil {
		return usage{}, err
	}
	if s.sample(); s.err != nil {
		return usage{}, s.err
	}
	u := s.sum
	u.CPU, u.Wall = after-s.before, wall
	u.MeanRSS /= float64(s.samples)
	u.MeanAnonymous /= float64(s.samples)
	u.OpenFiles, err = testkit.OpenFiles(s.pid)
	return u, err
}
