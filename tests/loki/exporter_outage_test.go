// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Loki goes away in the middle of what several senders send, by a crash as well as in order, and everything is there
// afterwards, once.
func TestExporterOverAnOutage(t *testing.T) {
	t.Parallel()
	l := StartLoki(t, Options{})
	e := export(t, l, alloy)
	const senders, perBatch = 4, 25
	now := clock(time.Now())
	stop := make(chan struct{})
	sent := make([]chan []string, senders)
	for s := range sent {
		sent[s] = make(chan []string, 1)
		go func() {
			var all []string
			defer func() { sent[s] <- all }()
			for b := 0; ; b++ {
				select {
				case <-stop:
					return
				default:
				}
				var records []record
				for i := range perBatch {
					number := b*perBatch + i
					all = append(all, fmt.Sprintf("%d %06d", s, number))
					records = append(records, now.record(time.Duration(number), all[len(all)-1]))
				}
				ctx, cancel := context.WithTimeout(context.Background(), sendTimeout)
				err := e.ConsumeLogs(ctx, logs(t, of(fmt.Sprintf("sender-%d", s), records...)))
				cancel()
				if !assert.NoError(t, err) {
					return
				}
			}
		}()
	}
	for i, end := range []func(){func() { l.Kill(t) }, l.Stop} {
		e.waitRequests(t, "204", e.requests(t)["204"]+40)
		end()
		e.waitRequests(t, "transport", e.requests(t)["transport"]+senders)
		assert.NotEmpty(t, e.counter(t, "waiting_requests"), i)
		l.Restart(t)
	}
	e.waitRequests(t, "204", e.requests(t)["204"]+40)
	close(stop)
	total := 0
	for s := range sent {
		want := <-sent[s]
		total += len(want)
		require.LessOrEqual(t, len(want), queryLimit)
		got := lines(l.Query(t, "", fmt.Sprintf(`{service_name="sender-%d"}`, s)))
		assert.True(t, slices.Equal(want, got), "sender %d: sent %d, stored %d", s, len(want), len(got))
	}
	assert.Equal(t, total, e.delivered(t))
	assert.Empty(t, e.deadLetters(t))
	assert.Empty(t, e.counter(t, "waiting_requests"))
	assert.Empty(t, l.Discarded(t, "fake"))
}
