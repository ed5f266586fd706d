// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/tributary-otel/tributary/components/internal/ratelimit"
	"github.com/tributary-otel/tributary/components/internal/tail"
)

// limited is a desk whose time goes on when the test says so.
func limited(t *testing.T, change func(*RateLimitConfig)) (d *desk, pass func(time.Duration)) {
	d = newDesk(t, func(c *Config) { c.MaxLineBytes = 1024; change(&c.RateLimit) })
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	d.clock = func() time.Time { return now }
	return d, func(d time.Duration) { now = now.Add(d) }
}

func dropping(lines int64) func(*RateLimitConfig) {
	return func(c *RateLimitConfig) {
		c.Pod = LimitConfig{LinesPerSecond: lines, Policy: policyDrop, Burst: time.Second}
	}
}

// numbered makes lines of a container, a second apart.
func numbered(from, to int) (text string) {
	for i := from; i < to; i++ {
		text += fmt.Sprintf("2026-11-20T10:00:%02dZ stdout F line %02d\n", i, i)
	}
	return text
}

func TestWhatIsDroppedIsInTheBooksAndTold(t *testing.T) {
	d, pass := limited(t, dropping(3))
	in := d.open(tail.Position{})
	text := numbered(0, 10)
	at := d.take(in, nil, 0, text)
	assert.Equal(t, tellInterval, d.limits.pass(d.podLogs, d.now()))
	pass(time.Second)
	at = d.take(in, nil, at, numbered(10, 15))
	pass(8 * time.Second)
	assert.Equal(t, time.Second, d.limits.pass(d.podLogs, d.now()))
	pass(time.Second)
	assert.Zero(t, d.limits.pass(d.podLogs, d.now()), "there is nothing more to tell")

	d.flush()
	d.settle()
	require.Len(t, d.waiting, 1)
	logs, _ := d.waiting[0].lines.logs()
	require.Equal(t, 1, logs.ResourceLogs().Len(), "it has the resource of its container")
	records := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	require.Equal(t, 7, records.Len())
	told := records.At(6)
	assert.Equal(t, "9 lines (342 bytes) of this container from 2026-11-20T10:00:03Z to 2026-11-20T10:00:14Z were dropped: they are above its rate limit", told.Body().Str())
	assert.Equal(t, plog.SeverityNumberWarn, told.SeverityNumber())
	assert.Equal(t, "WARN", told.SeverityText())
	assert.Equal(t, time.Date(2026, 11, 20, 10, 0, 14, 0, time.UTC), told.Timestamp().AsTime(), "no backend has later ones of these lines")
	assert.Equal(t, map[string]any{
		"tributary.dropped.lines": int64(9), "tributary.dropped.bytes": int64(342),
		"tributary.dropped.from": "2026-11-20T10:00:03Z", "tributary.dropped.to": "2026-11-20T10:00:14Z",
	}, told.Attributes().AsRaw())
	for i := range 6 {
		assert.Equal(t, map[string]any{"log.iostream": "stdout"}, records.At(i).Attributes().AsRaw(), "lines have no such attributes")
		assert.Equal(t, plog.SeverityNumberUnspecified, records.At(i).SeverityNumber())
	}

	stats := d.window.Stats()
	assert.Equal(t, int64(15), stats.Added.Records, "the record itself was not read")
	assert.Equal(t, int64(9), stats.Dropped.Records)
	assert.Equal(t, int64(342), stats.Dropped.Bytes)
	assert.Equal(t, int64(9), d.limits.dropped[ratelimit.Pod].records.Load())
	assert.Zero(t, d.limits.dropped[ratelimit.Namespace].records.Load())
	assert.Zero(t, in.Position(), "nothing is delivered yet")
	d.stop()
	stats = d.window.Stats()
	assert.Equal(t, int64(6), stats.Delivered.Records)
	assert.Equal(t, at, stats.Added.Bytes)
	assert.Zero(t, stats.InFlight)
	assert.Equal(t, tail.At(at), offsets(in), "what is dropped is not read again")
}

// offsets is the position without what has to be told.
func offsets(in *intake) tail.Position {
	p := in.Position()
	p.Dropped = tail.Dropped{}
	return p
}

func TestThePositionPassesWhatIsDropped(t *testing.T) {
	d, pass := limited(t, dropping(1))
	in := d.open(tail.Position{})
	at := d.take(in, nil, 0, numbered(0, 1))
	d.flush()
	d.settle()
	d.deliver(0)
	at = d.take(in, nil, at, numbered(1, 9))
	assert.Equal(t, tail.At(at), offsets(in), "nothing stands before it")
	pass(time.Second)
	at = d.take(in, nil, at, numbered(9, 20))
	assert.NotEqual(t, tail.At(at), offsets(in), "a line that is not delivered stands before it")
	d.stop()
	assert.Equal(t, tail.At(at), offsets(in))
}

