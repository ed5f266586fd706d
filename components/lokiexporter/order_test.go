// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

// Whatever happens on the way: nothing is lost, the entries of a stream arrive in
// order, and the counts add up.
func TestNothingIsLostWhateverHappens(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 0))
			loki := lokifake.Start(t, lokifake.Options{MultiTenant: true, Limits: lokifake.Limits{
				LineBytes: 4000, BodyBytes: 20_000, RateBytes: -1, StreamRateBytes: -1,
			}})
			loki.SetFault(
				often(random, 0.1, lokifake.Fault{Status: 500, Body: "rpc error: code = Unavailable"}),
				often(random, 0.1, lokifake.Fault{Status: 500, Store: true}),
				often(random, 0.05, lokifake.Fault{Status: 503}),
				often(random, 0.05, lokifake.Fault{Status: 429, Body: rateText}),
				often(random, 0.05, lokifake.Fault{Status: 429, Body: streamLimitText}),
				often(random, 0.05, lokifake.Fault{Disconnect: true}),
				often(random, 0.05, lokifake.Fault{Disconnect: true, Store: true}),
				often(random, 0.05, lokifake.Fault{Status: 401}),
				often(random, 0.05, lokifake.Fault{Status: 400, Body: "snappy: corrupt input"}),
				often(random, 0.05, lokifake.Fault{Status: 413}),
			)
			e := run(t, loki.URL(), byService+"max_request_bytes: 65536")
			var want []string
			at := time.Now().Add(-30 * time.Minute)
			refused, tooLarge := 0, 0
			for batch := range 3 {
				ld := plog.NewLogs()
				for stream := range 6 {
					var records []rec
					for i := range random.IntN(60) {
						line := fmt.Sprintf("%d/%d-%d-%03d ", stream%2, stream, batch, i)
						switch {
						case random.Float64() < 0.02:
							line += strings.Repeat("long", 1100)
							refused++
						default:
							line += strings.Repeat("x", random.IntN(3000))
							want = append(want, line)
						}
						at = at.Add(time.Millisecond)
						records = append(records, rec{body: line, at: at})
					}
					appendLogs(t, ld, attrs{"service.name": fmt.Sprint(stream), "__tenant_id__": fmt.Sprint(stream % 2)}, records...)
				}
				e.send(t, ld)
			}
			letters := e.letters(t)
			for _, d := range letters {
				if d.Reason == reasonTooLarge {
					// A 413 for one entry is final.
					tooLarge++
					want = slices.DeleteFunc(want, func(line string) bool { return line == d.Line })
					if strings.Contains(d.Line, "long") {
						refused--
					}
				}
			}
			got := linesOf(loki.Entries(""))
			slices.Sort(want)
			assert.ElementsMatch(t, want, intersection(got, want), "nothing is lost, nothing is there twice")
			assert.LessOrEqual(t, len(got), len(want)+tooLarge)
			inOrder(t, loki.Entries(""))
			e.assertCounts(t, len(want), map[string]int{"line_too_long": refused, reasonTooLarge: tooLarge})
		})
	}
}

// often applies a fault to a share of the requests.
func often(random *rand.Rand, share float64, fault lokifake.Fault) lokifake.Fault {
	fault.When = func(*lokifake.Push) bool { return random.Float64() < share }
	return fault
}

// intersection are the lines that are also in sorted.
func intersection(lines, sorted []string) []string {
	var both []string
	for _, line := range lines {
		if _, found := slices.BinarySearch(sorted, line); found {
			both = append(both, line)
		}
	}
	return both
}

// inOrder checks that the times of each stream only rise.
func inOrder(t testing.TB, entries []lokifake.Entry) {
	t.Helper()
	last := map[string]lokifake.Entry{}
	for _, entry := range entries {
		key := entry.Tenant + entry.LabelString
		require.False(t, entry.Timestamp.Before(last[key].Timestamp), "%.20q came before %.20q", last[key].Line, entry.Line)
		last[key] = entry
	}
}
