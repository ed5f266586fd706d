// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

// clock is a time that a test sets.
type clock struct{ now time.Time }

func (c *clock) read() time.Time                { return c.now }
func (c *clock) pass(d time.Duration)           { c.now = c.now.Add(d) }
func newClock() *clock                          { return &clock{now: time.Now()} }
func cacheWith(c *clock) *cache                 { cache := newCache(&Rules{}); cache.now = c.read; return cache }
func set(t *testing.T, c *cache, p *corev1.Pod) { t.Helper(); c.put(parsed(t, p, c.rules)) }

func TestAPodThatReusesANameGetsWhatIsItsOwn(t *testing.T) {
	c := newCache(&Rules{})
	first, second := c.Track(Key{"shop", "web", "1"}), c.Track(Key{"shop", "web", "2"})
	other := c.Track(Key{"bank", "web", "1"})
	set(t, c, podOf("shop", "web", "1"))
	assert.Equal(t, "1", label(first))
	assert.Equal(t, "nothing", label(second))
	c.gone(Key{"shop", "web", "1"})
	set(t, c, podOf("shop", "web", "2"))
	assert.Equal(t, "1", label(first))
	assert.Equal(t, "2", label(second))
	assert.Equal(t, "nothing", label(other))
}

func TestStaticPods(t *testing.T) {
	folder := func(hash string) Key { return Key{"kube-system", "etcd-node-a", hash} }
	t.Run("are found by the hash of their manifest", func(t *testing.T) {
		c := newCache(&Rules{})
		tracked := c.Track(folder("hash-1"))
		set(t, c, podOf("kube-system", "etcd-node-a", "1", withHash("hash-1")))
		assert.Equal(t, "1", label(tracked))
		assert.Equal(t, "1", label(c.Track(folder("1"))), "an annotation can be copied to a pod that is not static")
		assert.Equal(t, "nothing", label(c.Track(folder("hash-2"))))
	})
	t.Run("have a new mirror when somebody deletes it", func(t *testing.T) {
		c := newCache(&Rules{})
		tracked := c.Track(folder("hash-1"))
		set(t, c, podOf("kube-system", "etcd-node-a", "1", withHash("hash-1")))
		c.gone(folder("1"))
		assert.Equal(t, "1", label(tracked))
		set(t, c, podOf("kube-system", "etcd-node-a", "2", withHash("hash-1")))
		assert.Equal(t, "2", label(tracked))
		clock := newClock()
		c.now = clock.read
		clock.pass(time.Hour)
		c.sweep()
		assert.Len(t, c.records, 1)
		set(t, c, podOf("kube-system", "etcd-node-a", "2", withHash("hash-1"), withLabel("new")))
		assert.Equal(t, "new", label(tracked), "the old mirror took nothing along")
	})
	t.Run("have another hash when their manifest changes", func(t *testing.T) {
		c := newCache(&Rules{})
		before, after := c.Track(folder("hash-1")), c.Track(folder("hash-2"))
		set(t, c, podOf("kube-system", "etcd-node-a", "1", withHash("hash-1")))
		c.gone(folder("1"))
		set(t, c, podOf("kube-system", "etcd-node-a", "2", withHash("hash-2")))
		assert.Equal(t, "1", label(before))
		assert.Equal(t, "2", label(after))
	})
	t.Run("need the mark of a mirror", func(t *testing.T) {
		c := newCache(&Rules{})
		tracked := c.Track(folder("hash-1"))
		set(t, c, podOf("kube-system", "etcd-node-a", "1", annotated(hashAnnotation+"=hash-1")))
		assert.Equal(t, "nothing", label(tracked))
	})
}

