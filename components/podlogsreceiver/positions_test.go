// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/components/internal/delivery"
	"github.com/tributary-otel/tributary/components/internal/tail"
)

// A story is what a container writes, and how often the receiver is stopped meanwhile.
// Texts are made of tokens of eight bytes, each of them used once, so that what is
// missing or there twice is seen however lines are cut.
type story struct {
	t      *testing.T
	random *rand.Rand
	// long makes lines above max_line_bytes, and unfinished ones.
	long  bool
	files []string
	// unfinished are places in the files at which nothing was written for a while.
	unfinished []map[int]bool
	bodies     []string
	tokens     []string

	marks []tail.Position
	got   []string
	// limit is that of the pod, dropped what the books say of it.
	limit   LimitConfig
	dropped delivery.Count
}

func newStory(t *testing.T, seed uint64, long bool) *story {
	s := &story{t: t, limit: noLimit, random: rand.New(rand.NewPCG(seed, 1)), long: long} //nolint:gosec // A test that can be repeated.
	s.nextFile()
	// Each stream writes one message after the other; their pieces alternate.
	var open [2][]string
	for len(s.bodies) < 40 || len(open[0])+len(open[1]) > 0 {
		stream := s.random.IntN(2)
		if len(open[stream]) == 0 && len(s.bodies) < 40 {
			open[stream] = s.message()
		}
		if len(open[stream]) > 0 {
			tag := "P"
			if len(open[stream]) == 1 {
				tag = "F"
			}
			s.write([]string{out, errs}[stream]+tag+" ", open[stream][0])
			open[stream] = open[stream][1:]
		}
		if s.random.IntN(30) == 0 {
			body := s.token()
			s.bodies = append(s.bodies, body)
			s.write("", body) // No runtime writes that.
		}
		if s.random.IntN(12) == 0 && s.files[len(s.files)-1] != "" {
			s.nextFile()
		}
	}
	return s
}

func (s *story) nextFile() {
	s.files = append(s.files, "")
	s.unfinished = append(s.unfinished, map[int]bool{})
	s.marks = append(s.marks, tail.Position{})
}

func (s *story) write(head, body string) {
	last := len(s.files) - 1
	begin := len(s.files[last]) + len(head)
	s.files[last] += head + body + "\n"
	if s.long && s.random.IntN(8) == 0 {
		s.unfinished[last][begin+8*s.random.IntN(len(body)/8+1)] = true
	}
}

func (s *story) token() string {
	token := fmt.Sprintf("<%06d>", len(s.tokens))
	s.tokens = append(s.tokens, token)
	return token
}

// message makes the pieces of a line.
func (s *story) message() (pieces []string) {
	for range 1 + s.random.IntN(4) {
		n := 1 + s.random.IntN(3)
		if s.long && s.random.IntN(4) == 0 {
			n = s.random.IntN(300)
		}
		var b strings.Builder
		for range n {
			b.WriteString(s.token())
		}
		pieces = append(pieces, b.String())
	}
	s.bodies = append(s.bodies, strings.Join(pieces, ""))
	return pieces
}

// run is a process that reads for a while. A crash leaves the marks of some moment
// before, a clean stop the last ones.
func (s *story) run(crash bool, steps int) {
	d := newDesk(s.t, func(c *Config) {
		c.MaxLineBytes, c.InFlight.MaxBatches, c.Batch.MaxRecords = 1024, 1000, 1+s.random.IntN(6)
		s.bound(c)
	})
	intakes := make([]*intake, len(s.files))
	at := make([]int64, len(s.files))
	ended := 0
	stored := slices.Clone(s.marks)
	mark := func() (marks []tail.Position) {
		for i, in := range intakes {
			if in == nil {
				marks = append(marks, s.marks[i])
			} else {
				marks = append(marks, in.Position())
			}
		}
		return marks
	}
	for file := 0; steps > 0; steps-- {
		if s.random.IntN(3) == 0 {
			d.settle()
			if n := len(d.waiting); n > 0 {
				s.take(d.deliver(s.random.IntN(n)))
			}
		}
		if s.random.IntN(6) == 0 {
			stored = mark()
		}
		if file == len(s.files) {
			continue
		}
		var before *intake
		if file > 0 {
			before = intakes[file-1]
		}
		if intakes[file] == nil {
			intakes[file] = d.open(s.marks[file])
			at[file] = s.marks[file].Start()
		}
		if text := s.chunk(file, at[file]); text != "" {
			at[file] = d.take(intakes[file], before, at[file], text)
			// The runtime has left the file before.
			for ; ended < file-1; ended++ {
				intakes[ended].End()
			}
			continue
		}
		file++
	}
	if crash {
		s.marks = stored
		d.crash()
		return
	}
	s.take(d.stop())
	s.drop(d)
	s.marks = mark()
}

