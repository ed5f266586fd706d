// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// Limits are three times the figures that are promised, since the machine may have other work.
const (
	discoveryLimit = 3 * 2 * time.Second
	// idleLimit is the share of a core that ten thousand silent files may cost.
	idleLimit = 3 * 0.05
)

// idleFiles has very many silent files, and a hundred that are written to. What is new is found as if it were alone.
func idleFiles(r *rig) {
	const silent = 10_000
	r.needFiles(silent)
	for i := range silent {
		// A node has some hundred pods; their containers leave more files.
		pod := testkit.Pod{Namespace: "faults", Name: fmt.Sprintf("idle-%d", i/40), UID: fmt.Sprintf("uid-idle-%d", i/40), Container: fmt.Sprintf("c%d", i%40)}
		c := r.containerOf(pod, load{bytes: 100})
		c.print(1)
		c.finish()
	}
	r.start()
	r.await()
	r.note("memory %d MiB", r.memory("VmRSS"))
	before, began := r.cpuTime(), time.Now()
	r.pass(10 * time.Second * time.Duration(times))
	share := (r.cpuTime() - before).Seconds() / time.Since(began).Seconds()
	r.note("%.1f %% of a core when idle", 100*share)
	assert.LessOrEqual(r.t, share, idleLimit, "share of a core that %d idle files cost", silent)

	for i := range 100 {
		r.container(fmt.Sprintf("active-%d", i), load{rate: 20, bytes: 100, chunk: 1 << 10})
	}
	r.arrived()
	longest := time.Duration(0)
	for i := range 5 * times {
		c := r.container(fmt.Sprintf("late-%d", i), load{bytes: 100})
		c.print(1)
		longest = max(longest, r.untilRead(c, 1))
	}
	r.note("a new pod is read after %.1fs at most", longest.Seconds())
	assert.LessOrEqual(r.t, longest, discoveryLimit, "how long it took to find a new pod")
	r.settle()
}

// rotatingFiles has more files that rotate than any other collector keeps in mind between two looks.
func rotatingFiles(r *rig) {
	const files = 1_200
	r.needFiles(4 * files)
	var rotators []*rotator
	for i := range files {
		rotators = append(rotators, newRotator(r.newContainer(fmt.Sprintf("rotating-%d", i), load{bytes: 100}), keptFiles))
	}
	r.start()
	for range 5 * times {
		for _, k := range rotators {
			k.print(2)
			k.rotate()
			k.print(1)
		}
	}
	r.note("%d rotations", files*rotators[0].rotated)
	r.settle()
}

// churn lets pods come and go, and compares what the collector holds after the second half with what it held after the first.
func churn(r *rig) {
	const perSecond = 100
	neighbour := r.container("neighbour", load{bytes: 100})
	neighbour.print(1)
	r.start()
	r.await()
	// There may be a few more connections to the backend.
	descriptors, watches := r.openFiles("")+8, r.watches()
	var memory, open, watched [2]int
	for half := range 2 {
		var young, old []*container
		tick := time.NewTicker(time.Second)
		for second := range 8 * times {
			// Each lives for as long as a line has to be readable, and a second more.
			for i := range perSecond {
				c := r.newContainer(fmt.Sprintf("pod-%d-%d-%d", half, second, i), load{bytes: 100})
				c.print(3)
				young = append(young, c)
			}
			if lived := int(readable/time.Second) + 1; second >= lived {
				old, young = young[:perSecond], young[perSecond:]
				r.remove(old)
			}
			<-tick.C
		}
		tick.Stop()
		r.pass(readable)
		peak := r.openFiles("")
		r.remove(young)
		neighbour.print(1)
		r.await()
		r.eventually(patience, func() bool { return r.openFiles("") <= descriptors && r.watches() <= watches })
		memory[half], open[half], watched[half] = r.memory("VmHWM"), r.openFiles(""), r.watches()
		r.note("%d to %d descriptors, %d watches, %d MiB at most", peak, open[half], watched[half], memory[half])
		if peak <= descriptors {
			r.t.Error("no file of the pods was open: the row tests nothing")
		}
	}
	assert.LessOrEqual(r.t, open[1], descriptors, "open descriptors after the pods are gone")
	assert.LessOrEqual(r.t, watched[1], watches, "watched folders after the pods are gone")
	// What is known of a pod stays for some minutes: a few kilobytes for each.
	known := perSecond * 8 * times * 8 >> 10
	assert.LessOrEqual(r.t, memory[1], memory[0]+memory[0]/20+known, "memory in MiB: the second half takes more than the first")
	r.settle()
}

// untilRead waits until so many lines of a container have arrived, and returns how long that took.
func (r *rig) untilRead(c *container, lines int) time.Duration {
	r.t.Helper()
	began := time.Now()
	testkit.Eventually(r.t, patience, "the lines of "+c.pod.Name, func() bool { return r.oracle.cameOf(c.id) == lines })
	return time.Since(began)
}

// cameOf is how many lines of a container have arrived.
func (o *oracle) cameOf(id int) (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.sources[id].lines {
		if l.came > 0 {
			n++
		}
	}
	return n
}

// printed is how many lines a container has printed.
func (c *container) printed() int {
	c.oracle.mu.Lock()
	defer c.oracle.mu.Unlock()
	return len(c.oracle.sources[c.id].lines)
}

// needFiles skips the row where a process may not open so many files.
func (r *rig) needFiles(n int) {
	r.t.Helper()
	raw, err := os.ReadFile("/proc/self/limits")
	require.NoError(r.t, err)
	for _, line := range strings.Split(string(raw), "\n") {
		if rest, ok := strings.CutPrefix(line, "Max open files"); ok {
			if limit, _ := strconv.Atoi(strings.Fields(rest)[1]); limit < n+n/10+200 {
				r.t.Skipf("a process may open %d files here, and the row has %d", limit, n)
			}
		}
	}
}

// watches is how many folders the collector watches.
func (r *rig) watches() (n int) {
	dir := fmt.Sprintf("/proc/%d/fdinfo", r.process.Pid())
	list, err := os.ReadDir(dir)
	require.NoError(r.t, err)
	for _, fd := range list {
		if raw, err := os.ReadFile(dir + "/" + fd.Name()); err == nil {
			n += strings.Count("\n"+string(raw), "\ninotify wd:")
		}
	}
	return n
}
