// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"sync"
	"time"
)

// apiServer is what is in trouble when the API server does not answer.
const apiServer = "API server"

// storage is what is in trouble when nothing can be stored.
const storage = "storage"

// Notice tells a person that something is in trouble, or no longer.
type Notice struct {
	// What is the API server, the storage, or a resource that may not be read.
	What string
	// Err says what is wrong and what to do; nil is the end of the trouble.
	Err error
	// For is how long a trouble that is over has lasted.
	For time.Duration
}

// trouble tells each trouble once when it begins and once when it is over, whatever is tried
// in between. It may be used by several goroutines.
type trouble struct {
	tell func(Notice)

	mu  sync.Mutex
	all map[string]*ailment
}

type ailment struct {
	since time.Time
	times int
	told  bool
}

// failed says that something went wrong. A first time may be chance: a server that starts anew, or
// a connection that a balancer has cut.
func (t *trouble) failed(what string, err error) { t.report(what, err, 2) }

// denied says that something went wrong that does not come by chance.
func (t *trouble) denied(what string, err error) { t.report(what, err, 1) }

func (t *trouble) report(what string, err error, from int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.all[what]
	if a == nil {
		a = &ailment{since: time.Now()}
		t.all[what] = a
	}
	if a.times++; a.told || a.times < from {
		return
	}
	a.told = true
	t.tell(Notice{What: what, Err: err})
}

func (t *trouble) over(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.all[what]
	delete(t.all, what)
	if a != nil && a.told {
		t.tell(Notice{What: what, For: time.Since(a.since)})
	}
}