// chunk is what tail hands on next: whole lines, or the beginning of one.
func (s *story) chunk(file int, at int64) string {
	rest := s.files[file][at:]
	end := 0
	for range 1 + s.random.IntN(5) {
		if end < len(rest) {
			end += strings.IndexByte(rest[end:], '\n') + 1
		}
	}
	for i := 1; i < end; i++ {
		if s.unfinished[file][int(at)+i] {
			if begin := strings.LastIndexByte(rest[:i], '\n') + 1; begin > 0 {
				return rest[:begin]
			}
			// It is written in whole by the time of another run.
			delete(s.unfinished[file], int(at)+i)
			return rest[:i]
		}
	}
	return rest[:end]
}

func (s *story) take(got []line) { s.got = append(s.got, bodies(got)...) }

// bound sets the limit of the story, if it has one.
func (s *story) bound(c *Config) {
	if s.limit != (LimitConfig{}) {
		c.RateLimit.Pod = s.limit
	}
}

// finish reads to the end.
func (s *story) finish() {
	d := newDesk(s.t, func(c *Config) {
		c.MaxLineBytes, c.InFlight.MaxBatches = 1024, 1000
		s.bound(c)
	})
	var intakes []*intake
	var before *intake
	for i, text := range s.files {
		in := d.open(s.marks[i])
		if start := s.marks[i].Start(); start < int64(len(text)) {
			d.take(in, before, start, text[start:])
		}
		before, intakes = in, append(intakes, in)
	}
	for _, in := range intakes {
		in.End()
	}
	s.take(d.stop())
	s.drop(d)
	for i, in := range intakes {
		require.Equal(s.t, tail.At(int64(len(s.files[i]))), in.Position())
		require.True(s.t, in.Idle())
	}
}

// drop counts what a run has dropped.
func (s *story) drop(d *desk) {
	n := d.window.Stats().Dropped
	s.dropped.Records += n.Records
	s.dropped.Bytes += n.Bytes
}

// counts says how often each token was delivered.
func (s *story) counts() map[string]int {
	n := map[string]int{}
	for _, body := range s.got {
		for len(body) >= 8 && body[0] == '<' {
			n[body[:8]]++
			body = body[8:]
		}
		require.Empty(s.t, body, "a body that is not made of whole tokens")
	}
	return n
}

func TestAfterCleanStopsEachLineIsThereOnce(t *testing.T) {
	for seed := range uint64(150) {
		s := newStory(t, seed, false)
		for range s.random.IntN(5) {
			s.run(false, s.random.IntN(40))
		}
		s.finish()
		assert.ElementsMatch(t, s.bodies, s.got, "seed %d", seed)
		if t.Failed() {
			return
		}
	}
}

func TestAfterCleanStopsNothingIsThereTwiceHoweverLinesAreCut(t *testing.T) {
	for seed := range uint64(150) {
		s := newStory(t, seed, true)
		for range s.random.IntN(5) {
			s.run(false, s.random.IntN(40))
		}
		s.finish()
		n := s.counts()
		for _, token := range s.tokens {
			require.Equal(t, 1, n[token], "seed %d, %s", seed, token)
		}
	}
}

func TestAfterCrashesNothingIsLost(t *testing.T) {
	for seed := range uint64(300) {
		s := newStory(t, seed, seed%2 == 0)
		for range 1 + s.random.IntN(5) {
			s.run(s.random.IntN(3) > 0, s.random.IntN(40))
		}
		s.finish()
		n := s.counts()
		for _, token := range s.tokens {
			require.NotZero(t, n[token], "seed %d, %s", seed, token)
		}
	}
}
