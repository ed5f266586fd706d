// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// towards sends to another backend than the row was made for.
func (r *rig) towards(b backend) {
	r.t.Helper()
	r.mu.Lock()
	r.backend = b
	r.mu.Unlock()
	r.gate = newGate(r.t, b.url())
	file, _ := b.config()
	r.collector.Configs[1] = filepath.Join(testkit.Root(), "distro", "config", file)
	r.reach(r.gate.url())
}

// neverLate fails the row when one of the containers falls behind while something lasts.
func (r *rig) neverLate(while time.Duration, containers ...*container) {
	r.t.Helper()
	worst := time.Duration(0)
	for end := time.Now().Add(while); time.Now().Before(end); r.pass(100 * time.Millisecond) {
		for _, c := range containers {
			worst = max(worst, r.oracle.behind(c.id))
		}
	}
	r.note("%d healthy containers at most %.1fs behind", len(containers), worst.Seconds())
	if worst > neighbourLimit {
		r.t.Errorf("a healthy container was %s behind", worst)
	}
}

// answered is how many requests a Loki has answered with a status.
func (b *lokiBackend) answered(status int) int {
	n := 0
	for _, request := range b.Requests() {
		if request.Status == status {
			n++
		}
	}
	return n
}

// oneStreamLimited prints more into one stream than Loki takes. The others do not notice.
func oneStreamLimited(r *rig) {
	limits := unlimited
	limits.StreamRateBytes, limits.StreamBurstBytes = 512<<10, 4<<20
	loki := startLoki(r.t, limits)
	r.towards(loki)
	quiet := []*container{r.container("quiet-0", load{name: "one", rate: 50, bytes: 100}), r.container("quiet-1", load{name: "two", rate: 50, bytes: 100})}
	r.start()
	r.arrivedUntil(time.Now(), patience)
	r.event("one stream is too fast")
	noisy := r.container("noisy", load{name: "noisy", rate: 400, bytes: 4 << 10})
	testkit.Eventually(r.t, patience, "Loki to limit the stream", func() bool { return loki.answered(http.StatusTooManyRequests) > 0 })
	r.neverLate(5*time.Second*time.Duration(times), quiet...)
	noisy.quiet()
	r.neverLate(5*time.Second, quiet...)
	r.note("%d answers of 429", loki.answered(http.StatusTooManyRequests))
	r.settle()
}

// poison prints a line that the backend refuses, and notes it.
func (c *container) poison(refused map[mark]bool, text string) {
	c.whole(func(m mark) string {
		c.oracle.pardon(m)
		refused[m] = true
		return seal(m, "", " "+text)
	})
}

// deadLetters compares a dead-letter file with what was refused: each line once, whole, and nothing else.
func (r *rig) deadLetters(name string, refused map[mark]bool) {
	r.t.Helper()
	path := filepath.Join(r.state(), "dead-letter", name)
	complete := func() bool {
		raw, err := os.ReadFile(path)
		return err == nil && strings.Count(string(raw), "\n") >= len(refused)
	}
	r.eventually(patience, complete)
	file, err := os.Open(path)
	require.NoError(r.t, err)
	defer file.Close()
	letters := bufio.NewScanner(file)
	letters.Buffer(nil, 1<<20)
	times, others := map[mark]int{}, []string(nil)
	for letters.Scan() {
		// A line of a container, or the body of an entry.
		var letter struct{ Line, Body string }
		require.NoError(r.t, json.Unmarshal(letters.Bytes(), &letter))
		text := letter.Line + letter.Body
		found := read(text)
		if !refused[found.mark] || !found.intact {
			others = append(others, text)
			continue
		}
		times[found.mark]++
	}
	require.NoError(r.t, letters.Err())
	if len(others) > 0 {
		r.t.Errorf("%d lines that nobody refused are dead letters:\n%s", len(others), abridged(others))
	}
	for m := range refused {
		if times[m] != 1 {
			r.t.Errorf("line %d of container %d was refused and is a dead letter %d times", m.seq, m.id, times[m])
		}
	}
	r.note("%d lines refused, %d dead letters", len(refused), len(times))
}

