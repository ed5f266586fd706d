// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// generatedChunk is the chunk size of generated files in bytes. It is far below
// containerd's, so that long lines come in several pieces and files stay small.
const generatedChunk = 1 << 10

// generatedStart is the stamp before the first line of every generated file,
// unless the options have another.
var generatedStart = time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)

// GenerateOptions says what Generate writes.
type GenerateOptions struct {
	// Seed makes the data: equal options give equal files and lists.
	Seed uint64
	// Pods is the number of pods with one container each; 0 means 1.
	Pods int
	// Lines is the number of lines over all pods, spread evenly.
	Lines int
	// PartialPercent is the share of lines longer than a chunk, in percent; 0
	// means 3, a negative number none.
	PartialPercent int
	// StderrPercent is the share of lines on stderr, in percent; 0 means 10, a
	// negative number none.
	StderrPercent int
	// JSONPercent is the share of lines that are JSON objects, in percent; 0 means
	// 50, a negative number none.
	JSONPercent int
	// RotateEvery rotates a file after so many lines of the pod; 0 means never.
	RotateEvery int
	// NoInterleave keeps the pieces of one line together. Without it, the pieces
	// of a long line of stdout sometimes alternate with those of one of stderr,
	// as they do in the files of containerd.
	NoInterleave bool
	// Start is the stamp before the first line of every file; zero means a fixed
	// day. Backends refuse what is older than a week or so.
	Start time.Time
}

// Expected is what a collector owes for one generated line.
type Expected struct {
	// Pod is the container that printed the line.
	Pod Pod
	// Stream is "stdout" or "stderr".
	Stream string
	// Body is the whole line, with the blanks at its ends.
	Body string
	// Marker is part of Body and of no other line.
	Marker string
	// Time is the stamp of the line's FIRST piece. The collector's container
	// operator joins pieces with a recombine operator that leaves overwrite_with
	// at its default "oldest", so the record keeps the stamp of the piece that
	// came first.
	Time time.Time
	// Interleaved is true when pieces of another line stand between its own. The
	// container operator of the collector (v0.160.0) gathers pieces by file and
	// not by stream, so it mixes such lines up.
	Interleaved bool
}

// Generate writes log files below root the way containerd and kubelet do and
// returns what a collector owes for them, pod by pod, in the order in which the
// lines begin. Every line holds a marker such as sq_0003_000000123: the number
// of the pod and of the line in it.
//
// The lines are JSON objects and plain text, with nested objects, escaped quotes,
// characters of several bytes, tabs, equals signs, and blanks at the start and
// the end; none is empty. Long ones have 1.5 to 4 KiB and are cut each 1 KiB, also
// within a character and beside a blank. To return them unharmed a collector must
// neither trim what it reads nor replace incomplete characters before it has
// joined the pieces: the filelog receiver (v0.160.0) with a container operator
// does so with preserve_trailing_whitespaces: true and encoding: utf-8-raw, save
// for interleaved lines.
func Generate(t testing.TB, root string, opts GenerateOptions) []Expected {
	t.Helper()
	opts.Pods = max(opts.Pods, 1)
	opts.PartialPercent = cmp.Or(opts.PartialPercent, 3)
	opts.StderrPercent = cmp.Or(opts.StderrPercent, 10)
	opts.JSONPercent = cmp.Or(opts.JSONPercent, 50)
	opts.Start = cmp.Or(opts.Start, generatedStart)

	expected := make([]Expected, 0, opts.Lines)
	for number := range opts.Pods {
		lines := opts.Lines / opts.Pods
		if number < opts.Lines%opts.Pods {
			lines++
		}
		g := newGenerator(t, root, opts, number)
		g.run(lines)
		expected = append(expected, g.expected...)
	}
	return expected
}

// generator writes the file of one pod.
type generator struct {
	opts     GenerateOptions
	number   int
	random   *rand.Rand
	pod      Pod
	out      *LogWriter
	clock    time.Time
	expected []Expected
}

