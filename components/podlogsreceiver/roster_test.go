// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/components/internal/tail"
)

func TestAPodIsAskedForAsLongAsThereIsSomethingOfIt(t *testing.T) {
	c := newCluster(t)
	r := newRoster(c.config, newTrouble(c.settings.Logger, nil))
	require.NoError(t, r.find(host{extensions: c.extensions}, c.config.Metadata))
	r.subscribe()
	one := tail.Container{Namespace: "shop", Pod: "web-0", UID: "uid-1", Name: "main"}
	two := one
	two.Name = "side"
	now := time.Now()
	p := r.enter(one, now)
	assert.Same(t, p, r.enter(two, now))
	assert.Len(t, r.waiting, 1)
	r.leave(one)
	assert.Len(t, r.pods, 1)
	r.leave(two)
	r.leave(two)
	assert.Empty(t, r.pods)
	assert.Empty(t, r.waiting)
	assert.Zero(t, c.provider.Tracking())
	assert.NotSame(t, p, r.enter(one, now))
	assert.Equal(t, 1, c.provider.Tracking())
	r.close()
	assert.Empty(t, r.pods)
	assert.Zero(t, c.provider.Tracking())
}

func TestADeletedPodIsKnownUntilItsFilesAreGone(t *testing.T) {
	c := newCluster(t)
	id := tail.Container{Namespace: "shop", Pod: "web-0", UID: "uid-1", Name: "main"}
	web := apiPod("web-0", "uid-1", has{"app": "web"}, nil)
	c.provider.SetPod(web)
	known := func() bool {
		tracked := c.provider.Track(keyOf(id))
		defer tracked.Release()
		return tracked.Known() != nil
	}
	run := func() *roster {
		r := newRoster(c.config, newTrouble(c.settings.Logger, nil))
		require.NoError(t, r.find(host{extensions: c.extensions}, c.config.Metadata))
		r.subscribe()
		r.enter(id, time.Now())
		return r
	}
	r := run()
	c.provider.DeletePod(web)
	assert.True(t, known())
	r.close()
	assert.True(t, known(), "there is more of it to be read")
	r = run()
	r.leave(id)
	assert.False(t, known())
	r.close()
}
