// SPDX-License-Identifier: Apache-2.0

package labelkeepprocessor

import (
	"maps"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	// maxVerdicts bounds how many names are remembered. Attribute names come from a fixed set of programs; a sender
	// that invents them shall not make memory grow.
	maxVerdicts = 4096
	// maxVerdictName is the length in bytes up to which a name is remembered.
	maxVerdictName = 256
)

// verdicts remembers for each attribute name whether it is kept, because the spellings of a name are costly to compare
// and the same few names come with every batch. Readers never wait: the map is replaced, not changed. What does not
// fit is decided anew each time.
type verdicts struct {
	names *names
	known atomic.Pointer[map[string]bool]
	// mu is held while the map is replaced.
	mu sync.Mutex
}

func newVerdicts(n *names) *verdicts {
	v := &verdicts{names: n}
	v.known.Store(&map[string]bool{})
	return v
}

func (v *verdicts) keeps(attribute string) bool {
	known := *v.known.Load()
	if keep, ok := known[attribute]; ok {
		return keep
	}
	keep := v.names.keeps(attribute)
	if len(known) < maxVerdicts && len(attribute) <= maxVerdictName {
		v.remember(attribute, keep)
	}
	return keep
}

func (v *verdicts) remember(attribute string, keep bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	known := *v.known.Load()
	if len(known) >= maxVerdicts {
		return
	}
	next := maps.Clone(known)
	// The name may be a part of a whole request, which would stay in memory with it.
	next[strings.Clone(attribute)] = keep
	v.known.Store(&next)
}