func TestAChangeIsSeen(t *testing.T) {
	c := newCache(&Rules{})
	one, two := c.Changes(), c.Changes()
	changed := func(changes *Changes) bool {
		select {
		case <-changes.Signal():
			assert.Equal(t, []Key{{"shop", "web", "1"}}, changes.Take())
			return true
		default:
			assert.Empty(t, changes.Take())
			return false
		}
	}
	set(t, c, podOf("shop", "web", "1"))
	assert.False(t, changed(one), "nobody tracks it")
	tracked := c.Track(Key{"shop", "web", "1"})
	assert.Equal(t, "1", label(tracked))
	known := tracked.Known()
	set(t, c, podOf("shop", "web", "1"))
	assert.False(t, changed(one), "nothing that is kept has changed")
	assert.Same(t, known, tracked.Known())
	set(t, c, podOf("shop", "web", "1", withLabel("a")))
	set(t, c, podOf("shop", "web", "1", withLabel("b")))
	assert.True(t, changed(one))
	assert.False(t, changed(one), "signals become one")
	assert.True(t, changed(two))
	assert.Equal(t, "1", known.Labels()["is"], "what was known is not changed")
	one.Stop()
	set(t, c, podOf("shop", "web", "1", withLabel("c")))
	assert.False(t, changed(one))
	assert.True(t, changed(two))
	two.Stop()
	two.Stop()
	tracked.Release()
	set(t, c, podOf("shop", "web", "1", withLabel("d")))
	assert.False(t, changed(two))
}

func TestDeletedPodsStayForAWhile(t *testing.T) {
	key := Key{"shop", "web", "1"}
	for _, tt := range []struct {
		name string
		run  func(c *cache, clock *clock)
		want string
	}{
		{"nobody tracks it, for 9 minutes", func(c *cache, clock *clock) { c.gone(key); clock.pass(9 * time.Minute) }, "1"},
		{"nobody tracks it, for 10 minutes", func(c *cache, clock *clock) { c.gone(key); clock.pass(10 * time.Minute) }, "nothing"},
		{"it is tracked for a day", func(c *cache, clock *clock) { c.Track(key); c.gone(key); clock.pass(24 * time.Hour) }, "1"},
		{"it was released a while ago", func(c *cache, clock *clock) {
			tracked := c.Track(key)
			c.gone(key)
			clock.pass(time.Hour)
			tracked.Release()
			tracked.Forget()
			c.sweep()
			clock.pass(9 * time.Minute)
		}, "1"},
		{"it was released 10 minutes ago", func(c *cache, clock *clock) {
			tracked := c.Track(key)
			c.gone(key)
			tracked.Release()
			clock.pass(10 * time.Minute)
		}, "nothing"},
		{"it was released before it was deleted", func(c *cache, clock *clock) {
			c.Track(key).Release()
			clock.pass(time.Hour)
			c.gone(key)
			clock.pass(9 * time.Minute)
		}, "1"},
		{"nothing was left of it when it was deleted", func(c *cache, _ *clock) { c.Track(key).Forget(); c.gone(key) }, "nothing"},
		{"nothing is left of it since it was deleted", func(c *cache, _ *clock) {
			tracked := c.Track(key)
			c.gone(key)
			tracked.Forget()
			assert.Empty(t, c.records, "at once")
		}, "nothing"},
		{"nothing is left of it for one of two", func(c *cache, clock *clock) {
			c.Track(key)
			tracked := c.Track(key)
			c.gone(key)
			tracked.Forget()
			clock.pass(time.Hour)
		}, "1"},
		{"nothing was left of it, and then it was tracked again", func(c *cache, clock *clock) {
			c.Track(key).Forget()
			c.Track(key)
			c.gone(key)
			clock.pass(time.Hour)
		}, "1"},
		{"nothing was left of it, and then it was tracked and released", func(c *cache, _ *clock) {
			c.Track(key).Forget()
			c.Track(key).Release()
			c.gone(key)
		}, "1"},
		{"nothing is left of it, and it is not deleted", func(c *cache, clock *clock) { c.Track(key).Forget(); clock.pass(time.Hour) }, "1"},
		{"one of two has released it", func(c *cache, clock *clock) {
			tracked := c.Track(key)
			c.Track(key)
			c.gone(key)
			tracked.Release()
			tracked.Release()
			clock.pass(time.Hour)
		}, "1"},
		{"it is not deleted, and nobody has ever tracked it", func(_ *cache, clock *clock) { clock.pass(24 * time.Hour) }, "1"},
		{"it is missing in a list", func(c *cache, clock *clock) { c.replace(nil); clock.pass(time.Hour) }, "nothing"},
		{"it comes back", func(c *cache, clock *clock) {
			c.gone(key)
			c.replace([]*pod{{Namespace: "shop", Name: "web", UID: "1", Labels: map[string]string{"is": "back"}}})
			clock.pass(time.Hour)
		}, "back"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clock := newClock()
			c := cacheWith(clock)
			set(t, c, podOf("shop", "web", "1"))
			tt.run(c, clock)
			c.sweep()
			assert.Equal(t, tt.want, label(c.Track(key)))
		})
	}
}

