// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// memory is a storage.
type memory struct {
	mu     sync.Mutex
	values map[string][]byte
	saves  int
	fail   bool
}

func newMemory() *memory { return &memory{values: map[string][]byte{}} }

func (m *memory) Load(each func(string, []byte)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, value := range m.values {
		each(key, value)
	}
	return nil
}

func (m *memory) Save(set map[string][]byte, remove []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.saves++
	if m.fail {
		return errors.New("the disk is full")
	}
	maps.Copy(m.values, set)
	for _, key := range remove {
		delete(m.values, key)
	}
	return nil
}

func (m *memory) keys() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.values))
}

// run is a Watcher in a test, with what it said.
type run struct {
	*Watcher
	t       testing.TB
	mu      sync.Mutex
	notices []string
	errs    []error
}

// start begins to watch node-a. The test has to stop it.
func start(t testing.TB, s *server, store Store, rules Rules) *run {
	r := &run{t: t}
	r.Watcher = New(Config{Node: "node-a", Rules: rules, Connect: s.connect, Store: store, Tell: r.hear})
	r.Start()
	return r
}

func (r *run) hear(n Notice) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n.Err == nil {
		r.notices = append(r.notices, n.What+" is well")
		return
	}
	r.notices = append(r.notices, n.What+" is ill")
	r.errs = append(r.errs, n.Err)
}

func (r *run) said() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.notices)
}

// label returns the label "is" of a tracked pod, or "nothing" when nothing is known of it.
func label(t *Tracked) string {
	if t.Known() == nil {
		return "nothing"
	}
	return t.Known().Labels()["is"]
}

// bubble runs a test with a clock of its own.
func bubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

// pass lets time pass until everything has happened that happens in it.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func podOf(namespace, name, uid string, change ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{}
	p.Namespace, p.Name, p.UID, p.Spec.NodeName = namespace, name, types.UID(uid), "node-a"
	p.Labels = map[string]string{"is": uid}
	for _, c := range change {
		c(p)
	}
	return p
}

func withHash(hash string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Annotations = map[string]string{mirrorAnnotation: hash, hashAnnotation: hash}
	}
}

func withLabel(value string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Labels["is"] = value }
}

func keyOf(p *corev1.Pod) Key { return Key{Namespace: p.Namespace, Name: p.Name, UID: string(p.UID)} }

// parsed reads a pod as a Watcher does.
func parsed(t testing.TB, p *corev1.Pod, rules *Rules) *pod {
	t.Helper()
	kept, _, _, err := parsePod([]byte(encode(p)), rules)
	require.NoError(t, err)
	return kept
}
