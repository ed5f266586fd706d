// SPDX-License-Identifier: Apache-2.0

//go:build unix

package faults

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// tick looks at how far behind delivery is, and every ten seconds at everything: the balance goes to the log, the progress
// to the folder.
func (s *soak) tick(stop <-chan struct{}) {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	saved := time.Now()
	for {
		select {
		case <-stop:
			return
		case now := <-tick.C:
			if s.ledger.tick(now); now.Sub(saved) < soakSaved {
				continue
			}
			saved = now
			s.say("%s", s.watch())
			s.save()
		}
	}
}

// watch looks at the collector, and returns a line that says how it stands.
func (s *soak) watch() string {
	written, arrived, again, wrong := s.ledger.sum()
	line := fmt.Sprintf("%s: %.3fM written %.3fM arrived %d twice %d wrong %.3fM missing, %.1fs behind", s.elapsed().Round(time.Second),
		float64(written)/1e6, float64(arrived)/1e6, again, wrong, float64(written-arrived)/1e6, s.ledger.behind(time.Now()).Seconds())
	if on := s.on.Load().(string); on != "" {
		line += " [" + on + "]"
	}
	if wrong > s.wrongBefore {
		s.wrongBefore = wrong
		s.failed("%d records are wrong:\n%s", wrong, abridged(s.ledger.Harm))
	}
	pid := int(s.pid.Load())
	if pid == 0 {
		return line + " | does not run"
	}
	// The second look is for a collector that was ended or stopped during the first.
	says, holds, err := s.balanceNow()
	process, processErr := readSample(pid)
	if err != nil || processErr != nil || int(s.pid.Load()) != pid {
		return line + " | does not answer"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(process)
	s.checkAgain()
	s.Usage.Balances++
	if !holds {
		s.failed("the collector's own count does not balance: %s", says)
	}
	return fmt.Sprintf("%s | %s | %.0f MB, %.0f at most, %d files, %.1fs of CPU, load %s", line, says, process.memory.RSS,
		process.memory.HighWater, process.files, process.cpu.Seconds(), testkit.Load())
}

// settle lets the collector deliver what is left, judges, and writes the report. What was shipped as promised leaves nothing
// behind.
func (s *soak) settle() {
	s.say("the time is over")
	if !s.eventually(patience, s.complete) {
		s.failed("lines are lost:\n%s", abridged(s.ledger.lost()))
	}
	s.say("%s", s.watch())
	s.finish()
	if s.Usage.HighWater > soakMemory {
		s.failed("the collector held %.0f MB", s.Usage.HighWater)
	}
	s.save()
	report := s.report()
	s.say("the end\n\n%s", report)
	if soakReport != "" {
		s.must(os.WriteFile(soakReport, []byte(report), 0o644))
	}
	if len(s.Failures) > 0 {
		s.t.Fatalf("%d things are not as promised; %s has everything:\n%s", len(s.Failures), s.dir, abridged(s.Failures))
	}
	for _, name := range []string{"pods", "state", "progress.json", "collector.log"} {
		s.must(os.RemoveAll(s.file(name)))
	}
}

func (s *soak) report() string {
	written, arrived, again, wrong := s.ledger.sum()
	u, elapsed := s.Usage, s.elapsed()
	verdict := "kept"
	if len(s.Failures) > 0 {
		verdict = "**not kept**: " + strings.Join(s.Failures, "; ")
	}
	version, err := exec.Command(testkit.Binary(s.t), "--version").Output()
	s.must(err)
	var out strings.Builder
	fmt.Fprintf(&out, "# Soak\n\nWritten by `make soak`, which breaks things at random while lines are shipped.\n\n| | |\n| --- | --- |\n")
	for _, row := range [][2]string{
		{"what is promised", verdict},
		{"date", time.Now().UTC().Format("2006-01-02 15:04 UTC")},
		{"binary", strings.TrimSpace(string(version))},
		{"machine", fmt.Sprintf("%s; load %s at the end", testkit.Machine(), testkit.Load())},
		{"seed", fmt.Sprint(s.Seed)},
		{"duration", fmt.Sprintf("%s, in %d session(s)", elapsed.Round(time.Second), s.Sessions)},
		{"lines", fmt.Sprintf("%d, %.0f a second", written, float64(written)/elapsed.Seconds())},
		{"bytes", fmt.Sprintf("%.1f GB, %.1f MB a second", float64(s.ledger.Bytes)/1e9, float64(s.ledger.Bytes)/1e6/elapsed.Seconds())},
		{"containers", fmt.Sprintf("%d that print all the time, %d that came and went", soakContainers, s.NextID-1-soakContainers)},
		{"lost", fmt.Sprint(written - arrived)},
		{"changed, merged, with another time or pod", fmt.Sprint(wrong)},
		{"twice", fmt.Sprintf("%d after %d crashes, %d at most after one; %d may", again, u.Crashes, u.WorstAgain, windowBytes/soakBytes)},
		{"excused", fmt.Sprintf("%d that went with the test process", s.ledger.Excused)},
		{"lives of the collector", fmt.Sprint(u.Lives)},
		{"its own count", fmt.Sprintf("read = delivered + dead-lettered + dropped + in flight, %d times out of %d", u.Balances, u.Balances)},
		{"memory", fmt.Sprintf("%.0f MB at most; %+.1f MB an hour within lives, %+.1f across them", u.HighWater, u.MemoryWithin.slope(), u.Memory.slope())},
		{"open files", fmt.Sprintf("%d at most; %+.1f an hour within lives, %+.1f across them", u.MostFiles, u.FilesWithin.slope(), u.Files.slope())},
		{"CPU", fmt.Sprintf("%.2f s for a million lines", u.CPU.Seconds()/float64(arrived)*1e6)},
	} {
		fmt.Fprintf(&out, "| %s | %s |\n", row[0], row[1])
	}
	fmt.Fprintf(&out, "\n| fault | times | longest until less than %s behind | above %s |\n| --- | --- | --- | --- |\n", soakBehind, soakRecovers)
	for _, name := range slices.Sorted(maps.Keys(s.Faults)) {
		f := s.Faults[name]
		fmt.Fprintf(&out, "| %s | %d | %.1f s | %d |\n", name, f.Count, f.Worst.Seconds(), f.Slow)
	}
	return out.String()
}
