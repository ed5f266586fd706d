// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

const (
	// modestRate is what each of some containers prints in a second, and noisyRate what one of them prints.
	modestRate, noisyRate = 50, 100 * modestRate
	// fairLimit is how far the others may be behind: 2 s are promised, and a machine that runs other tests gets as much again.
	fairLimit = 2 * 2 * time.Second
	// fairTime is for how long they are looked at.
	fairTime = 8 * time.Second
)

// crowd is a container that prints a hundred times as much as the others.
type crowd struct {
	noisy  *container
	others []int
}

// crowd starts the containers and the collector.
func (r *rig) crowd() crowd {
	r.t.Helper()
	var c crowd
	for i := range 6 {
		c.others = append(c.others, r.container(fmt.Sprintf("modest-%d", i), load{rate: modestRate, bytes: 120, chunk: 1 << 10}).id)
	}
	c.noisy = r.container("noisy", load{rate: noisyRate, bytes: 120, chunk: 1 << 10})
	r.start()
	r.arrived()
	testkit.Eventually(r.t, patience, "the others to be read", func() bool { return r.oracle.behind(c.others...) < time.Second })
	return c
}

// fair lets time go by and fails the row when the others fall behind.
func (r *rig) fair(c crowd) {
	r.t.Helper()
	longest := time.Duration(0)
	for began := time.Now(); time.Since(began) < fairTime*time.Duration(times); r.pass(20 * time.Millisecond) {
		longest = max(longest, r.oracle.behind(c.others...))
	}
	r.note("the others are %.1fs behind at most", longest.Seconds())
	assert.LessOrEqual(r.t, longest, fairLimit, "how far the others are behind")
}

// limit bounds the lines of each pod, or of all together.
func (r *rig) limit(scope, policy string, lines int) {
	key := "--set=receivers::pod_logs::rate_limit::" + scope
	r.collector.Args = append(r.collector.Args, key+"::policy="+policy, fmt.Sprintf("%s::lines_per_second=%d", key, lines))
}

// noisyPod has no limit: all that the noisy one prints is delivered, too.
func noisyPod(r *rig) {
	r.fair(r.crowd())
	r.settle()
}

// noisyPodPaused is held to a third of what it prints, while its files are compressed and removed. It falls behind, and loses
// nothing.
func noisyPodPaused(r *rig) {
	const limit = noisyRate / 3
	r.limit("pod", "pause", limit)
	c := r.crowd()
	k := r.rotate(c.noisy, 1, 900*time.Millisecond)
	r.fair(c)
	assert.Positive(r.t, r.metric("otelcol_receiver_pod_logs_paused_duration"), "nothing waits: the row tests nothing")
	assert.Greater(r.t, r.oracle.behind(c.noisy.id), time.Second, "nothing waits: the row tests nothing")
	r.quiet()
	r.note("%d files removed", k.removed.Load())
	came, began := r.delivered(), time.Now()
	r.caughtUp()
	if took := time.Since(began); took > 4*time.Second {
		rate := float64(r.delivered()-came) / took.Seconds()
		r.note("%.0f lines/s at a limit of %d", rate, limit)
		assert.InDelta(r.t, limit, rate, limit/4, "lines per second, of which so many are allowed")
	}
	r.counted("spilled")
	r.settle()
}

// told is what a record says of lines that were dropped.
var told = regexp.MustCompile(`^(\d+) lines \(\d+ bytes\) of this container from \S+ to \S+ were dropped`)

// noisyPodDropped holds the namespace of all to a fifth of what one prints. The rest of that is given up, as many lines as were
// told, and nothing of the others, also when the collector is restarted meanwhile.
func noisyPodDropped(r *rig) {
	const limit = noisyRate / 5
	r.limit("namespace", "drop", limit)
	c := r.crowd()
	r.fair(c)
	r.stop(exitLimit)
	r.start()
	r.arrived()
	testkit.Eventually(r.t, patience, "the others to be read", func() bool { return r.oracle.behind(c.others...) < time.Second })
	r.fair(c)
	// Until the files are looked at again, the metrics do not know of what was printed last. The noisy one is quiet first, so
	// that its end is read when the others' are.
	c.noisy.quiet()
	r.quiet()
	testkit.Eventually(r.t, patience, "the last lines of the others", func() bool { return r.oracle.behind(c.others...) == 0 })
	r.metricIs("otelcol_receiver_pod_logs_lag_bytes", "0", func(v float64) bool { return v == 0 })
	r.metricIs(r.records("in_flight"), "0", func(v float64) bool { return v == 0 })
	r.balance()
	dropped := r.metric(r.records("dropped"))
	assert.InDelta(r.t, dropped, r.metric("otelcol_receiver_pod_logs_limited_log_records"), 0, "all of them are dropped by the limit")
	r.stop(exitLimit)
	r.drain()

	sum, records := 0, 0
	r.oracle.eachForeign(func(body string, came int) {
		if found := told.FindStringSubmatch(body); found != nil {
			n, err := strconv.Atoi(found[1])
			require.NoError(r.t, err)
			sum += n * came
			records += came
		}
	})
	lost := r.oracle.missingOf(c.noisy.id)
	r.note("%d lines dropped, told by %d records", lost, records)
	assert.Positive(r.t, lost, "nothing is dropped: the row tests nothing")
	assert.Equal(r.t, lost, sum, "lines that are missing, and those that were told to be dropped")
	assert.LessOrEqual(r.t, int(dropped), sum, "the second process has dropped a part of them")
	assert.LessOrEqual(r.t, records, int(time.Since(r.began)/(10*time.Second))+4, "records that tell of it")
	r.oracle.pardonMissing(c.noisy.id)
	r.judge()
}

// eachForeign calls do for each body without a mark, with how often it came.
func (o *oracle) eachForeign(do func(body string, came int)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for body, came := range o.foreign {
		do(body, came)
	}
}
