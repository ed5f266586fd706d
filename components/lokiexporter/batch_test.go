// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newBatchOf returns a batch for one tenant that knows the named streams.
func newBatchOf(maxBytes int, now time.Time, known ...string) *tenantBatch {
	t := &tenantBatch{maxBytes: maxBytes, maxBehind: time.Hour, known: &knownStreams{}, now: now}
	t.known.accepted("", known, now)
	return t
}

// put adds an entry to the stream with the given labels.
func (t *tenantBatch) put(labels string, at time.Time, line string) {
	t.add(t.stream([]byte(labels)), at.UnixNano(), line, nil, nil)
}

// taken cuts what is left and returns all requests.
func (t *tenantBatch) taken() []*request {
	t.cut()
	requests := t.requests
	t.reset()
	return requests
}

// contents are the lines of each request, `labels:line`.
func contents(t testing.TB, requests []*request) [][]string {
	t.Helper()
	var all [][]string
	for _, r := range requests {
		streams, err := r.decode()
		require.NoError(t, err)
		var lines []string
		for _, s := range streams {
			for _, encoded := range s.entries {
				e, err := decodeEntry(encoded)
				require.NoError(t, err)
				lines = append(lines, s.labels+":"+e.line)
			}
		}
		require.Len(t, lines, r.entries)
		all = append(all, lines)
	}
	return all
}

func TestStreamsInRequests(t *testing.T) {
	now := time.Now()
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	type entry struct {
		labels string
		at     time.Time
		line   string
	}
	long := strings.Repeat("x", aloneBytes)
	for _, tt := range []struct {
		name    string
		entries []entry
		known   []string
		want    [][]string
	}{
		{name: "nothing"},
		{
			name:    "streams that Loki has travel together, each in its order",
			entries: []entry{{"a", now, "1"}, {"b", now, "2"}, {"a", now, "3"}},
			known:   []string{"a", "b"},
			want:    [][]string{{"a:1", "a:3", "b:2"}},
		},
		{
			name:    "a new stream may be one too many, and travels alone",
			entries: []entry{{"a", now, "1"}, {"new", now, "2"}, {"b", now, "3"}},
			known:   []string{"a", "b"},
			want:    [][]string{{"new:2"}, {"a:1", "b:3"}},
		},
		{
			name:    "several new streams",
			entries: []entry{{"new", now, "1"}, {"newer", now, "2"}},
			want:    [][]string{{"new:1"}, {"newer:2"}},
		},
		{
			name:    "a single stream needs no request beside its own",
			entries: []entry{{"new", now, "1"}, {"new", now, "2"}},
			want:    [][]string{{"new:1", "new:2"}},
		},
		{
			name:    "an old entry may be too far behind, so that its stream travels alone",
			entries: []entry{{"a", now, "1"}, {"b", ago(46 * time.Minute), "2"}, {"c", now, "3"}},
			known:   []string{"a", "b", "c"},
			want:    [][]string{{"b:2"}, {"a:1", "c:3"}},
		},
		{
			name:    "an entry is not old before that",
			entries: []entry{{"a", now, "1"}, {"b", ago(44 * time.Minute), "2"}},
			known:   []string{"a", "b"},
			want:    [][]string{{"a:1", "b:2"}},
		},
		{
			name:    "old entries are put in order, those of one time stay as they came",
			entries: []entry{{"a", now, "1"}, {"a", ago(2 * time.Hour), "2"}, {"a", now, "3"}, {"a", ago(3 * time.Hour), "4"}, {"a", now, "5"}},
			known:   []string{"a"},
			want:    [][]string{{"a:4", "a:2", "a:1", "a:3", "a:5"}},
		},
		{
			name:    "others stay as they came: Loki takes what is an hour behind",
			entries: []entry{{"a", now, "1"}, {"a", ago(time.Minute), "2"}, {"a", now, "3"}},
			known:   []string{"a"},
			want:    [][]string{{"a:1", "a:2", "a:3"}},
		},
		{
			name:    "a lot of data may exceed the rate of a stream, which travels alone",
			entries: []entry{{"a", now, "1"}, {"b", now, long}, {"c", now, "3"}},
			known:   []string{"a", "b", "c"},
			want:    [][]string{{"b:" + long}, {"a:1", "c:3"}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBatchOf(3<<20, now, tt.known...)
			for range 2 { // The second time in the room of the first.
				for _, e := range tt.entries {
					b.put(e.labels, e.at, e.line)
				}
				assert.Equal(t, tt.want, contents(t, b.taken()))
			}
		})
	}
}

// The server says how far behind an entry may be.
func TestHowOldAnEntryIsThatTravelsAlone(t *testing.T) {
	now := time.Now()
	for _, tt := range []struct {
		name   string
		behind time.Duration
		age    time.Duration
		want   int
	}{
		{name: "the default, younger than three quarters", behind: time.Hour, age: 44 * time.Minute, want: 1},
		{name: "the default, older", behind: time.Hour, age: 46 * time.Minute, want: 2},
		{name: "a server with chunks of an hour", behind: 30 * time.Minute, age: 23 * time.Minute, want: 2},
		{name: "no limit", behind: 0, age: 100 * time.Hour, want: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBatchOf(3<<20, now, "a", "b")
			b.maxBehind = tt.behind
			b.put("a", now, "new")
			b.put("b", now.Add(-tt.age), "old")
			assert.Len(t, b.taken(), tt.want)
		})
	}
}

