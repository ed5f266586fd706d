// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestEntriesArriveInOrderAndThePositionFollows(t *testing.T) {
	m := newMachine(t)
	m.config.Batch.MaxRecords = 2
	m.book.write("a", "b", "c")
	m.start()
	m.wants("a", "b", "c")
	m.storedIs(3)
	m.book.write("d")
	m.wants("a", "b", "c", "d")
	m.storedIs(4)
	_, marks := m.stored()
	assert.Equal(t, cursorOf(4).String()+";d=machine", marks)
	m.stop()
	m.book.write("e")
	m.start()
	m.wants("a", "b", "c", "d", "e")
	assert.Equal(t, []string{"head", "marks 4"}, m.book.sought)
}

func TestALotIsBoundedByRecordsAndBytes(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Config)
		most   int
	}{
		{"records", func(c *Config) { c.Batch.MaxRecords = 3 }, 3},
		{"bytes", func(c *Config) { c.Batch.MaxBytes = 20 }, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t)
			tt.change(m.config)
			var want []string
			for i := range 50 {
				want = append(want, fmt.Sprintf("%02d", i))
			}
			m.book.write(want...)
			m.start()
			m.wants(want...)
			assert.Equal(t, tt.most, slices.Max(m.lots))
		})
	}
}

// What a crash sends twice is at most one lot: the one before is stored when it goes out.
func TestALotIsStoredBeforeTheNextOneGoesOut(t *testing.T) {
	m := newMachine(t)
	m.config.Batch.MaxRecords = 2
	var mu sync.Mutex
	var stored, want []string
	m.failing(func([]string) error {
		cursor, _ := m.stored()
		mu.Lock()
		defer mu.Unlock()
		stored = append(stored, cursor)
		return nil
	})
	var messages []string
	for n := range uint64(20) {
		messages = append(messages, fmt.Sprint(n))
		if n%2 == 0 {
			text := ""
			if n > 0 {
				text = cursorOf(n).String()
			}
			want = append(want, text)
		}
	}
	m.book.write(messages...)
	m.start()
	m.wants(messages...)
	mu.Lock()
	defer mu.Unlock()
	assert.Equal(t, want, stored)
}

func TestNothingIsStoredBeforeItIsDelivered(t *testing.T) {
	m := newMachine(t)
	tries := make(chan struct{}, 1000)
	m.failing(func([]string) error {
		select {
		case tries <- struct{}{}:
		default:
		}
		return errors.New("no route")
	})
	m.book.write("a", "b")
	m.start()
	for range 3 {
		<-tries
	}
	cursor, _ := m.stored()
	assert.Empty(t, cursor)
	m.stop()
	assert.Equal(t, 1, m.logs.FilterMessageSnippet("Stopped before everything was delivered").Len())
	m.failing(nil)
	m.start()
	m.wants("a", "b")
	m.storedIs(2)
	assert.Equal(t, "StatusRecoverableError: no route", m.told()[0])
}

func TestTheStatusRecoversWhenTheBackendDoes(t *testing.T) {
	m := newMachine(t)
	m.failing(func([]string) error { return errors.New("no route") })
	m.book.write("a")
	m.start()
	require.Eventually(t, func() bool { return len(m.told()) == 1 }, patience, time.Millisecond)
	m.failing(nil)
	m.wants("a")
	require.Eventually(t, func() bool { return len(m.told()) == 2 }, patience, time.Millisecond)
	assert.Equal(t, []string{"StatusRecoverableError: no route", "StatusOK"}, m.told())
	assert.Len(t, m.logs.FilterMessageSnippet("they stay in the journal").All(), 1)
}

func TestWhatIsRefusedForGoodIsKept(t *testing.T) {
	m := newMachine(t)
	m.failing(func(bodies []string) error {
		if slices.Contains(bodies, "bad") {
			return consumererror.NewPermanent(status.Error(codes.InvalidArgument, "no"))
		}
		return nil
	})
	m.book.write("a", "bad", "c")
	m.start()
	m.storedIs(3)
	m.wants("a", "c")
	assert.Contains(t, m.deadLetters(), `"body":"bad"`)
	assert.Contains(t, m.deadLetters(), `"timestamp":"2023-11-14T22:13:20.000002Z"`)
}

func TestThePositionPassesWhatIsNotWanted(t *testing.T) {
	m := newMachine(t)
	m.book.hide(5)
	m.start()
	m.storedIs(5)
	assert.Empty(t, m.messages())
}

func TestReadingGoesOnWhileALotIsOnItsWayWithinABound(t *testing.T) {
	m := newMachine(t)
	m.config.Batch.MaxRecords = 10
	m.config.InFlight.MaxBytes = 1 << 20
	block := make(chan struct{})
	m.failing(func([]string) error { <-block; return nil })
	var want []string
	for i := range 100 {
		want = append(want, fmt.Sprintf("%02d", i))
	}
	m.book.write(want...)
	m.start()
	next := func() int { m.book.mu.Lock(); defer m.book.mu.Unlock(); return m.book.next }
	require.Eventually(t, func() bool { return next() == 20 }, patience, time.Millisecond, "one lot on its way, one gathered")
	assert.EqualValues(t, 1, m.receiver.pending.Load())
	close(block)
	m.wants(want...)
}

// With one batch at a time, also the last one of a shutdown comes after the one before.
func TestAShutdownKeepsTheOrder(t *testing.T) {
	m := newMachine(t)
	m.config.ShutdownTimeout = patience
	arrived, answer := make(chan struct{}, 1), make(chan struct{})
	m.before = func(bodies []string) {
		if bodies[0] == "1" {
			arrived <- struct{}{}
			<-answer
		}
	}
	m.start()
	m.book.write("1")
	<-arrived
	m.book.write("2", "3")
	require.Eventually(t, func() bool { return m.book.read() == 3 }, patience, time.Millisecond)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		m.stop()
	}()
	require.Never(t, func() bool { return len(m.messages()) > 0 }, 50*time.Millisecond, time.Millisecond)
	close(answer)
	<-stopped
	assert.Equal(t, []string{"1", "2", "3"}, m.messages())
}
