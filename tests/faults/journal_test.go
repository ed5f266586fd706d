// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"math/rand/v2"
	"time"
)

// journal is a journal that services print to.
type journal interface {
	// Send writes an entry of fields, each NAME=value.
	Send(fields ...string)
	// Rotate begins new files.
	Rotate()
}

const (
	// journald costs more than a file, so services print less often than containers.
	journalShare = 4
	// journalSlack is how much later than its mark an entry may get its time, which is journald's: when the disk is busy,
	// journald takes nothing for a while. That times are right to the microsecond is a test of the receiver.
	journalSlack = 10 * time.Minute
)

// newService makes a container whose lines go to the journal, with its name as the identifier.
func (r *rig) newService(name string, l load) *container {
	l.rate /= journalShare
	c := &container{
		t: r.t, oracle: r.oracle, load: l, journal: r.journal, random: rand.New(rand.NewPCG(r.seed, r.random.Uint64())),
		id:   r.oracle.add(name, arrival{container: name}, journalSlack),
		stop: make(chan struct{}), ended: make(chan struct{}),
	}
	c.pod.Container = name
	go c.run()
	r.t.Cleanup(c.finish)
	return c
}
