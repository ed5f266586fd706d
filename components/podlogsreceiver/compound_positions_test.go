// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/components/internal/tail"
)

// newTraces is a story of a container that writes traces and lines that look like parts of
// some.
func newTraces(t *testing.T, seed uint64) *story {
	s := &story{t: t, random: rand.New(rand.NewPCG(seed, 2))} //nolint:gosec // A test that can be repeated.
	s.nextFile()
	var open [2][]string
	for records := 0; records < 60 || len(open[0])+len(open[1]) > 0; {
		stream := s.random.IntN(2)
		if len(open[stream]) == 0 && records < 60 {
			record := s.record()
			s.bodies = append(s.bodies, record)
			open[stream] = strings.Split(record, "\n")
			records++
		}
		if len(open[stream]) > 0 {
			head, line := []string{out, errs}[stream], open[stream][0]
			switch cut := len(line) / 2; {
			case s.random.IntN(6) > 0 || cut == 0:
				s.write(head+"F ", line)
				open[stream] = open[stream][1:]
			default: // The runtime splits it.
				s.write(head+"P ", line[:cut])
				open[stream][0] = line[cut:]
			}
		}
		if s.random.IntN(15) == 0 && s.files[len(s.files)-1] != "" {
			s.nextFile()
		}
	}
	return s
}

// record makes one that is no part of the one before and of the one behind it.
func (s *story) record() string {
	some := func(lines ...string) string { // the first ones
		return "\n" + strings.Join(lines[:1+s.random.IntN(len(lines))], "\n")
	}
	switch s.random.IntN(12) {
	case 0:
		return "java.lang.Exception: " + s.token() + some("\tat a.b("+s.token()+":1)", "\t... 3 more", "Caused by: x.Y", "\tat c.d("+s.token()+":1)")
	case 1:
		return "Traceback (most recent call last):\n  File \"" + s.token() + "\", line 1\n    x\nE" + s.token()[1:7] + "Error: x"
	case 2:
		return "Traceback (most recent call last):\n  File \"" + s.token() + "\", line 1\n    x\nKeyError: " + s.token() +
			"\n\nThe above exception was the direct cause of the following exception:\n\nTraceback (most recent call last):\n  File \"" + s.token() + "\", line 2\nValueError"
	case 3:
		return "panic: " + s.token() + "\n\ngoroutine 1 [running]:" + some("main.f({"+s.token()+"})\n\t/"+s.token()+".go:1 +0x1d", "\ngoroutine 2 [idle]:", "main.g(...)\n\t/"+s.token()+".go:2", "exit status 2")
	case 4:
		return "/" + s.token() + ".js:3\n" + s.token() + "\n^\n\nError: " + s.token() + some("    at a.js:1:2 {\n  code: '"+s.token()+"'\n}", "\nNode.js v22")
	case 5:
		return "/" + s.token() + ".js:3" // A line in doubt follows it.
	case 6:
		return "Error: " + s.token() // Nothing follows it.
	case 7:
		return "    \"indented\": \"" + s.token() + "\""
	case 8:
		return s.token() + " panic"
	case 9:
		return ""
	}
	return s.token()
}

func TestAfterCleanStopsEachRecordIsThereOnce(t *testing.T) {
	for seed := range uint64(200) {
		s := newTraces(t, seed)
		for range s.random.IntN(6) {
			s.run(false, s.random.IntN(60))
		}
		s.finish()
		require.ElementsMatch(t, s.bodies, s.got, "seed %d", seed)
	}
}

func TestAfterCrashesNoRecordIsLostOrAnotherOne(t *testing.T) {
	for seed := range uint64(300) {
		s := newTraces(t, seed)
		for range 1 + s.random.IntN(6) {
			s.run(s.random.IntN(3) > 0, s.random.IntN(60))
		}
		s.finish()
		for _, want := range s.bodies {
			require.Contains(t, s.got, want, "seed %d", seed)
		}
		for _, got := range s.got {
			// Of a record over a rotation that was delivered, what is in the first file may come
			// again if something before it was not.
			require.True(t, slices.ContainsFunc(s.bodies, func(want string) bool {
				return want == got || got != "" && strings.Contains(want, got)
			}), "seed %d: %q is no record and no part of one", seed, got)
		}
	}
}

