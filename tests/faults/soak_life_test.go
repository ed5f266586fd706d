// SPDX-License-Identifier: Apache-2.0

//go:build unix

package faults

import (
	"os"
	"time"
)

// atRiskMetric is how many bytes would be lost with the collector's process.
const atRiskMetric = "otelcol_receiver_pod_logs_at_risk_bytes"

// noticed is how long the collector may take to see that a file is gone, and to say so in its metrics.
const noticed = 5 * time.Second

// begin starts the collector. So many bytes may come again, because of how the life before ended.
func (s *soak) begin(againBytes int) {
	s.start()
	_, _, again, _ := s.ledger.sum()
	s.mu.Lock()
	s.Usage.Lives++
	if againBytes > 0 {
		s.Usage.Crashes++
	}
	s.life = life{began: time.Now(), again: again, allowed: againBytes / soakBytes}
	s.mu.Unlock()
	s.pid.Store(int64(s.process.Pid()))
	s.release()
}

// die ends the collector with SIGKILL, at a moment when it has copies of all files that have gone.
func (s *soak) die() {
	s.hold()
	if !s.eventually(patience, func() bool { return s.ctx.Err() != nil || s.copied() }) {
		s.failed("files that have gone are not copied after %s", patience)
	}
	s.watch()
	pid := s.pid.Swap(0)
	s.kill()
	s.died(int(pid))
}

// finish ends the collector with SIGTERM. It copies by itself what has gone.
func (s *soak) finish() {
	s.hold()
	s.watch()
	pid := s.pid.Swap(0)
	s.stop(graceLimit)
	s.died(int(pid))
}

// died adds up a life that is over, and keeps the end of its log.
func (s *soak) died(pid int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkAgain()
	s.Usage.MemoryWithin.include(s.life.memory)
	s.Usage.FilesWithin.include(s.life.files)
	const kept = 256 << 10
	text := s.process.Stderr()
	log, err := os.OpenFile(s.file("collector.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = log.WriteString(text[max(0, len(text)-kept):])
	}
	if err != nil {
		s.t.Errorf("keep the log of process %d: %v", pid, err)
		return
	}
	_ = log.Close()
}

// hold keeps files that are not delivered where they are, release lets them go again.
func (s *soak) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holding = true
}

func (s *soak) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holding, s.readySince = false, time.Now()
}

// copied reports whether nothing would be lost with the process.
func (s *soak) copied() bool {
	asked := time.Now()
	sums, err := s.scrape()
	if err != nil || sums[atRiskMetric] > 0 {
		return false
	}
	return s.ledger.copied(asked.Add(-noticed))
}
