// SPDX-License-Identifier: Apache-2.0

//go:build linux

package journal

import (
	"bytes"
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// live opens a reader of what a journald writes.
func live(t *testing.T, j *testkit.Journald, told *troubles) *Reader {
	return open(t, Options{Directories: []string{j.Dir()}, Merge: true, Trouble: told.tell})
}

// until follows a journal up to the entry with the message "the end".
func until(t *testing.T, r *Reader, use func(*Entry)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		e, err := r.Next()
		require.NoError(t, err)
		if e == nil {
			require.NoError(t, r.Wait(ctx), "waiting for the end")
			continue
		}
		use(e)
		if message, _ := e.Get("MESSAGE"); message == "the end" {
			return
		}
	}
}

func TestAJournaldThatRotatesIsFollowed(t *testing.T) {
	j := testkit.StartJournald(t)
	var told troubles
	r := live(t, j, &told)
	const rounds, entries = 8, 200
	var got bytes.Buffer
	var numbers, want []string
	use := func(e *Entry) {
		if n, found := e.Get("N"); found {
			numbers = append(numbers, n)
			export(&got, e)
		}
	}
	for round := range rounds {
		for i := range entries {
			n := strconv.Itoa(round*entries + i)
			j.Send("MESSAGE=number "+n, "N="+n, "MARK=rotates")
			want = append(want, n)
			if i%20 == 0 {
				each(t, r, use)
			}
		}
		if round%2 == 0 {
			j.Sync()
		}
		j.Rotate()
	}
	j.Send("MESSAGE=the end")
	until(t, r, use)
	assert.Equal(t, want, numbers)
	assert.Empty(t, told)
	assert.Zero(t, r.Stats().Lost)
	assert.Zero(t, r.Stats().Duplicates)
	assert.Equal(t, sequenceLines.ReplaceAllString(j.Export("MARK=rotates"), ""), got.String())
}

func TestAReaderThatVacuumingOvertakesCountsWhatIsLost(t *testing.T) {
	j := testkit.StartJournald(t)
	var told troubles
	r := live(t, j, &told)
	j.Send("MESSAGE=the end")
	var first, last uint64
	returned := uint64(0)
	use := func(e *Entry) {
		if returned == 0 {
			first = e.Cursor.Seqnum
		}
		returned, last = returned+1, e.Cursor.Seqnum
	}
	until(t, r, use)
	for round := range 6 {
		for i := range 50 {
			j.Send("MESSAGE=number " + strconv.Itoa(round*50+i))
		}
		j.Sync()
		j.Rotate()
	}
	j.Vacuum(1)
	j.Send("MESSAGE=the end")
	until(t, r, use)
	assert.Equal(t, last-first+1, returned+uint64(r.Stats().Lost), told)
	assert.Positive(t, r.Stats().Lost)
	assert.Positive(t, told.of(Gap), told)
}

func TestAJournaldThatDiesAndComesBackIsFollowed(t *testing.T) {
	j := testkit.StartJournald(t)
	var told troubles
	r := live(t, j, &told)
	var numbers, want []string
	use := func(e *Entry) {
		if n, found := e.Get("N"); found {
			numbers = append(numbers, n)
		}
	}
	for i := range 300 {
		n := strconv.Itoa(i)
		j.Send("MESSAGE=number "+n, "N="+n)
		want = append(want, n)
		if i%100 == 50 {
			j.Sync()
			j.Process.Kill()
			j.Restart()
		}
		each(t, r, use)
	}
	j.Send("MESSAGE=the end")
	until(t, r, use)
	assert.Equal(t, want, numbers)
	assert.Zero(t, r.Stats().Lost)
	assert.Zero(t, told.of(Damaged), told)
}
