// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
)

func TestWaitRecordsReturnsOnceEnoughCame(t *testing.T) {
	b := StartBackend(t)
	sent := make(chan error, 1)
	go func() {
		_, err := postLogs(t, b, "one", "two")
		sent <- err
	}()
	assert.Len(t, b.WaitRecords(t, 2, time.Minute), 2)
	require.NoError(t, <-sent)
}

func TestWaitRecordsSaysHowManyCame(t *testing.T) {
	b := StartBackend(t)
	_, err := postLogs(t, b, "the only one")
	require.NoError(t, err)
	message := failureOf(t, func(t testing.TB) { b.WaitRecords(t, 2, 20*time.Millisecond) })
	assert.Contains(t, message, "waiting for 2 records: 1 records came in 1 requests, 0 of which were faulted")
	assert.Contains(t, message, `the last record has body "the only one"`)
}

func TestWaitForLooksAtTheRecords(t *testing.T) {
	b := StartBackend(t)
	sent := make(chan error, 1)
	go func() {
		_, err := postLogs(t, b, "one", "two")
		sent <- err
	}()
	hasTwo := func(records []Record) bool { return len(records) > 0 && records[len(records)-1].Body == "two" }
	assert.Len(t, b.WaitFor(t, time.Minute, "the body two", hasTwo), 2)
	require.NoError(t, <-sent)
	message := failureOf(t, func(t testing.TB) {
		b.WaitFor(t, 20*time.Millisecond, "the moon", func([]Record) bool { return false })
	})
	assert.Contains(t, message, "waiting for the moon: 2 records came")
}

func TestBackendKeepsAHundredThousandRecords(t *testing.T) {
	b := StartBackend(t)
	client := dial(t, b)
	bodies := make([]string, 1000)
	for i := range bodies {
		bodies[i] = fmt.Sprintf("a body of ordinary length, number %d", i)
	}
	request := export(bodies...)
	for range 100 {
		_, err := client.Export(t.Context(), request, grpc.UseCompressor("gzip"))
		require.NoError(t, err)
	}
	assert.Len(t, b.Records(), 100_000)
}
