// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/components/internal/tail"
)

// A limit may be taken away with a restart.
func TestWhatTheProcessBeforeHasDroppedIsTold(t *testing.T) {
	d := newDesk(t, nil)
	before := tail.At(0)
	before.Dropped = tail.Dropped{Lines: 3, Bytes: 90, From: stamp.UnixNano(), To: stamp.UnixNano()}
	in := d.open(before)
	assert.Equal(t, before, in.Position(), "as long as it is not told")
	d.limits.flush(d.podLogs)
	d.flush()
	d.settle()
	assert.Equal(t, before, in.Position(), "as long as that is not delivered")
	assert.Contains(t, d.deliver(0)[0].body, "3 lines (90 bytes)")
	assert.Equal(t, tail.At(0), in.Position())
	d.stop()
}

func TestAStopTellsWhatWasDropped(t *testing.T) {
	t.Parallel()
	n, scrape := withMetrics(t)
	n.config.RateLimit.Namespace = LimitConfig{BytesPerSecond: 42, Policy: policyDrop, Burst: time.Second}
	n.write(web, "0.log", cri("a", "b", "c"))
	n.start()
	n.wants("a")
	require.Eventually(t, func() bool { return scrape()["dropped_log_records"] == 2 }, patience, 5*time.Millisecond)
	s := scrape()
	assert.InDelta(t, 2, s["limited_log_records namespace_limit"], 0)
	assert.InDelta(t, s["dropped_bytes"], s["limited_bytes namespace_limit"], 0)
	n.stop()
	got := n.lines()
	require.Len(t, got, 2)
	assert.Equal(t, web, got[1].container)
	assert.Contains(t, got[1].body, "2 lines (84 bytes) of this container from 2026-11-20T10:00:00.123456789Z to ")

	n.start()
	n.write(web, "0.log", cri("d"))
	require.Eventually(t, func() bool { return len(n.lines()) == 3 }, patience, 5*time.Millisecond)
	assert.Equal(t, "d", n.lines()[2].body, "what was dropped is not delivered by the next run")
}

// What a refused record that tells of dropped lines does to the books.
func TestEachScrapeBalancesWhileLinesAreDropped(t *testing.T) {
	t.Parallel()
	n, scrape := withMetrics(t)
	n.config.RateLimit.Pod = LimitConfig{LinesPerSecond: 200, Policy: policyDrop, Burst: 20 * time.Millisecond}
	n.config.Batch.MaxRecords = 7
	calls := 0
	n.failWith(func([]string) error {
		if calls++; calls%5 == 1 {
			return errors.New("try again")
		}
		return nil
	})
	n.start()
	balance := func() (read float64) {
		s := scrape()
		for _, unit := range []string{"log_records", "bytes"} {
			require.InDelta(t, s["read_"+unit], s["delivered_"+unit]+s["dropped_"+unit]+s["in_flight_"+unit], 0, "%v", s)
		}
		return s["read_log_records"]
	}
	for range 100 {
		n.write(web, "0.log", cri("x", "y", "z"))
		n.write("shop_web-1_uid-2/main", "0.log", cri("x", "y", "z"))
		balance()
	}
	require.Eventually(t, func() bool { return balance() == 600 }, patience, 5*time.Millisecond)
	assert.Positive(t, scrape()["dropped_log_records"])
}

func TestTheAccountGoesWithTheContainer(t *testing.T) {
	d, _ := limited(t, dropping(1))
	d.marks = &marks{stale: map[tail.Container]struct{}{}}
	d.tail = tail.New(tail.Options{Root: t.TempDir()}, d)
	in := d.open(tail.Position{})
	d.take(in, nil, 0, numbered(0, 3))
	assert.Equal(t, 1, d.limits.all.Buckets())
	d.Forgotten(tail.Container{})
	assert.Zero(t, d.limits.all.Buckets())
	assert.Empty(t, d.limits.accounts)
	got := d.stop()
	require.Len(t, got, 2)
	assert.Contains(t, got[1].body, "2 lines (76 bytes)", "it is told before")
	assert.Zero(t, d.limits.pass(d.podLogs, d.now().Add(time.Hour)), "and only once")
}
