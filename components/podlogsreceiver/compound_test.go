// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/components/internal/multiline"
	"github.com/tributary-otel/tributary/components/internal/tail"
)

func full(head string, bodies ...string) string {
	var b strings.Builder
	for _, body := range bodies {
		b.WriteString(head + "F " + body + "\n")
	}
	return b.String()
}

func TestWhichLinesAreOneRecord(t *testing.T) {
	const (
		head  = "java.lang.Exception: no stock"
		frame = "\tat shop.Stock.take(Stock.java:41)"
	)
	trace := head + "\n" + frame
	long := strings.Repeat("x", 1500)
	for _, tt := range []struct {
		name string
		// files are those of one run of a container; what is behind a | comes with the
		// next chunk.
		files []string
		want  []line
		long  int64
	}{
		{name: "a trace", files: []string{full(errs, "one", head, frame, "two")}, want: []line{stderr("one"), stderr(trace), stderr("two")}},
		{name: "at the end", files: []string{full(errs, head, frame)}, want: []line{stderr(trace)}},
		{name: "two of them", files: []string{full(errs, head, frame, head, frame)}, want: []line{stderr(trace), stderr(trace)}},
		{name: "in several chunks", files: []string{full(errs, head) + "|" + full(errs, frame) + "|" + full(errs, frame, "two")}, want: []line{stderr(trace + "\n" + frame), stderr("two")}},
		{
			name: "both streams at once", files: []string{full(out, head) + full(errs, head) + full(out, frame) + full(errs, "one", frame)},
			want: []line{stderr(head), stderr("one"), stderr(frame), stdout(trace)},
		},
		{
			name: "the first lines of both wait", files: []string{full(out, "one", head) + full(errs, head) + "|" + full(errs, frame) + full(out, frame)},
			want: []line{stdout("one"), stdout(trace), stderr(trace)},
		},
		{name: "over a rotation", files: []string{full(errs, head), full(errs, frame, "two")}, want: []line{stderr(trace), stderr("two")}},
		{name: "over two rotations, and the other stream goes on", files: []string{full(errs, head), full(out, "one"), full(errs, frame)}, want: []line{stdout("one"), stderr(trace)}},
		{name: "a first line that nothing follows", files: []string{full(errs, head), full(errs, "one")}, want: []line{stderr(head), stderr("one")}},
		{name: "frames that nothing goes before", files: []string{full(errs, "one", frame, frame)}, want: []line{stderr("one"), stderr(frame), stderr(frame)}},
		{
			name: "a blank line in a trace and one behind it", files: []string{full(errs, "panic: x", "", "goroutine 1 [running]:", "main.main()", "\t/app/main.go:3 +0x1d", "", "one")},
			want: []line{stderr("panic: x\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:3 +0x1d"), stderr(""), stderr("one")},
		},
		{name: "a line in doubt at the end", files: []string{full(errs, "panic: x", "")}, want: []line{stderr("panic: x"), stderr("")}},
		{name: "a line in doubt and a rotation", files: []string{full(errs, "panic: x", ""), full(errs, "one")}, want: []line{stderr("panic: x"), stderr(""), stderr("one")}},
		{name: "a line in doubt is the first of a trace", files: []string{full(errs, "/app/stock.js:41", head) + "|" + full(errs, frame)}, want: []line{stderr("/app/stock.js:41"), stderr(trace)}},
		{name: "a frame that the runtime has split", files: []string{full(errs, head) + errs + "P \tat shop.Stock.\n" + errs + "P take(Stock\n" + full(errs, ".java:41)", "two")}, want: []line{stderr(trace), stderr("two")}},
		{name: "a first line that the runtime has split, over a rotation", files: []string{errs + "P java.lang.Exc\n", full(errs, "eption: no stock", frame, "two")}, want: []line{stderr(trace), stderr("two")}},
		{name: "a split line that is no frame", files: []string{full(errs, head) + errs + "P \tat \n" + full(errs, "home", frame)}, want: []line{stderr(head), stderr("\tat home"), stderr(frame)}},
		{name: "a line that has no end yet", files: []string{full(errs, head) + errs + "F \tat shop.|Stock.take(Stock.java:41)\n"}, want: []line{stderr(head), stderr("\tat shop."), stderr("Stock.take(Stock.java:41)")}},
		{name: "a piece that never ends", files: []string{full(errs, head) + errs + "P \tat shop.Stock.take(Stock.java:41)\n"}, want: []line{stderr(head), stderr(frame)}},
		{name: "a long first line", files: []string{full(errs, long+" Exception", frame)}, want: []line{stderr(long[:1024]), stderr(long[1024:] + " Exception\n" + frame)}},
		{name: "a record above the limit", files: []string{full(errs, head, "\tat a.b("+long[:500]+")", "\tat a.c("+long[:500]+")", frame, "two")}, want: []line{stderr(head + "\n\tat a.b(" + long[:500] + ")"), stderr("\tat a.c(" + long[:500] + ")\n" + frame), stderr("two")}, long: 1},
		{name: "too many lines", files: []string{full(errs, head, frame, frame, frame, frame, frame, frame, "two")}, want: []line{stderr(trace + "\n" + frame + "\n" + frame + "\n" + frame), stderr(frame + "\n" + frame), stderr("two")}, long: 1},
		{
			name: "too many lines, one in doubt", files: []string{full(errs, "panic: x", "\t1", "\t2", "\t3", "\t4", "", "one")},
			want: []line{stderr("panic: x\n\t1\n\t2\n\t3\n\t4"), stderr(""), stderr("one")},
		},
		{name: "what is no UTF-8", files: []string{full(errs, "Error: a\xff", "    at b\xff (c.js:1:2)")}, want: []line{stderr(`Error: a\xff` + "\n" + `    at b\xff (c.js:1:2)`)}},
		{name: "lines of no runtime", files: []string{head + "\n" + frame + "\n"}, want: []line{{body: trace}}},
		{name: "Docker's lines", files: []string{docker("stderr", head+"\n") + docker("stderr", frame+"\n") + docker("stdout", "\"one\"\n")}, want: []line{stderr(trace), stdout("\"one\"")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, func(c *Config) { c.MaxLineBytes, c.Multiline.MaxLines = 1024, 5 })
			var before *intake
			var intakes []*intake
			for _, text := range tt.files {
				in, at := d.open(tail.Position{}), int64(0)
				for chunk := range strings.SplitSeq(text, "|") {
					at = d.take(in, before, at, chunk)
				}
				before, intakes = in, append(intakes, in)
			}
			for _, in := range intakes {
				in.End()
			}
			assert.Empty(t, d.podLogs.open)
			assert.ElementsMatch(t, tt.want, d.stop())
			for i, in := range intakes {
				assert.True(t, in.Idle())
				assert.Equal(t, tail.At(int64(len(strings.ReplaceAll(tt.files[i], "|", "")))), in.Position())
			}
			assert.Equal(t, tt.long, d.trouble.Of(longRecord))
			s := d.window.Stats()
			assert.Equal(t, int64(len(tt.want)), s.Delivered.Records)
			assert.Equal(t, s.Added, s.Delivered)
		})
	}
}