// refusedLines has a backend that refuses every request with a certain line in it, and one that refuses everything for a while,
// which costs no line.
func refusedLines(r *rig) {
	// What might be refused is tried again when others were accepted.
	r.anyOrder = true
	c := r.container("mixed", load{bytes: 100})
	refused := map[mark]bool{}
	for range 10 * times {
		c.print(100)
		c.poison(refused, "poison")
	}
	c.print(100)
	r.backend.(*otlpBackend).SetFault(testkit.Fault{HTTPStatus: http.StatusBadRequest, When: func(records []testkit.Record) bool {
		for _, record := range records {
			if strings.Contains(bodyText(record.Body), "poison") {
				return true
			}
		}
		return false
	}})
	// Others have to be accepted, or it might be the backend that is wrong.
	busy := r.container("busy", busy)
	r.start()
	r.deadLetters(r.column.receiver+".jsonl", refused)
	r.event("everything is refused")
	r.gate.set(trouble{status: http.StatusBadRequest})
	r.troubled(10)
	r.gate.set(trouble{})
	busy.quiet()
	r.settle()
	r.deadLetters(r.column.receiver+".jsonl", refused)
}

// refusedStreams has a Loki that takes shorter lines than the exporter believes, and younger ones.
func refusedStreams(r *rig) {
	limits := unlimited
	limits.LineBytes, limits.MaxAge = 8<<10, time.Hour
	loki := startLoki(r.t, limits)
	r.towards(loki)
	refused := map[mark]bool{}
	mixed := r.container("mixed", load{name: "mixed", bytes: 100})
	old := r.container("old", load{name: "old", bytes: 100})
	for range 10 * times {
		mixed.print(100)
		mixed.poison(refused, strings.Repeat("long ", 2<<10))
	}
	for range 50 * times {
		old.ago(3*time.Hour, func(m mark) { old.oracle.pardon(m); refused[m] = true })
	}
	r.container("busy", busy)
	r.start()
	r.deadLetters("loki.jsonl", refused)
	answers := loki.answered(http.StatusBadRequest)
	r.note("%d answers of 400", answers)
	assert.NotZero(r.t, answers, "Loki has refused nothing: the row tests nothing")
	r.settle()
}

// ago prints a line of long ago.
func (c *container) ago(age time.Duration, note func(mark)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.oracle.expect(c.id, time.Now().UTC().Add(-age), "stdout")
	note(m)
	c.writeCRI(m.at, "stdout", seal(m, "", " "+filler(c.random, c.load.bytes)))
}

// oldBacklog is read by a Loki that refuses what is an hour behind the newest line of its stream: it has to come oldest first.
func oldBacklog(r *rig) {
	limits := unlimited
	limits.MaxBehind = time.Hour
	loki := startLoki(r.t, limits)
	r.towards(loki)
	c := r.container("backlog", load{name: "backlog", bytes: 100})
	k := newRotator(c, 0)
	const lines, hours, files = 30_000, 10, 5
	for i := range lines * times {
		c.ago(hours*time.Hour*time.Duration(lines*times-i)/time.Duration(lines*times), func(mark) {})
		if i%(lines*times/files) == lines*times/files-1 {
			k.rotate()
		}
	}
	r.container("live", load{name: "live", rate: 100, bytes: 100})
	r.start()
	r.settle()
	refused := loki.answered(http.StatusBadRequest)
	r.note("%d hours in %d files, %d answers of 400", hours, files+1, refused)
	if _, err := os.Stat(filepath.Join(r.state(), "dead-letter", "loki.jsonl")); refused > 0 || err == nil {
		r.t.Errorf("Loki has refused lines of the backlog: %d answers of 400", refused)
	}
}
