// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pausing lets nothing be read of a container before a time, and all of the others.
func pausing(container string, until *time.Time) func(*File, int64, int64) (int64, time.Time) {
	return func(f *File, most, _ int64) (int64, time.Time) {
		if f.Container().Folder() == container && time.Now().Before(*until) {
			return 0, *until
		}
		return most, time.Time{}
	}
}

func TestAPausedFileBlocksNoOther(t *testing.T) {
	n := newNode(t)
	const other = "shop_web-1_uid/main"
	end := time.Now().Add(time.Hour)
	n.grant = pausing(web, &end)
	n.write(web, "0.log", numbered(0, 3)...)
	n.start()
	n.eventually(func() bool { return n.tail.Gauges().Paused == 1 }, "the file is paused")
	n.write(other, "0.log", numbered(10, 2)...)
	n.wants(numbered(10, 2)...)
	asked := func() int {
		n.mu.Lock()
		defer n.mu.Unlock()
		return n.asked
	}
	before := asked()
	n.write(other, "0.log", numbered(20, 2)...)
	n.eventually(func() bool { return len(n.lines()) == 4 }, "what comes later")
	assert.Less(t, asked()-before, 10, "nobody asks again for what is paused")
}

func TestAPausedFileGoesOnInTime(t *testing.T) {
	n := newNode(t)
	end := time.Now().Add(300 * time.Millisecond)
	n.grant = pausing(web, &end)
	n.write(web, "0.log", numbered(0, 3)...)
	n.start()
	n.wants(numbered(0, 3)...)
	late := time.Since(end)
	assert.Positive(t, late)
	assert.Less(t, late, time.Second, "no later than it may")
	n.eventually(func() bool {
		g := n.tail.Gauges()
		return g.Paused == 0 && g.PausedSeconds == 0
	}, "it is not paused any more")
}

func TestWhatIsPausedIsBehind(t *testing.T) {
	n := newNode(t)
	end := time.Now().Add(time.Hour)
	n.grant = pausing(web, &end)
	n.write(web, "0.log", numbered(0, 3)...)
	n.start()
	n.eventually(func() bool { return n.tail.Gauges().PausedSeconds > 1 }, "for how long it is paused")
	g := n.tail.Gauges()
	assert.Positive(t, g.LagBytes)
	assert.Greater(t, g.LagSeconds, 1.0)
	assert.Zero(t, g.Reading)
	n.write(web, "0.log", numbered(3, 3)...)
	n.eventually(func() bool { return n.tail.Gauges().LagBytes > g.LagBytes }, "what is written meanwhile is behind, too")
}

// What is paused when its name goes is copied aside, and read from there when it may be.
func TestAPausedFileIsCopiedAside(t *testing.T) {
	n := newNode(t)
	end := time.Now().Add(time.Hour)
	n.grant = pausing(web, &end)
	n.write(web, "0.log", numbered(0, 3)...)
	n.start()
	n.eventually(func() bool { return n.tail.Gauges().Paused == 1 }, "the file is paused")
	require.NoError(t, os.Remove(n.path(web, "0.log")))
	n.eventually(func() bool { return n.tail.Gauges().AtRiskBytes > 0 || n.count(Spilled) == 1 }, "the bytes are at risk")
	n.eventually(func() bool { return n.count(Spilled) == 1 }, "the copy")
	n.kill()
	n.grant = nil
	n.start()
	n.wants(numbered(0, 3)...)
}

func TestSmallGrants(t *testing.T) {
	n := newNode(t)
	long := "2026-11-20T10:00:00.1Z stdout F " + strings.Repeat("x", 5000)
	var largest int64
	n.grant = func(_ *File, most, least int64) (int64, time.Time) {
		granted := min(most, max(least, 200))
		largest = max(largest, granted)
		return granted, time.Time{}
	}
	n.write(web, "0.log", append(numbered(0, 50), long, "end")...)
	n.start()
	n.wants(append(numbered(0, 50), long, "end")...)
	n.mu.Lock()
	defer n.mu.Unlock()
	assert.Greater(t, largest, int64(len(long)), "what it takes for a long line")
	assert.Less(t, largest, int64(4*len(long)))
	assert.Greater(t, n.asked, 12, "and no more at once otherwise")
}

func TestSmallGrantsOfAnArchive(t *testing.T) {
	n := newNode(t)
	n.grant = func(_ *File, most, least int64) (int64, time.Time) { return min(most, max(least, 100)), time.Time{} }
	n.write(web, "0.log.20261120-100500", append(numbered(0, 200), strings.Repeat("y", 3000))...)
	compress(t, n.path(web, "0.log.20261120-100500"))
	n.start()
	n.wants(append(numbered(0, 200), strings.Repeat("y", 3000))...)
}