func TestRequestsAreNotLargerThanAllowed(t *testing.T) {
	now := time.Now()
	seeds(t, 100, func(t *testing.T, r random) {
		streams := make([]string, 1+r.IntN(300))
		for i := range streams {
			streams[i] = fmt.Sprintf("{a=%q}", strconv.Itoa(i)+r.word(r.IntN(40)))
		}
		limit := 1000 + r.IntN(20_000)
		b := newBatchOf(limit, now, streams[:r.IntN(len(streams)+1)]...)
		want := map[string][]string{}
		for i := range 2000 {
			labels := streams[r.IntN(len(streams))]
			line := strconv.Itoa(i) + r.word(r.IntN(one(r, 10, 100, 1000)))
			if r.odd(500) {
				line += strings.Repeat("long", limit/4)
			}
			b.put(labels, now, line)
			want[labels] = append(want[labels], line)
		}
		got := map[string][]string{}
		for _, r := range b.taken() {
			n, err := s2.DecodedLen(r.body)
			require.NoError(t, err)
			if r.entries > 1 {
				require.LessOrEqual(t, n+r.entries*serverBytes, limit, "with what Loki adds")
			}
			streams, err := r.decode()
			require.NoError(t, err)
			for _, s := range streams {
				for _, encoded := range s.entries {
					e, err := decodeEntry(encoded)
					require.NoError(t, err)
					got[s.labels] = append(got[s.labels], e.line)
				}
			}
		}
		require.Equal(t, want, got, "everything is there, each stream in its order")
	})
}

func TestAnEntryThatIsTooLargeForARequestTravelsAlone(t *testing.T) {
	now := time.Now()
	large := strings.Repeat("x", 2000)
	b := newBatchOf(1000, now, "a", "b")
	b.put("a", now, "1")
	b.put("b", now, "2")
	b.put("a", now, large)
	b.put("a", now, "3")
	b.put("b", now, "4")
	assert.Equal(t, [][]string{{"a:1", "b:2"}, {"a:" + large}, {"a:3", "b:4"}}, contents(t, b.taken()))
}

func TestFullRequests(t *testing.T) {
	now := time.Now()
	b := newBatchOf(1<<20, now, "a")
	for i := range 100_000 {
		b.put("a", now, strconv.Itoa(i))
	}
	requests := b.taken()
	var sizes []int
	for _, r := range requests {
		n, err := s2.DecodedLen(r.body)
		require.NoError(t, err)
		sizes = append(sizes, n+r.entries*serverBytes)
	}
	slices.Sort(sizes)
	assert.Greater(t, sizes[1], 1<<20-100, "all but one are full")
	assert.LessOrEqual(t, sizes[len(sizes)-1], 1<<20)
}

func TestBatchForgetsWhatIsTooMuchToKeep(t *testing.T) {
	now := time.Now()
	b := newBatchOf(4<<20, now)
	b.put("a", now, "x")
	b.taken()
	assert.Len(t, b.byLabels, 1, "a little is kept")

	for i := range maxKeptStreams + 1 {
		b.put(strconv.Itoa(i), now, "x")
	}
	assert.Len(t, b.taken(), maxKeptStreams+1)
	assert.Empty(t, b.byLabels, "many streams are not")

	for i := range 20 {
		b.put(strconv.Itoa(i), now, strings.Repeat("x", 1<<20))
	}
	b.taken()
	assert.Empty(t, b.spare, "nor is much room")
	b.put("a", now, "x")
	assert.Equal(t, [][]string{{"a:x"}}, contents(t, b.taken()), "it goes on")
}

// In a backlog each batch is of other files than the one before.
func TestStreamsUseTheRoomOfEarlierOnes(t *testing.T) {
	now := time.Now()
	b := newBatchOf(4<<20, now)
	for i := range 100 {
		b.put(strconv.Itoa(i%10), now, strings.Repeat("x", 100_000))
		assert.Len(t, b.taken(), 1)
		assert.Len(t, b.spare, 1)
	}
	assert.Len(t, b.byLabels, 10)
	assert.Less(t, cap(b.spare[0]), 200_000)
}

func TestBatchKeepsFewTenants(t *testing.T) {
	e := newEncoder(t, "")
	b := e.batches.Get().(*batch)
	now := time.Now()
	for i := range maxKeptTenants + 1 {
		tenant := b.tenant(e, fmt.Sprintf("tenant-%03d", i), now)
		tenant.put("a", now, "x")
	}
	all := b.requests()
	require.Len(t, all, maxKeptTenants+1)
	assert.Equal(t, "tenant-000", all[0][0].tenant, "in alphabetical order")
	assert.Equal(t, "tenant-064", all[64][0].tenant)
	assert.Empty(t, b.byTenant)
	b.tenant(e, "one", now)
	assert.Empty(t, b.requests(), "a tenant without entries gets no request")
	assert.Len(t, b.byTenant, 1)
}
