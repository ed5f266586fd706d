// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// random makes up test data. The same seed gives the same data.
type random struct{ *rand.Rand }

// seeds runs a test with n seeds, and names the one that it fails with.
func seeds(t *testing.T, n uint64, test func(t *testing.T, r random)) {
	t.Helper()
	seed := uint64(0)
	defer func() {
		if t.Failed() {
			t.Logf("with seed %d", seed)
		}
	}()
	for ; seed < n && !t.Failed(); seed++ {
		test(t, random{rand.New(rand.NewPCG(seed, 7))})
	}
}

// one returns one of several values.
func one[T any](r random, values ...T) T { return values[r.IntN(len(values))] }

// odd reports true once in n times.
func (r random) odd(n int) bool { return r.IntN(n) == 0 }

// nanos are times that something may come with: none, before 1970, now, and the
// ends of what fits.
func (r random) nanos() int64 {
	return one(r, 0, 1, -1, 999_999_999, nanosPerSecond, -nanosPerSecond, math.MinInt64, math.MaxInt64,
		r.Int64(), -r.Int64(), time.Now().UnixNano(), r.Int64N(math.MaxInt32)*nanosPerSecond)
}

// hostile are texts that something may choke on.
var hostile = []string{
	"", " ", "a", "_", "__", "__x", "__x__", "__tenant_id__", ".", "...", "-", "é", "日志", "日_1", "\xff", "k\xffm", "\xc3(", "\xed\xa0\x80", "\uFFFD", "x\uFFFDy",
	"\x00", "a\x00b", "\n", "\r\n", "\t", "\\", `"`, `\"`, "`", "'", "{", "}", `{a="b"}`, ",", ", ", "=", "a=b", "🚰", "\u00a0", "\u2028", "\x1b[31m", "\x7f",
	"9", "9z", "a.b", "a_b", "a__b", "a..b", "A-B", "level", "service.name", "service_name", "namespace", "job", "pod", "k8s.pod.name",
	"loki.format", "loki.tenant", "loki.resource.labels", "loki.attribute.labels", "detected_level", "trace_id", "k8s.pod.labels.", "k8s.pod.labels.日", "null", "%s",
}

// text is any text of up to n bytes, most of it short.
func (r random) text(n int) string {
	if r.odd(2) {
		return one(r, hostile...)
	}
	size := r.IntN(min(n, 24) + 1)
	if r.odd(50) {
		size = r.IntN(n + 1)
	}
	switch r.IntN(4) {
	case 0: // Any bytes.
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return string(b)
	case 1: // Pieces that are hostile each.
		var b strings.Builder
		for b.Len() < size {
			b.WriteString(one(r, hostile[1:]...))
		}
		return b.String()[:size]
	}
	return r.word(size)
}

// word is a harmless word of n characters.
func (r random) word(n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[r.IntN(len(letters))]
	}
	return string(b)
}