// Without a rotation a record is never torn.
func TestAfterCrashesTheRecordsOfAFileAreTheSame(t *testing.T) {
	for seed := range uint64(150) {
		s := newTraces(t, seed)
		s.files = []string{strings.Join(s.files, "")}
		s.marks, s.unfinished = s.marks[:1], s.unfinished[:1]
		for range 1 + s.random.IntN(6) {
			s.run(s.random.IntN(3) > 0, s.random.IntN(60))
		}
		s.finish()
		require.Subset(t, s.got, s.bodies, "seed %d", seed)
		require.Subset(t, s.bodies, s.got, "seed %d", seed)
	}
}

// Each place for a chunk to end, a file to be rotated and the receiver to be stopped.
func TestARecordIsTheSameWhereverItIsCut(t *testing.T) {
	lines := strings.SplitAfter(strings.TrimSuffix(full(errs, "one", "panic: x")+out+"P java.lang.\n"+full(errs, "", "goroutine 1 [running]:")+
		full(out, "Exception: y", "\tat a.b(C.java:1)", "two")+full(errs, "main.main()")+full(out, "/app/a.js:1", "Error: z")+
		full(errs, "\t/app/main.go:3 +0x1d", "", "three")+full(out, "    at a.js:1:2"), "\n"), "\n")
	lines[len(lines)-1] += "\n"
	want := []string{
		"one", "panic: x\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:3 +0x1d", "", "three",
		"java.lang.Exception: y\n\tat a.b(C.java:1)", "two", "/app/a.js:1", "Error: z\n    at a.js:1:2",
	}
	for rotated := 1; rotated <= len(lines); rotated++ {
		for stopped := 0; stopped <= len(lines); stopped++ {
			for _, chunk := range []int{1, 2, 3, len(lines)} {
				files := [][]string{lines[:rotated], lines[rotated:]}
				marks := make([]tail.Position, len(files))
				got := read(t, files, marks, chunk, stopped, false)
				got = append(got, read(t, files, marks, chunk, len(lines), true)...)
				require.ElementsMatch(t, want, got, "rotated at %d, stopped at %d, chunks of %d", rotated, stopped, chunk)
			}
		}
	}
}

// read is a process that reads as many lines in all, and is stopped.
func read(t *testing.T, files [][]string, marks []tail.Position, chunk, stop int, end bool) []string {
	d := newDesk(t, func(c *Config) { c.InFlight.MaxBatches = 1000 })
	var before *intake
	var intakes []*intake
	for i, lines := range files {
		in := d.open(marks[i])
		intakes = append(intakes, in)
		at := int64(0)
		for len(lines) > 0 && stop > 0 {
			n := min(chunk, len(lines), stop)
			text := strings.Join(lines[:n], "")
			lines, stop = lines[n:], stop-n
			if from := max(marks[i].Start()-at, 0); from < int64(len(text)) {
				d.take(in, before, at+from, text[from:])
			}
			at += int64(len(text))
		}
		before = in
	}
	if end {
		for _, in := range intakes {
			in.End()
		}
	}
	got := bodies(d.stop())
	for i, in := range intakes {
		marks[i] = in.Position()
	}
	return got
}

// Real traces, in one chunk and in one for each line, are the same records.
func FuzzRecordsOfALogFile(f *testing.F) {
	files, err := filepath.Glob("../internal/multiline/testdata/*.txt")
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, path := range files {
		raw, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(strings.ReplaceAll(string(raw), "====\n", ""), uint8(3))
	}
	f.Fuzz(func(t *testing.T, text string, limit uint8) {
		var got [2][]string
		for i, batch := range []int{100000, 1 + int(limit)} {
			d := newDesk(t, func(c *Config) {
				c.Batch.MaxRecords, c.InFlight.MaxBatches, c.Multiline.MaxLines = batch, 100000, 1000000
			})
			in := d.open(tail.Position{})
			lines := strings.SplitAfter(full(errs, strings.Split(text, "\n")...), "\n")
			if i == 0 {
				lines = []string{strings.Join(lines, "")}
			}
			for _, line := range lines {
				if line != "" {
					d.take(in, nil, in.lineEnd, line)
				}
			}
			in.End()
			got[i] = bodies(d.stop())
		}
		assert.ElementsMatch(t, got[0], got[1])
		assert.Len(t, strings.Join(got[0], "\n"), len(text), "%q", got[0])
	})
}
