// SPDX-License-Identifier: Apache-2.0

//go:build linux

package journal

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// perBatch is how many records a batch has at most.
const perBatch = 100

// rig is a journald, a collector that reads it, and a backend.
type rig struct {
	t         *testing.T
	journald  *testkit.Journald
	backend   *testkit.Backend
	collector *testkit.Collector
	process   *testkit.Process
	random    *rand.Rand
	// written is what has to arrive, in this order.
	written []string
	kills   int
}

// newRig makes a rig whose collector chooses entries by these settings of the receiver.
func newRig(t *testing.T, selection ...string) *rig {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := &rig{
		t: t, journald: testkit.StartJournald(t), backend: testkit.StartBackend(t),
		random: rand.New(rand.NewPCG(seed, 0)), //nolint:gosec // Not for secrets.
	}
	config := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(config, []byte(fmt.Sprintf(`
receivers:
  journald:
    directory: %s
    start_at: beginning
    storage: checkpoint_storage
    batch: {max_records: %d, timeout: 20ms}
    dead_letter: {path: none}
    %s
exporters:
  otlp_http:
    endpoint: %s
    retry_on_failure: {enabled: false}
    sending_queue: {enabled: false}
extensions:
  health_check:
    endpoint: ${env:TRIBUTARY_HEALTH_ENDPOINT}
  checkpoint_storage:
    directory: ${env:TRIBUTARY_STATE}
    create_directory: true
service:
  extensions: [health_check, checkpoint_storage]
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [journald], exporters: [otlp_http]}
`, r.journald.Dir(), perBatch, strings.Join(selection, "\n    "), r.backend.HTTPURL())), 0o600))
	r.collector = testkit.NewCollector(t, config)
	return r
}

func (r *rig) start() { r.process = r.collector.Start(r.t) }

func (r *rig) kill() {
	r.process.Kill()
	r.process.Wait(r.t, testkit.StartTimeout)
	r.kills++
}

// line is the text of the next entry.
func (r *rig) line() string {
	line := fmt.Sprintf("entry %06d", len(r.written))
	r.written = append(r.written, line)
	return line
}

// pass lets time pass in which nothing is asked of the collector.
func (r *rig) pass(most time.Duration) {
	select {
	case <-time.After(time.Duration(r.random.Int64N(int64(most)))):
	case <-r.t.Context().Done():
	}
}

// settle waits until everything has arrived, and returns what has arrived twice. What
// comes first is in the order in which it was written.
func (r *rig) settle() (twice int) {
	r.t.Helper()
	got := r.backend.WaitFor(r.t, testkit.DeliverTimeout, "all entries", func(records []testkit.Record) bool {
		return len(records) >= len(r.written) && len(firsts(records)) == len(r.written)
	})
	require.Equal(r.t, r.written, firsts(got))
	return len(got) - len(r.written)
}

// firsts are the bodies in the order in which each arrived first.
func firsts(records []testkit.Record) (bodies []string) {
	seen := make(map[string]bool, len(records))
	for _, record := range records {
		body := fmt.Sprint(record.Body)
		if strings.HasPrefix(body, "entry ") && !seen[body] {
			seen[body] = true
			bodies = append(bodies, body)
		}
	}
	return bodies
}