func newGenerator(t testing.TB, root string, opts GenerateOptions, number int) *generator {
	t.Helper()
	random := rand.New(rand.NewPCG(opts.Seed, uint64(number)))
	pod := Pod{
		Namespace: pick(random, "default", "kube-system", "shop", "payments-eu"),
		Name:      fmt.Sprintf("app-%04d-%08x", number, random.Uint32()),
		UID: fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", random.Uint32(), random.Uint32()>>16,
			random.Uint32()>>20, random.Uint32()>>20, random.Uint64()>>16),
		Container: pick(random, "app", "sidecar", "nginx-proxy"),
		Restart:   random.IntN(3),
	}
	out := OpenPod(t, root, pod)
	out.Chunk = generatedChunk
	return &generator{opts: opts, number: number, random: random, pod: pod, out: out, clock: opts.Start}
}

// run writes so many lines and closes the file.
func (g *generator) run(lines int) {
	sinceRotation := 0
	for len(g.expected) < lines {
		if g.opts.RotateEvery > 0 && sinceRotation >= g.opts.RotateEvery {
			g.out.Rotate()
			sinceRotation = 0
		}
		before := len(g.expected)
		long := g.chance(g.opts.PartialPercent)
		if long && lines-before >= 2 && g.interleaves() && g.chance(25) {
			g.writePair()
		} else {
			g.write(long)
		}
		sinceRotation += len(g.expected) - before
	}
	g.out.Close()
}

// interleaves reports whether long lines of both streams may alternate.
func (g *generator) interleaves() bool {
	return g.opts.StderrPercent > 0 && !g.opts.NoInterleave
}

// write writes one line.
func (g *generator) write(long bool) {
	stream := "stdout"
	if g.chance(g.opts.StderrPercent) {
		stream = "stderr"
	}
	g.tick()
	g.out.writePieces(g.stamp(g.next(stream, long, false)))
}

// writePair writes two long lines, one for each stream, piece by piece in turn.
func (g *generator) writePair() {
	first, second := "stdout", "stderr"
	if g.chance(50) {
		first, second = second, first
	}
	g.tick()
	one, other := g.next(first, true, true), g.next(second, true, true)
	var pieces []piece
	for i := range max(len(one), len(other)) {
		if i < len(one) {
			pieces = append(pieces, one[i])
		}
		if i < len(other) {
			pieces = append(pieces, other[i])
		}
	}
	pieces = g.stamp(pieces)
	// The second line begins one piece after the first.
	g.expected[len(g.expected)-1].Time = pieces[1].time
	g.out.writePieces(pieces)
}

// next makes a line, notes it as expected at the present clock, and returns it
// in pieces.
func (g *generator) next(stream string, long, interleaved bool) []piece {
	marker := fmt.Sprintf("sq_%04d_%09d", g.number, len(g.expected))
	body := lineText(g.random, marker, g.chance(g.opts.JSONPercent), long)
	g.expected = append(g.expected, Expected{
		Pod: g.pod, Stream: stream, Body: body, Marker: marker, Time: g.clock, Interleaved: interleaved,
	})
	return cut(Line{Stream: stream, Text: body}, generatedChunk)
}

// stamp gives pieces their times, beginning at the present clock.
func (g *generator) stamp(pieces []piece) []piece {
	for i := range pieces {
		pieces[i].time = g.clock.Add(time.Duration(i) * pieceGap)
	}
	return pieces
}

// tick moves the clock on by 1 to 5 ms, now and then to a whole millisecond,
// because RFC3339Nano then has fewer digits.
func (g *generator) tick() {
	g.clock = g.clock.Add(time.Millisecond + time.Duration(g.random.Int64N(int64(4*time.Millisecond))))
	if g.chance(5) {
		g.clock = g.clock.Truncate(time.Millisecond).Add(time.Millisecond)
	}
}

// chance is true in so many of a hundred cases.
func (g *generator) chance(percent int) bool {
	return g.random.IntN(100) < percent
}

func pick[T any](random *rand.Rand, choices ...T) T {
	return choices[random.IntN(len(choices))]
}
