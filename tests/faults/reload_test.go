// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// roundAttribute is what the operator changes: a resource attribute of every record.
const roundAttribute = "reload.round"

// operator has a configuration file of its own, after the others.
type operator struct {
	r    *rig
	file string
}

func newOperator(r *rig) *operator {
	o := &operator{r: r, file: filepath.Join(r.t.TempDir(), "operator.yaml")}
	o.write(o.round(0))
	r.collector.Configs = append(r.collector.Configs, o.file)
	return o
}

func (o *operator) write(text string) {
	o.r.t.Helper()
	require.NoError(o.r.t, os.WriteFile(o.file, []byte(text), 0o600))
}

// round is a good configuration, another one for each n.
func (*operator) round(n int) string {
	return fmt.Sprintf(`
processors:
  resource/round:
    attributes: [{key: %s, value: "%d", action: upsert}]
service:
  pipelines:
    logs/pods:
      processors: [resource_detection, severity, resource/round]
`, roundAttribute, n)
}

// starts is how often the process has started its pipelines.
func (o *operator) starts() int { return strings.Count(o.r.process.Stderr(), testkit.ReadyMessage) }

// reloads sends SIGHUP and waits until the collector has started its pipelines once more.
func (o *operator) reloads() {
	o.r.t.Helper()
	before := o.starts()
	o.r.event("SIGHUP")
	o.r.process.Hangup()
	o.restarted(before, func() {})
}

// restarted waits until the collector has started its pipelines more than so many times, and does something meanwhile.
func (o *operator) restarted(before int, meanwhile func()) {
	o.r.t.Helper()
	testkit.Eventually(o.r.t, patience, "the collector to start its pipelines again", func() bool {
		meanwhile()
		return o.starts() > before || o.r.process.Exited()
	})
	if o.r.process.Exited() {
		o.r.t.Fatalf("the collector has ended after SIGHUP:\n%s", o.r.process.Stderr())
	}
}

// applied waits for a record with the attribute of a round among those that are new.
func (o *operator) applied(n int) {
	o.r.t.Helper()
	backend := o.r.backend.(*otlpBackend)
	seen := backend.Count()
	testkit.Eventually(o.r.t, patience, fmt.Sprintf("records of round %d", n), func() bool {
		for _, record := range backend.RecordsFrom(seen) {
			seen++
			if record.Resource[roundAttribute] == fmt.Sprint(n) {
				return true
			}
		}
		return false
	})
}

// brokenReload gives a running collector every kind of broken configuration. It says what is wrong and ships on with the
// one before; once the mistake is mended, the new one holds.
func brokenReload(r *rig) {
	o := newOperator(r)
	taken := fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(r.t))
	listen(r, taken)
	r.busyNode(2)
	r.start()
	o.applied(0)
	n := 0
	for range times {
		for _, broken := range []struct{ name, text, says string }{
			{"no YAML", "exporters: [", "not valid YAML"},
			{"an unknown key", "exporters:\n  otlp_http:\n    timeot: 3s\n", "operator.yaml:3: exporters::otlp_http::timeot: unknown key"},
			{"a variable that is not set", "exporters:\n  debug:\n    verbosity: ${env:TRIBUTARY_TEST_UNSET}\n", "TRIBUTARY_TEST_UNSET is not set"},
			{"a reference that nobody serves", "exporters:\n  debug:\n    verbosity: ${vault:token}\n", "this reference means nothing"},
			{"a port in use", "extensions:\n  health_check:\n    endpoint: " + taken + "\n", "operator.yaml:3: extensions::health_check::endpoint: "},
			{"no file", "", "operator.yaml does not exist"},
		} {
			r.event("%s", broken.name)
			if o.write(broken.text); broken.text == "" {
				require.NoError(r.t, os.Remove(o.file))
			}
			logged := len(r.process.Stderr())
			o.reloads()
			said := r.process.Stderr()[logged:]
			assert.Contains(r.t, said, broken.says, broken.name)
			assert.Contains(r.t, said, "goes on with the one before", broken.name)
			o.applied(n)

			n++
			o.write(o.round(n))
			o.reloads()
			o.applied(n)
		}
	}
	// The signal is sent all the time, also while the collector goes back.
	o.write("exporters: [")
	r.event("SIGHUP and SIGHUP and SIGHUP")
	o.restarted(o.starts(), r.process.Hangup)
	n++
	o.write(o.round(n))
	o.reloads()
	o.applied(n)
	r.note("%d reloads, each second one refused", 2*n)
	r.settle()
}

// reloadedAgainAndAgain changes an attribute with each reload, while the collector ships.
func reloadedAgainAndAgain(r *rig) {
	o := newOperator(r)
	r.busyNode(2)
	r.start()
	o.applied(0)
	longest := time.Duration(0)
	rounds := 20 * times
	for n := 1; n <= rounds; n++ {
		r.pass(r.between(0, 300*time.Millisecond))
		o.write(o.round(n))
		began := time.Now()
		o.reloads()
		longest = max(longest, time.Since(began))
		o.applied(n)
	}
	r.note("%d reloads, the longest %.1fs", rounds, longest.Seconds())
	r.settle()
}
