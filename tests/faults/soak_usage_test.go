// SPDX-License-Identifier: Apache-2.0

//go:build unix

package faults

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// warmUp is how old a process is when its memory and files begin to count for slopes.
const warmUp = time.Minute

// usageFigures are what the collector used, over all of its lives.
type usageFigures struct {
	// Lives are starts; Crashes those that a kill had come before, or damage, after which lines may come again.
	Lives, Crashes int
	// WorstAgain is the largest number of lines that came again in one life.
	WorstAgain int
	CPU        time.Duration
	// HighWater is in megabytes, as the kernel has noted it.
	HighWater float64
	MostFiles int
	// Balances is how often the collector's own count was looked at, and held.
	Balances int
	// Memory in megabytes and Files over hours: within the lives, and across them.
	MemoryWithin, Memory, FilesWithin, Files trend
}

// life is one process.
type life struct {
	began time.Time
	// again is how many lines had come again before, allowed how many may in this life.
	again, allowed int
	cpu            time.Duration
	memory, files  trend
}

// trend is the least-squares line through points, of which only sums are kept.
type trend struct{ N, X, Y, XX, XY float64 }

func (t *trend) add(x, y float64) {
	t.N++
	t.X += x
	t.Y += y
	t.XX += x * x
	t.XY += x * y
}

// include adds the points of another one as they lie around their own middle, so that its height does not matter.
func (t *trend) include(other trend) {
	if other.N == 0 {
		return
	}
	t.N += other.N
	t.XX += other.XX - other.X*other.X/other.N
	t.XY += other.XY - other.X*other.Y/other.N
}

func (t trend) slope() float64 {
	if spread := t.N*t.XX - t.X*t.X; spread > 1e-12 {
		return (t.N*t.XY - t.X*t.Y) / spread
	}
	return 0
}

// sample is the present state of the collector's process.
type sample struct {
	memory testkit.Memory
	files  int
	cpu    time.Duration
}

func readSample(pid int) (sample, error) {
	memory, err := testkit.ReadMemory(pid)
	if err != nil {
		return sample{}, err
	}
	files, err := testkit.OpenFiles(pid)
	if err != nil {
		return sample{}, err
	}
	cpu, err := testkit.CPUTime(pid)
	return sample{memory, files, cpu}, err
}

// count adds a sample to the figures. The caller holds the lock.
func (s *soak) count(now sample) {
	u := &s.Usage
	u.CPU += now.cpu - s.life.cpu
	s.life.cpu = now.cpu
	u.HighWater = max(u.HighWater, now.memory.HighWater)
	u.MostFiles = max(u.MostFiles, now.files)
	if time.Since(s.life.began) < warmUp {
		return
	}
	hours := s.elapsed().Hours()
	u.Memory.add(hours, now.memory.RSS)
	u.Files.add(hours, float64(now.files))
	s.life.memory.add(hours, now.memory.RSS)
	s.life.files.add(hours, float64(now.files))
}

// checkAgain compares how many lines came again in this life with what may. The caller holds the lock.
func (s *soak) checkAgain() {
	_, _, again, _ := s.ledger.sum()
	here := again - s.life.again
	s.Usage.WorstAgain = max(s.Usage.WorstAgain, here)
	if here > s.life.allowed {
		s.failed("%d lines came again since %s, when %d may", here, s.life.began.UTC().Format(time.RFC3339), s.life.allowed)
		s.life.allowed = here
	}
}

// balanceNow reads the collector's own count: how it says it, and whether it holds.
func (s *soak) balanceNow() (says string, holds bool, err error) {
	sums, err := s.scrape()
	if err != nil {
		return "", false, err
	}
	read, known := sums[recordsMetric("pod_logs", "read")]
	sum := 0.0
	says = fmt.Sprintf("read %.0f", read)
	for i, way := range accounted {
		n := sums[recordsMetric("pod_logs", way)]
		sum += n
		says += fmt.Sprintf(" %s %.0f", []string{"= delivered", "+ dead", "+ dropped", "+ in flight"}[i], n)
	}
	return says, known && read == sum, nil
}

func TestATrendIsTheLineThroughPoints(t *testing.T) {
	var across, within trend
	assert.Zero(t, across.slope())
	// Two lives that grow by 6 an hour, the second of which begins where the first began.
	for _, begin := range []float64{0, 1} {
		var one trend
		for x := 0.0; x < 0.5; x += 0.1 {
			one.add(begin+x, 100+6*x)
			across.add(begin+x, 100+6*x)
		}
		within.include(one)
	}
	within.include(trend{})
	assert.InDelta(t, 6, within.slope(), 1e-9)
	assert.InDelta(t, 0.44, across.slope(), 0.01)
}