func TestALineIsDroppedWhole(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 160) // 2560 bytes
	for name, tt := range map[string]struct {
		// files come one after the other; what is behind a | comes with the next chunk.
		files []string
		// lines are in the books.
		lines int64
	}{
		"a line":                                   {[]string{out + "F x\n"}, 1},
		"the pieces of a line":                     {[]string{out + "P x\n" + out + "P y\n" + out + "F z\n"}, 1},
		"the pieces of both streams":               {[]string{out + "P x\n" + errs + "P a\n" + out + "F y\n" + errs + "F b\n"}, 2},
		"pieces in two files":                      {[]string{out + "P x\n", errs + "F a\n" + out + "F y\n"}, 2},
		"pieces in three files":                    {[]string{out + "P x\n", out + "P y\n", out + "F z\n"}, 1},
		"a line above the longest":                 {[]string{out + "F " + long + "\n"}, 1},
		"a line above the longest, piece by piece": {[]string{out + "F " + long[:1000] + "|" + long[:1000] + "|end\n"}, 1},
		"a joined line above the longest":          {[]string{out + "P " + long[:800] + "\n" + out + "P " + long[:800] + "\n" + out + "F end\n"}, 1},
		"a line without an end":                    {[]string{out + "F x"}, 1},
		"pieces whose last one never comes":        {[]string{out + "P x\n"}, 1},
		"an unknown line":                          {[]string{"what?\n"}, 1},
		"Docker's pieces":                          {[]string{docker("stdout", "a") + docker("stdout", "b\n")}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := limited(t, dropping(1))
			first := d.open(tail.Position{})
			d.take(first, nil, 0, out+"F first\n") // There is room for this one.
			var before *intake
			var intakes []*intake
			total := int64(0)
			for _, text := range tt.files {
				in, at := d.open(tail.Position{}), int64(0)
				for chunk := range strings.SplitSeq(text, "|") {
					at = d.take(in, before, at, chunk)
				}
				before, intakes, total = in, append(intakes, in), total+at
			}
			for _, in := range intakes {
				in.End()
			}
			assert.Equal(t, []line{stdout("first")}, d.stop())
			for i, in := range intakes {
				assert.Equal(t, tail.At(int64(len(strings.ReplaceAll(tt.files[i], "|", "")))), offsets(in))
				assert.True(t, in.Idle())
			}
			stats := d.window.Stats()
			assert.Equal(t, tt.lines, stats.Dropped.Records)
			assert.InDelta(t, total, stats.Dropped.Bytes, 1, "the end of a line may come alone")
			assert.Equal(t, stats.Added.Records, stats.Dropped.Records+stats.Delivered.Records)
			assert.Equal(t, stats.Added.Bytes, stats.Dropped.Bytes+stats.Delivered.Bytes)
		})
	}
}

// However lines are cut, and how often the receiver is stopped: each is delivered in whole or
// not at all, and those that are not are counted.
func TestWhatIsNotDeliveredWasDropped(t *testing.T) {
	for seed := range uint64(150) {
		s := newStory(t, seed, false)
		s.limit = LimitConfig{LinesPerSecond: 1 + s.random.Int64N(5), Policy: policyDrop, Burst: 2 * time.Second}
		for range s.random.IntN(5) {
			s.run(false, s.random.IntN(40))
		}
		s.finish()
		require.Subset(t, s.bodies, s.got, "seed %d", seed)
		require.Len(t, s.bodies, len(s.got)+int(s.dropped.Records), "seed %d", seed)
		require.NotZero(t, s.dropped.Records, "seed %d", seed)
		require.Equal(t, s.dropped.Records, s.told, "seed %d", seed)
	}
}

// A crash may make that twice, as it does with lines.
func TestAfterCrashesAsMuchIsToldAsIsMissing(t *testing.T) {
	for seed := range uint64(300) {
		s := newStory(t, seed, false)
		s.limit = LimitConfig{LinesPerSecond: 1 + s.random.Int64N(5), Policy: policyDrop, Burst: 2 * time.Second}
		for range 1 + s.random.IntN(5) {
			s.run(s.random.IntN(3) > 0, s.random.IntN(40))
		}
		s.finish()
		n, missing := s.counts(), int64(0)
		for _, body := range s.bodies {
			// Of a line in two files, a crash between their positions may leave a part.
			came := false
			for at := 0; at < len(body); at += 8 {
				came = came || n[body[at:at+8]] > 0
			}
			if !came {
				missing++
			}
		}
		require.GreaterOrEqual(t, s.told, missing, "seed %d", seed)
	}
}

func TestNoHalfOfALongLineIsDropped(t *testing.T) {
	for seed := range uint64(150) {
		s := newStory(t, seed, true)
		s.limit = LimitConfig{LinesPerSecond: 1 + s.random.Int64N(5), BytesPerSecond: 1 + s.random.Int64N(5000), Policy: policyDrop, Burst: 2 * time.Second}
		s.run(false, 1000)
		for i, text := range s.files {
			require.Equal(t, int64(len(text)), s.marks[i].Start(), "seed %d: all is read", seed)
		}
		n := s.counts()
		for _, body := range s.bodies {
			for at := 8; at < len(body); at += 8 {
				require.Equal(t, n[body[:8]], n[body[at:at+8]], "seed %d: %s comes and %s does not", seed, body[:8], body[at:at+8])
			}
		}
	}
}