func TestTheTimeOfARecordIsThatOfItsFirstLine(t *testing.T) {
	d := newDesk(t, nil)
	in := d.open(tail.Position{})
	d.take(in, nil, 0, full(errs, "Error: x")+full(strings.Replace(errs, ":00.1", ":01.1", 1), "    at a.js:1:2", "one"))
	assert.Equal(t, []line{stderr("Error: x\n    at a.js:1:2"), {stream: "stderr", body: "one", time: stamp.Add(time.Second)}}, d.stop())
}

// While a batch has no room, what may be the first line of a trace is taken out of it.
func TestAFullBatchDoesNotTearARecord(t *testing.T) {
	for limit := 1; limit < 8; limit++ {
		d := newDesk(t, func(c *Config) { c.Batch.MaxRecords, c.InFlight.MaxBatches = limit, 100 })
		in := d.open(tail.Position{})
		var want []string
		var text strings.Builder
		for range 5 {
			text.WriteString(full(errs, "Error: x") + full(out, "one", "Error: y") + full(errs, "    at a.js:1:2") + full(out, "    at b.js:1:2", "two", "Error: z"))
			want = append(want, "Error: x\n    at a.js:1:2", "one", "Error: y\n    at b.js:1:2", "two", "Error: z")
		}
		d.take(in, nil, 0, text.String())
		in.End()
		assert.ElementsMatch(t, want, bodies(d.stop()), "limit %d", limit)
	}
}

