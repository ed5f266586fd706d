// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var webID = Container{Namespace: "shop", Pod: "web-0", UID: "uid", Name: "main"}

func TestAContainerThatIsNotWantedAnyMoreIsLeftWhereItIs(t *testing.T) {
	both(t, func(t *testing.T, n *node) {
		n.start()
		n.write(web, "0.log", "one")
		n.wants("one")
		n.want(webID, false)
		n.eventually(func() bool { return n.tail.Gauges().Containers == 0 }, "it is not read")
		n.write(web, "0.log", "two")
		n.write("shop_web-1_uid/main", "0.log", "other")
		n.wants("one", "other")
		n.stop() // What is stored does not depend on whether it is wanted.
		require.NotEmpty(t, n.marks[webID])
		n.start()
		n.write("shop_web-1_uid/main", "0.log", "another")
		n.wants("one", "other", "another")
		n.want(webID, true)
		n.wants("one", "other", "another", "two")
		n.write(web, "0.log", "three")
		n.wants("one", "other", "another", "two", "three")
	})
}

func TestACopyOfWhatIsNotWantedIsRemoved(t *testing.T) {
	n := newNode(t)
	n.start()
	n.set(func() { n.full = true })
	n.write(web, "0.log", numbered(0, 1000)...)
	n.eventually(func() bool { return n.tail.Gauges().Reading+n.tail.Gauges().Idle > 0 }, "the file is known")
	require.NoError(t, os.RemoveAll(filepath.Join(n.options.Root, "shop_web-0_uid")))
	n.stop()
	require.Equal(t, 1, n.count(Spilled))
	n.start()
	n.eventually(func() bool { return n.tail.Gauges().Copied == 1 }, "the copy is taken up")
	n.want(webID, false)
	n.eventually(func() bool {
		copies, err := os.ReadDir(n.spills)
		return err == nil && len(copies) == 0
	}, "the copy is removed")
	n.set(func() { n.full = false })
	n.write("shop_web-1_uid/main", "0.log", "other")
	n.wants("other")
}

func TestAContainerThatIsGoneIsForgotten(t *testing.T) {
	n := newNode(t)
	n.unwanted[webID] = true
	n.start()
	n.write(web, "0.log", "one")
	n.write("shop_web-1_uid/main", "0.log", "other")
	n.wants("other")
	require.NoError(t, os.RemoveAll(filepath.Join(n.options.Root, "shop_web-0_uid")))
	n.eventually(func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		return n.forgotten[webID]
	}, "it is forgotten")
	n.stop()
	assert.Empty(t, n.marks[webID])
}
