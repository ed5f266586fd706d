// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Key is how the log folder of a pod names it: <namespace>_<name>_<uid>. UID is the uid of the
// pod, or for a static pod the hash of its manifest. It may be a key of maps.
type Key struct{ Namespace, Name, UID string }

// String returns the name of the folder.
func (k Key) String() string { return k.Namespace + "_" + k.Name + "_" + k.UID }

// ParseKey reads the name of a folder. It reports false for a name that no pod has. Neither
// a namespace nor the name of a pod has an underscore.
func ParseKey(folder string) (Key, bool) {
	parts := strings.Split(folder, "_")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return Key{}, false
	}
	return Key{Namespace: parts[0], Name: parts[1], UID: parts[2]}, true
}

// Provider answers what is known of pods. It may be used by several goroutines.
type Provider interface {
	// Track begins to ask for a pod. Until Release or Forget the pod stays known, also when
	// it is deleted.
	Track(Key) *Tracked
	// Changes begins to tell of what is known of tracked pods. Each call returns changes of
	// its own.
	Changes() *Changes
}

// Tracked is a pod that somebody asks for. It may be used by several goroutines.
type Tracked struct {
	slot *slot
	end  func(over bool)
	once sync.Once
}

// slot is where all who track a pod find what is known of it.
type slot struct {
	known atomic.Pointer[Known]
	// since is when the pod was first tracked.
	since time.Time
	// users counts those who track the pod. The lock of the cache guards it.
	users int
}

// Known returns what is known of the pod, nil while that is nothing, and another pointer after
// each change. It takes no lock.
func (t *Tracked) Known() *Known { return t.slot.known.Load() }

// Release ends the interest in the pod for now: somebody may ask again. When it is deleted, it
// stays known for a while. Further calls, and those of Forget, do nothing.
func (t *Tracked) Release() { t.once.Do(func() { t.end(false) }) }

// Forget ends the interest in a pod of which nothing is left. When it is deleted, it is not known any
// more. Further calls, and those of Release, do nothing.
func (t *Tracked) Forget() { t.once.Do(func() { t.end(true) }) }

// signal wakes whoever waits on the channel, which holds one signal.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