func TestAMirrorIsNotForgottenWithTheOneBefore(t *testing.T) {
	c := newCache(&Rules{})
	folder := Key{"kube-system", "etcd-node-a", "hash-1"}
	first, second := c.Track(Key{"kube-system", "etcd-node-a", "1"}), c.Track(folder)
	set(t, c, podOf("kube-system", "etcd-node-a", "1", withHash("hash-1")))
	c.gone(Key{"kube-system", "etcd-node-a", "1"})
	first.Forget()
	assert.NotNil(t, c.find(folder), "its folder has two names, and by one of them it is tracked")
	set(t, c, podOf("kube-system", "etcd-node-a", "2", withHash("hash-1")))
	second.Forget()
	assert.NotNil(t, c.find(folder), "the new one is not deleted")
}

func TestDeletedNamespacesStayAsLongAsTheirPods(t *testing.T) {
	clock := newClock()
	c := cacheWith(clock)
	set(t, c, podOf("shop", "web", "1"))
	c.putNamespace(&meta{Name: "shop"})
	c.putNamespace(&meta{Name: "empty"})
	c.gone(Key{"shop", "web", "1"})
	c.goneNamespace("shop")
	c.goneNamespace("empty")
	c.sweep()
	require.Len(t, c.namespaces, 1)
	clock.pass(time.Hour)
	c.sweep()
	assert.Empty(t, c.namespaces)

	c.putNamespace(&meta{Name: "shop"})
	c.replaceNamespaces([]*meta{{Name: "bank"}})
	c.sweep()
	assert.Len(t, c.namespaces, 1)
	assert.Contains(t, c.namespaces, "bank")
}

func TestWhoAsksByNameGetsTheRightPod(t *testing.T) {
	c := newCache(&Rules{})
	key := Key{"shop", "web", "1"}
	tracked := c.Track(key)
	assert.False(t, c.putUnknown(key, parsed(t, podOf("shop", "web", "2"), c.rules)), "another pod has the name by now")
	assert.Equal(t, "nothing", label(tracked))
	assert.True(t, c.putUnknown(key, parsed(t, podOf("shop", "web", "1"), c.rules)))
	assert.Equal(t, "1", label(tracked))
	c.putUnknown(key, parsed(t, podOf("shop", "web", "1", withLabel("old")), c.rules))
	assert.Equal(t, "1", label(tracked), "what the watch has brought meanwhile is newer")
	assert.False(t, c.put(&pod{Namespace: "shop", Name: "web"}), "an object without a uid is no pod")
}

func TestOfManyDeletedPodsTheNewestStay(t *testing.T) {
	clock := newClock()
	c := cacheWith(clock)
	tracked := c.Track(Key{"shop", "web-0", "0"})
	for i := range maxDeleted + 100 {
		uid := strconv.Itoa(i)
		set(t, c, podOf("shop", "web-"+uid, uid, withLabel(uid)))
		c.gone(Key{"shop", "web-" + uid, uid})
		clock.pass(100 * time.Millisecond)
		c.sweep()
	}
	known, _ := c.counts()
	assert.Equal(t, maxDeleted+1, known)
	assert.NotNil(t, tracked.Known(), "one that is tracked is none of them")
	assert.Nil(t, c.Track(Key{"shop", "web-1", "1"}).Known())
	assert.NotNil(t, c.Track(Key{"shop", "web-1099", "1099"}).Known())
}

func TestThoseOfWhomNothingIsKnown(t *testing.T) {
	c := newCache(&Rules{})
	key := Key{"shop", "web", "1"}
	c.await(FromNode)
	tracked := c.Track(key)
	assert.Contains(t, c.unknown(), key)
	set(t, c, podOf("shop", "web", "1"))
	assert.Empty(t, c.unknown(), "the pod is there, but for what is said of its node")
	assert.Nil(t, tracked.Known())
	c.arrived(FromNode)
	assert.NotNil(t, tracked.Known())
	assert.Empty(t, c.unheard)
	other := c.Track(Key{"shop", "web", "2"})
	assert.Len(t, c.unknown(), 1)
	other.Release()
	assert.Empty(t, c.unknown())
	assert.Empty(t, c.unheard)
}
