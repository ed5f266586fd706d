// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLookup(t *testing.T) {
	bubble(t, "a pod that the watch does not bring is asked for after a second", func(t *testing.T) {
		s := newServer(podOf("shop", "other", "9"))
		w := start(t, s, nil, Rules{})
		defer w.Close()
		pass(time.Second)
		s.setMute(true)
		late, static := podOf("shop", "late", "1"), podOf("kube-system", "etcd-node-a", "2", withHash("hash"))
		s.set(late)
		s.set(static)
		tracked, mirror := w.Track(keyOf(late)), w.Track(Key{"kube-system", "etcd-node-a", "hash"})
		pass(900 * time.Millisecond)
		assert.Equal(t, "nothing", label(tracked))
		pass(600 * time.Millisecond)
		assert.Equal(t, "1", label(tracked))
		assert.Equal(t, "2", label(mirror))
		assert.Equal(t, 2, s.count("get pods"))
	})

	bubble(t, "another pod with the name is not it", func(t *testing.T) {
		s := newServer(podOf("shop", "web", "new"))
		w := start(t, s, nil, Rules{})
		defer w.Close()
		tracked := w.Track(Key{"shop", "web", "old"})
		pass(time.Hour)
		assert.Equal(t, "nothing", label(tracked))
		assert.Equal(t, 1, w.Stats().Unknown)
		assert.Less(t, s.count("get pods"), 25, "with growing pauses")
		assert.Greater(t, s.count("get pods"), 10)
		tracked.Release()
		assert.Zero(t, w.Stats().Unknown)
		before := s.count("get pods")
		pass(time.Hour)
		assert.Equal(t, before, s.count("get pods"))
		assert.Empty(t, w.said())
	})

	bubble(t, "a hundred unknown pods are no storm", func(t *testing.T) {
		s := newServer()
		w := start(t, s, nil, Rules{})
		defer w.Close()
		for i := range 100 {
			w.Track(Key{"shop", fmt.Sprintf("gone-%d", i), "x"})
		}
		for second := range 60 {
			before := s.count("get pods")
			pass(time.Second)
			require.LessOrEqual(t, s.count("get pods")-before, 4, "in second %d", second)
		}
	})

	bubble(t, "without the right to read single pods the watch works", func(t *testing.T) {
		web := podOf("shop", "web", "1")
		s := newServer(web)
		s.setFault(func(_ *http.Request, c call) (*http.Response, error) {
			if c.verb == "get" {
				return answer(403, "{}"), nil
			}
			return nil, nil
		})
		w := start(t, s, nil, Rules{})
		defer w.Close()
		tracked := w.Track(keyOf(web))
		w.Track(Key{"shop", "none", "x"})
		pass(time.Hour)
		assert.Equal(t, "1", label(tracked))
		assert.LessOrEqual(t, s.count("get pods"), 60*60/30)
		assert.Equal(t, []string{"single pods is ill"}, w.said())
		require.ErrorContains(t, w.errs[0], `{apiGroups: [""], resources: [pods], verbs: [get, list, watch]}`)
	})
}
