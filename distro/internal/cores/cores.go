// SPDX-License-Identifier: Apache-2.0

package cores

import (
	"os"
	"runtime"
	"sync"
	"time"
)

// interval is how long processors must have been busy before there are more of them. A
// backlog of some million lines is over by then.
const interval = 10 * time.Second

// machine is what there is to read and to set.
type machine struct {
	// used returns the CPU time of the process, and whether the system says it.
	used func() (sum time.Duration, known bool)
	// set changes GOMAXPROCS.
	set func(int)
	// most returns what GOMAXPROCS would be if nobody set it. It may change it.
	most func() int
}

// thisMachine is the one that runs the process. Go knows how many processors it has, and the
// CPU limit of the container, which may change.
var thisMachine = machine{
	used: used,
	set:  func(n int) { runtime.GOMAXPROCS(n) },
	most: func() int {
		runtime.SetDefaultGOMAXPROCS()
		return runtime.GOMAXPROCS(0)
	},
}

// Keep runs Go on one processor, and on more while these are busy for 10 s on end, until
// stop is called. It calls changed whenever the number is another one, which is not said
// of the first. It leaves alone what the user says with GOMAXPROCS, and where the system
// does not say how much CPU time was used.
func Keep(changed func(before, now int)) (stop func()) {
	if _, known := used(); !known || os.Getenv("GOMAXPROCS") != "" {
		return func() {}
	}
	done := make(chan struct{})
	var running sync.WaitGroup
	thisMachine.set(1)
	running.Go(func() { thisMachine.keep(done, changed) })
	return func() {
		close(done)
		running.Wait()
		thisMachine.most()
	}
}

// keep sees to it that the processors are as many as are needed, from one on.
func (m machine) keep(done <-chan struct{}, changed func(before, now int)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	processors := 1
	since := time.Now()
	before, _ := m.used()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		now := time.Now()
		sum, _ := m.used()
		atWork := (sum - before).Seconds() / now.Sub(since).Seconds()
		since, before = now, sum
		if processors == 1 && next(1, 2, atWork) == 1 {
			continue // Nearly always: the limit need not be read.
		}
		wanted := next(processors, m.most(), atWork)
		m.set(wanted)
		if wanted != processors {
			changed(processors, wanted)
		}
		processors = wanted
	}
}
