// SPDX-License-Identifier: Apache-2.0

package alerts

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

// speed is how much faster than in the rules time runs here: a minute is two seconds.
const speed = 30

const (
	scrapeInterval = 500 * time.Millisecond
	// patience is for an alert to begin or end, of which the longest takes 40 s.
	patience = 3 * time.Minute
)

// faults are troubles of the running binary: want are all alerts that they fire.
var faults = []struct {
	name, backend string
	// somebody runs the collector without the rights of root.
	somebody bool
	// prepare comes before the start, begin makes the trouble and end heals it.
	prepare, begin, end func(r *rig)
	want                []string
}{
	{
		name: "the backend answers 503", backend: "otlp",
		begin: func(r *rig) { r.otlp.SetFault(testkit.Fault{HTTPStatus: 503}) },
		end:   func(r *rig) { r.otlp.ClearFault() },
		want:  []string{"TributaryDeliversNothing", "TributaryLags"},
	},
	{
		name: "the backend answers 401", backend: "loki",
		begin: func(r *rig) { r.loki.SetFault(lokifake.Fault{Status: 401}) },
		end:   func(r *rig) { r.loki.ClearFault() },
		want:  []string{"TributaryBackendFails", "TributaryDeliversNothing", "TributaryLags"},
	},
	{
		name: "entries are refused", backend: "loki",
		begin: func(r *rig) {
			for range 10 {
				r.print(time.Now().Add(-30 * 24 * time.Hour))
			}
		},
		end:  func(r *rig) { require.FileExists(r.t, filepath.Join(r.state(), "dead-letter", "loki.jsonl")) },
		want: []string{"TributaryDeadLetters"},
	},
	{
		name: "a file cannot be read", backend: "otlp", somebody: true,
		begin: func(r *rig) { require.NoError(r.t, os.WriteFile(r.other(), []byte("x"), 0)) },
		end:   func(r *rig) { require.NoError(r.t, os.Chmod(r.other(), 0o644)) }, //nolint:gosec // For somebody.
		want:  []string{"TributaryUnreadable"},
	},
	{
		name: "a folder cannot be read", backend: "otlp", somebody: true,
		begin: func(r *rig) {
			require.NoError(r.t, os.Mkdir(filepath.Join(r.collector.PodLogs(), "shop_web-1_3f2c"), 0))
		},
		end: func(r *rig) {
			require.NoError(r.t, os.Chmod(filepath.Join(r.collector.PodLogs(), "shop_web-1_3f2c"), 0o755)) //nolint:gosec // For somebody.
		},
		want: []string{"TributaryUnreadable"},
	},
	{
		name: "the state folder cannot be written", backend: "otlp", somebody: true,
		begin: func(r *rig) { require.NoError(r.t, os.Chmod(filepath.Join(r.state(), "checkpoints"), 0o500)) }, //nolint:gosec // Read-only.
		end:   func(r *rig) { require.NoError(r.t, os.Chmod(filepath.Join(r.state(), "checkpoints"), 0o700)) }, //nolint:gosec // As it was.
		want:  []string{"TributaryStateUnsaved"},
	},
	{
		name: "the collector is killed", backend: "otlp",
		begin: func(r *rig) {
			r.process.Kill()
			r.process.Wait(r.t, patience)
		},
		end:  func(r *rig) { r.start() },
		want: []string{"TributaryDown"},
	},
	{
		name: "a file is deleted in an outage and cannot be copied", backend: "otlp",
		prepare: func(r *rig) { require.NoError(r.t, os.WriteFile(filepath.Join(r.state(), "spill"), nil, 0o600)) },
		begin: func(r *rig) {
			r.otlp.SetFault(testkit.Fault{HTTPStatus: 503})
			r.print(time.Now())
			require.NoError(r.t, os.RemoveAll(filepath.Dir(filepath.Dir(r.log()))))
		},
		end: func(r *rig) {
			r.quiet = true
			r.otlp.ClearFault()
		},
		want: []string{"TributaryBytesAtRisk", "TributaryDeliversNothing", "TributaryLags"},
	},
}

// TestFaultsFireTheirAlerts breaks something while a container prints: the alerts of the fault fire, at no time another one
// does, and all end when it is healed.
func TestFaultsFireTheirAlerts(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, "kubernetes.yaml", "backends/"+f.backend+".yaml")
			r.somebody = f.somebody
			if f.prepare != nil {
				f.prepare(r)
			}
			r.start()
			r.arrived()
			healthy := time.Now().Add(10 * scrapeInterval)
			r.watch("nothing to fire", nil, func([]string) bool { return time.Now().After(healthy) })
			f.begin(r)
			r.watch("the alerts of the fault", f.want, func(firing []string) bool { return slices.Equal(firing, f.want) })
			f.end(r)
			r.watch("all alerts to end", f.want, func(firing []string) bool { return len(firing) == 0 })
			if !r.process.Exited() {
				r.process.Stop(t)
			}
		})
	}
}

// watch scrapes and evaluates until the alerts that fire are as awaited. None may fire but those allowed.
func (r *rig) watch(what string, allowed []string, until func(firing []string) bool) {
	r.t.Helper()
	tick := time.NewTicker(scrapeInterval)
	defer tick.Stop()
	var firing []string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-tick.C {
		if !r.quiet {
			r.print(time.Now())
		}
		now := time.Now()
		r.target.scrape(now)
		firing = r.target.firing(now)
		for _, name := range firing {
			if !slices.Contains(allowed, name) {
				r.t.Fatalf("%s fires while waiting for %s", name, what)
			}
		}
		if until(firing) {
			return
		}
	}
	r.t.Fatalf("timed out after %s waiting for %s; firing are %v", patience, what, firing)
}