func TestAGrantIsWhatTheLimitsAllow(t *testing.T) {
	d, pass := limited(t, func(c *RateLimitConfig) {
		c.Pod = LimitConfig{BytesPerSecond: 1000, Policy: policyPause, Burst: time.Second}
	})
	in := d.open(tail.Position{})
	n, _ := in.Acquire(256<<10, 1)
	require.Equal(t, int64(1000), n)
	in.Take(tail.Chunk{Data: []byte(numbered(0, 25))})
	assert.Zero(t, d.window.Stats().Charged-d.window.Stats().InFlight.Bytes, "nothing stays reserved")
	n, until := in.Acquire(256<<10, 1)
	assert.Zero(t, n)
	assert.Equal(t, 50*time.Millisecond, until.Sub(d.now()).Round(time.Millisecond), "950 bytes were taken, and 100 are worth it")
	pass(50*time.Millisecond + 1)
	n, _ = in.Acquire(256<<10, 1)
	assert.Equal(t, int64(100), n)
	n, _ = in.Acquire(256<<10, 5000)
	assert.Equal(t, int64(5000), n, "a line of any length")
	in.Take(tail.Chunk{Start: in.lineEnd})
	d.stop()
}

func TestWhoWaitsForRoomWantsNoMoreThanBefore(t *testing.T) {
	d, pass := limited(t, func(c *RateLimitConfig) {
		c.Pod = LimitConfig{BytesPerSecond: 1000, Policy: policyPause, Burst: time.Minute}
	})
	other := d.window.NewSource(reached{})
	require.True(t, other.TryAcquire(32<<20))
	in := d.open(tail.Position{})
	for range 590 {
		in.account.Admit(100)
	}
	n, until := in.Acquire(256<<10, 1)
	assert.Zero(t, n)
	assert.Zero(t, until, "it waits for room")
	pass(time.Second)
	other.Release()
	n, _ = in.Acquire(256<<10, 1)
	assert.Equal(t, int64(1000), n)
	in.Take(tail.Chunk{})
	d.stop()
}

func TestTheLimitOfAContainerIsLoweredWhileItIsRead(t *testing.T) {
	d, _ := limited(t, dropping(100))
	own := ratelimit.Limit{}
	d.limits.own = func(tail.Container) ratelimit.Limit { return own }
	in := d.open(tail.Position{})
	at := d.take(in, nil, 0, numbered(0, 10))
	assert.Zero(t, d.window.Stats().Dropped)
	own.LinesPerSecond = 1
	d.limits.refresh(tail.Container{}, d.now())
	d.take(in, nil, at, numbered(10, 20))
	assert.Equal(t, int64(9), d.window.Stats().Dropped.Records)
	d.stop()
}

func TestAContainerWithoutALimitHasNoAccount(t *testing.T) {
	d := newDesk(t, nil)
	assert.Nil(t, d.open(tail.Position{}).account)
	d.stop()
}

func TestWhatIsPausedIsReadLater(t *testing.T) {
	t.Parallel()
	n, scrape := withMetrics(t)
	n.config.RateLimit.Pod = LimitConfig{LinesPerSecond: 100, Policy: policyPause, Burst: 50 * time.Millisecond}
	const other = "shop_web-1_uid-2/main"
	var want []string
	for i := range 150 {
		want = append(want, fmt.Sprintf("line %d", i))
	}
	n.write(web, "0.log", cri(want...))
	n.start()
	began := time.Now()
	require.Eventually(t, func() bool { return scrape()["files paused"] == 1 }, patience, 5*time.Millisecond)
	n.write(other, "0.log", cri("other"))
	require.Eventually(t, func() bool { return contains(n.lines(), other) }, patience, time.Millisecond)
	assert.Less(t, len(n.lines()), 100, "the other one does not wait for it")
	require.Eventually(t, func() bool { s := scrape(); return s["paused_duration"] > 0 && s["lag_bytes"] > 0 }, patience, 5*time.Millisecond)
	n.wants(append(want, "other")...)
	assert.Greater(t, time.Since(began), 1400*time.Millisecond, "145 lines at 100 lines/s")
	require.Eventually(t, func() bool { s := scrape(); return s["files paused"] == 0 && s["paused_duration"] == 0 }, patience, 5*time.Millisecond)
	s := scrape()
	assert.Zero(t, s["dropped_log_records"])
	assert.Zero(t, s["limited_log_records pod_limit"])
}

func contains(lines []line, container string) bool {
	for _, l := range lines {
		if l.container == container {
			return true
		}
	}
	return false
}