func TestAnOpenRecordHoldsThePositionOfItsStream(t *testing.T) {
	d := newDesk(t, nil)
	first, second := d.open(tail.Position{}), d.open(tail.Position{})
	one, head := full(errs, "one"), full(errs, "Error: x")
	a := one + head + full(out, "two")
	d.take(first, nil, 0, a)
	d.flush()
	d.settle()
	assert.Equal(t, []line{stderr("one"), stdout("two")}, d.deliver(0))
	end, held := int64(len(a)), int64(len(one))
	assert.Equal(t, tail.Position{Offset: end, Stdout: end, Stderr: held}, first.Position())
	assert.False(t, first.Idle())
	b := full(out, "three")
	at := d.take(second, first, 0, b)
	d.flush()
	d.settle()
	d.deliver(0)
	assert.Equal(t, tail.Position{Offset: at, Stdout: at, Stderr: 0}, second.Position(), "the record may go on there")
	at = d.take(second, first, at, full(errs, "    at a.js:1:2"))
	assert.Equal(t, held, first.Position().Stderr)
	second.End()
	d.flush()
	d.settle()
	assert.Equal(t, []line{stderr("Error: x\n    at a.js:1:2")}, d.deliver(0))
	assert.Equal(t, tail.At(end), first.Position())
	assert.Equal(t, tail.At(at), second.Position())
	assert.True(t, first.Idle() && second.Idle())
	d.stop()
}

func TestOnlyWhatMayGoOnWaits(t *testing.T) {
	d := newDesk(t, nil)
	in := d.open(tail.Position{})
	begun := time.Now()
	later := func(after time.Duration) time.Duration { return d.expire(begun.Add(after)) }
	d.take(in, nil, 0, full(errs, "one"))
	assert.Zero(t, later(0), "an ordinary line waits for nothing")
	assert.Len(t, d.batch.records, 1)
	d.take(in, nil, in.lineEnd, full(errs, "panic: x", ""))
	assert.Len(t, d.batch.records, 1)
	left := later(0)
	assert.Positive(t, left)
	assert.GreaterOrEqual(t, d.config.Multiline.Timeout+time.Second, left)
	in.Take(tail.Chunk{Start: in.lineEnd})
	assert.Equal(t, left, later(0), "it is looked for the next line, and there is none")
	in.Take(tail.Chunk{Start: in.lineEnd, More: true})
	assert.Zero(t, later(time.Hour), "the next line is there")
	in.Take(tail.Chunk{Start: in.lineEnd})
	assert.Positive(t, later(0))
	later(time.Hour)
	assert.Empty(t, d.podLogs.open)
	assert.Equal(t, [3]int64{nowhere, nowhere, nowhere}, in.kept)
	assert.Equal(t, []line{stderr("one"), stderr("panic: x"), stderr("")}, d.stop())
	assert.True(t, in.Idle())
	assert.Equal(t, tail.At(in.lineEnd), in.Position())
}

func TestALineInDoubtWaitsAnewIfItMayGoOn(t *testing.T) {
	d := newDesk(t, nil)
	in := d.open(tail.Position{})
	d.take(in, nil, 0, full(errs, "/app/a.js:1", "Error: x"))
	assert.Positive(t, d.expire(time.Now().Add(time.Hour)))
	assert.Len(t, d.batch.records, 1)
	d.take(in, nil, in.lineEnd, full(errs, "    at a.js:1:2"))
	assert.Positive(t, d.expire(time.Now()))
	d.expire(time.Now().Add(time.Hour))
	assert.Equal(t, []line{stderr("/app/a.js:1"), stderr("Error: x\n    at a.js:1:2")}, d.stop())
}

func TestTheRuleOfAFileMayBeReplaced(t *testing.T) {
	d := newDesk(t, nil)
	in := d.open(tail.Position{})
	d.take(in, nil, 0, full(errs, "Error: x"))
	var err error
	in.rule, err = multiline.NewRule(multiline.Start, "^B")
	require.NoError(t, err)
	d.take(in, nil, in.lineEnd, full(errs, "    at a.js:1:2", "B 1", "2", "Error: y", "B 3"))
	in.rule, err = multiline.NewRule(multiline.None, "")
	require.NoError(t, err)
	d.take(in, nil, in.lineEnd, full(errs, "4", "B 5", "Error: z"))
	d.take(in, nil, in.lineEnd, full(errs, "    at a.js:1:2"))
	assert.Equal(t, []line{
		stderr("Error: x\n    at a.js:1:2"), stderr("B 1\n2\nError: y"), stderr("B 3\n4"), stderr("B 5"), stderr("Error: z"), stderr("    at a.js:1:2"),
	}, d.stop())
}
