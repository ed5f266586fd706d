// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// model is what a test knows of the cluster: the labels that each pod has ever had, by the names of
// its log folder.
type model struct {
	live   map[string]*corev1.Pod // By namespace/name.
	labels map[Key]map[string]bool
	next   int
}

func (m *model) note(p *corev1.Pod) {
	keys := []Key{keyOf(p)}
	if hash := p.Annotations[hashAnnotation]; hash != "" {
		keys = append(keys, Key{Namespace: p.Namespace, Name: p.Name, UID: hash})
	}
	for _, key := range keys {
		if m.labels[key] == nil {
			m.labels[key] = map[string]bool{}
		}
		m.labels[key][p.Labels["is"]] = true
	}
}

// TestNobodyGetsTheLabelsOfAnotherPod lets pods come, change, go, and reuse names, while watches are cut
// or silent, versions are forgotten, the server is away, and the collector is started anew. At
// every moment what is known of a folder is a state of its own pod, or nothing. At the end, when all is
// well, it is the newest.
func TestNobodyGetsTheLabelsOfAnotherPod(t *testing.T) {
	for seed := range uint64(40) {
		bubble(t, fmt.Sprintf("seed %d", seed), func(t *testing.T) { random(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func random(t *testing.T, r *rand.Rand) {
	m := &model{live: map[string]*corev1.Pod{}, labels: map[Key]map[string]bool{}}
	s, store := newServer(), newMemory()
	w := start(t, s, store, Rules{})
	tracked := map[Key]*Tracked{}
	wrong := func(key Key, got string) bool { return got != "nothing" && !m.labels[key][got] }
	for range 400 {
		namespace, name := []string{"a", "b"}[r.IntN(2)], fmt.Sprintf("pod-%d", r.IntN(4))
		at := namespace + "/" + name
		switch r.IntN(16) {
		case 0, 1, 2, 3: // A pod comes, or changes.
			m.next++
			p := m.live[at]
			if p == nil {
				p = podOf(namespace, name, fmt.Sprintf("uid-%d", m.next))
				if r.IntN(3) == 0 { // A static one, whose hash comes again.
					withHash(fmt.Sprintf("hash-%d", r.IntN(3)))(p)
				}
				m.live[at] = p
			}
			p.Labels["is"] = fmt.Sprintf("%s of %s", p.UID, strings.Repeat("x", r.IntN(4)))
			m.note(p)
			s.set(p)
		case 4, 5:
			if p := m.live[at]; p != nil {
				delete(m.live, at)
				s.remove(p)
			}
		case 6, 7, 8: // A folder is seen, of one that is, was, or never was.
			key := Key{namespace, name, fmt.Sprintf("uid-%d", r.IntN(m.next+2))}
			if p := m.live[at]; p != nil && r.IntN(2) == 0 {
				key = keyOf(p)
			}
			if r.IntN(4) == 0 {
				key.UID = fmt.Sprintf("hash-%d", r.IntN(3))
			}
			if tracked[key] == nil {
				tracked[key] = w.Track(key)
			}
		case 9:
			for key, one := range tracked {
				if r.IntN(2) == 0 {
					one.Release()
				} else {
					one.Forget()
				}
				delete(tracked, key)
				break
			}
		case 10:
			s.setMute(r.IntN(2) == 0)
		case 11:
			s.forget()
		case 12:
			s.setFault(nil)
			if r.IntN(2) == 0 {
				s.setFault(refuse)
			}
		case 13:
			w.Close()
			w = start(t, s, store, Rules{})
			for key := range tracked {
				tracked[key] = w.Track(key)
			}
		default:
			pass(time.Duration(r.IntN(30_000)) * time.Millisecond)
		}
		for key, one := range tracked {
			if got := label(one); wrong(key, got) {
				t.Fatalf("%s has the labels %q, its own were %v", key, got, m.labels[key])
			}
		}
	}
	s.setFault(nil)
	s.setMute(false)
	for _, p := range m.live {
		for _, key := range []Key{keyOf(p), {p.Namespace, p.Name, p.Annotations[hashAnnotation]}} {
			if key.UID != "" && tracked[key] == nil {
				tracked[key] = w.Track(key)
			}
		}
	}
	pass(2 * time.Minute)
	for _, p := range m.live {
		if got := label(tracked[keyOf(p)]); got != p.Labels["is"] {
			t.Fatalf("%s has the labels %q instead of %q", keyOf(p), got, p.Labels["is"])
		}
		hash := Key{p.Namespace, p.Name, p.Annotations[hashAnnotation]}
		if hash.UID != "" && label(tracked[hash]) != p.Labels["is"] {
			t.Fatalf("%s has the labels %q instead of %q", hash, label(tracked[hash]), p.Labels["is"])
		}
	}
	w.Close()
}
