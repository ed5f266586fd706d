// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/tributary-otel/tributary/components/internal/tail"
)

const (
	stampText = "2026-11-20T10:00:00.123456789Z"
	out       = stampText + " stdout "
	errs      = stampText + " stderr "
)

var stamp = time.Date(2026, 11, 20, 10, 0, 0, 123456789, time.UTC)

func stdout(body string) line { return line{stream: "stdout", body: body, time: stamp} }
func stderr(body string) line { return line{stream: "stderr", body: body, time: stamp} }

// docker makes a line as the json-file driver writes it.
func docker(stream, log string) string {
	return fmt.Sprintf(`{"log":%q,"stream":%q,"time":%q}`+"\n", log, stream, stampText)
}

func TestWhatBecomesOfLines(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 160) // 2560 bytes
	for _, tt := range []struct {
		name string
		// files are those of one run of a container; what is behind a | comes with the
		// next chunk.
		files []string
		want  []line
		// count is the anomaly that is counted once, if any.
		count tail.Trouble
	}{
		{name: "a full line is a record", files: []string{out + "F one\n"}, want: []line{stdout("one")}},
		{
			name: "pieces of both streams alternate", files: []string{out + "P a\n" + errs + "P x\n" + out + "P b\n" + errs + "F y\n" + out + "F c\n"},
			want: []line{stderr("xy"), stdout("abc")},
		},
		{name: "an F without a P is a line of its own", files: []string{out + "F one\n" + out + "F two\n"}, want: []line{stdout("one"), stdout("two")}},
		{name: "a P whose F never comes is sent when the file ends", files: []string{out + "P one\n"}, want: []line{stdout("one")}, count: unfinishedJoin},
		{name: "a line goes on in the next file", files: []string{out + "P a\n", out + "F b\n" + out + "F c\n"}, want: []line{stdout("ab"), stdout("c")}},
		{
			name: "a line goes on over three files, and the other stream is not held up",
			files: []string{
				out + "P a\n", errs + "F x\n" + out + "P b\n", out + "F c\n" + errs + "F y\n",
			},
			want: []line{stderr("x"), stdout("abc"), stderr("y")},
		},
		{name: "an empty P counts", files: []string{out + "P \n" + out + "F b\n"}, want: []line{stdout("b")}},
		{name: "a joined line above the limit goes in pieces", files: []string{out + "P " + long[:800] + "\n" + out + "P " + long[:800] + "\n" + out + "F end\n"}, want: []line{stdout(long[:800]), stdout(long[:800] + "end")}, count: longJoin},
		{name: "a long line goes in pieces, with the time and the stream in each", files: []string{errs + "F " + long + "\n"}, want: []line{stderr(long[:1024]), stderr(long[1024:2048]), stderr(long[2048:])}, count: longJoin},
		{name: "a line of exactly the limit is one record", files: []string{out + "F " + long[:1024] + "\n"}, want: []line{stdout(long[:1024])}},
		{name: "a character is not cut in two", files: []string{out + "F " + long[:1022] + "日本\n"}, want: []line{stdout(long[:1022]), stdout("日本")}, count: longJoin},
		{name: "what is no character is cut anywhere", files: []string{out + "F " + strings.Repeat("\x80", 1025) + "\n"}, want: []line{stdout(strings.Repeat(`\x80`, 1020)), stdout(strings.Repeat(`\x80`, 5))}, count: longJoin},
		{name: "a long line that comes in pieces keeps its head", files: []string{out + "F " + long[:1000] + "|" + long[:1000] + "|end\n" + out + "F next\n"}, want: []line{stdout(long[:1000]), stdout(long[:1000]), stdout("end"), stdout("next")}},
		{name: "the rest of a piece stays a piece", files: []string{out + "P a|b\n" + out + "F c\n"}, want: []line{stdout("abc")}},
		{name: "only the end of a line is no record", files: []string{out + "F one|\n" + out + "F two\n"}, want: []line{stdout("one"), stdout("two")}},
		{name: "a line behind an unfinished one speaks for itself", files: []string{out + "F one|" + errs + "F \n"}, want: []line{stdout("one"), stderr("")}},
		{name: "a last line without an end", files: []string{out + "F one\n|" + out + "F tw"}, want: []line{stdout("one"), stdout("tw")}},
		{name: "an unknown line is sent as it is", files: []string{"what?\n"}, want: []line{{body: "what?"}}, count: unknownLine},
		{name: "an unknown line between pieces", files: []string{out + "P a\nwhat?\n" + out + "F b\n"}, want: []line{{body: "what?"}, stdout("ab")}, count: unknownLine},
		{name: "an empty line of the file", files: []string{"\n"}, want: []line{{body: ""}}, count: unknownLine},
		{name: "a bad tag", files: []string{out + "X one\n"}, want: []line{stdout("one")}, count: badTag},
		{name: "further tags", files: []string{out + "P:x a\n" + out + "F:y:z b\n"}, want: []line{stdout("ab")}},
		{name: "an impossible time", files: []string{"2026-13-20T10:00:00Z stdout F one\n"}, want: []line{{stream: "stdout", body: "one"}}, count: badTime},
		{name: "a time in another zone", files: []string{"2026-11-20T20:00:00.123456789+10:00 stdout F one\n"}, want: []line{stdout("one")}},
		{name: "an empty line of the container", files: []string{out + "F \n"}, want: []line{stdout("")}},
		{name: "blanks, CR and NUL stay", files: []string{out + "F  a \x00b\t\r\n"}, want: []line{stdout(" a \x00b\t\r")}},
		{name: "what is no UTF-8 is escaped", files: []string{out + "F a\xffb\xe6\x97\n"}, want: []line{stdout(`a\xffb\xe6\x97`)}, count: invalidUTF8},
		{name: "a character in two pieces is one", files: []string{out + "P \xe6\n" + out + "F \x97\xa5\n"}, want: []line{stdout("日")}},
		{name: "Docker's lines", files: []string{docker("stderr", "one\n")}, want: []line{stderr("one")}},
		{name: "Docker's pieces", files: []string{docker("stdout", "a") + docker("stderr", "x\n") + docker("stdout", "b\n")}, want: []line{stderr("x"), stdout("ab")}},
		{name: "a line of Docker without a time", files: []string{`{"log":"one\n","stream":"stdout"}` + "\n"}, want: []line{{stream: "stdout", body: "one"}}, count: badTime},
		{name: "JSON that is not Docker's", files: []string{`{"a":1}` + "\n"}, want: []line{{body: `{"a":1}`}}, count: unknownLine},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, func(c *Config) { c.MaxLineBytes = 1024 })
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
			assert.Equal(t, tt.want, d.stop())
			for i, in := range intakes {
				assert.True(t, in.Idle())
				assert.Equal(t, tail.At(int64(len(strings.ReplaceAll(tt.files[i], "|", "")))), in.Position())
			}
			for _, kind := range kinds {
				want := int64(0)
				if kind.Name == tt.count {
					want = 1
				}
				assert.GreaterOrEqual(t, d.trouble.Of(kind.Name), want, kind.Name)
				if want == 0 && kind.Name != invalidUTF8 {
					assert.Zero(t, d.trouble.Of(kind.Name), kind.Name)
				}
			}
		})
	}
}

func TestWhatIsNoUTF8MayBeSentAsBytes(t *testing.T) {
	d := newDesk(t, func(c *Config) { c.InvalidUTF8 = utf8Bytes })
	d.take(d.open(tail.Position{}), nil, 0, out+"F a\xff\n"+out+"F b\n")
	d.flush()
	d.settle()
	sent, _ := d.waiting[0].lines.logs()
	records := sent.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	assert.Equal(t, []byte("a\xff"), records.At(0).Body().Bytes().AsRaw())
	assert.Equal(t, pcommon.ValueTypeStr, records.At(1).Body().Type())
	d.stop()
}

func TestABatchEndsAtItsLimits(t *testing.T) {
	for _, tt := range []struct {
		name   string
		limits BatchConfig
		bodies []string
		want   []int // records in each batch
	}{
		{"at the number of records", BatchConfig{MaxRecords: 3, MaxBytes: 1000}, make([]string, 7), []int{3, 3, 1}},
		{"exactly full in bytes", BatchConfig{MaxRecords: 10, MaxBytes: 6}, []string{"abc", "def", "g"}, []int{2, 1}},
		{"one byte too many", BatchConfig{MaxRecords: 10, MaxBytes: 5}, []string{"abc", "def", "g"}, []int{1, 2}},
		{"a longer line goes alone", BatchConfig{MaxRecords: 10, MaxBytes: 2}, []string{"a", "long", "b", "c"}, []int{1, 1, 2}},
		{"each line alone", BatchConfig{MaxRecords: 1, MaxBytes: 1}, []string{"a", "b"}, []int{1, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, func(c *Config) {
				tt.limits.Timeout = time.Hour
				c.Batch, c.InFlight.MaxBatches = tt.limits, 100
			})
			in := d.open(tail.Position{})
			d.take(in, nil, 0, cri(tt.bodies...))
			d.flush()
			d.settle()
			sizes := map[int]int{}
			for _, s := range d.waiting {
				sizes[s.lines.Len()]++
			}
			want := map[int]int{}
			for _, n := range tt.want {
				want[n]++
			}
			assert.Equal(t, want, sizes)
			assert.Len(t, d.stop(), len(tt.bodies))
		})
	}
}

func TestABatchIsLargerWhenNoMoreLinesAreThere(t *testing.T) {
	d := newDesk(t, func(c *Config) { c.Batch.Timeout = time.Hour })
	in := d.open(tail.Position{})
	lines := []byte(cri(make([]string, 3000)...))
	in.Take(tail.Chunk{Data: lines, Start: in.lineEnd})
	d.settle()
	assert.Empty(t, d.waiting, "who keeps up waits for more, up to max_records")
	in.Take(tail.Chunk{Data: lines, Start: in.lineEnd, More: true})
	d.settle()
	sizes := map[int]int{}
	for _, s := range d.waiting {
		sizes[s.lines.Len()]++
	}
	assert.Equal(t, map[int]int{3000: 1, batchBehind: 1}, sizes, "who is behind does not")
	d.flush()
	d.settle()
	assert.Len(t, d.stop(), 6000)
}

func TestABatchHoldsManyContainers(t *testing.T) {
	const files = 3000
	d := newDesk(t, func(c *Config) { c.Batch.MaxRecords, c.Batch.Timeout = 2*files, time.Hour })
	intakes := make([]*intake, files)
	for round := range 2 {
		for i := range intakes {
			if round == 0 {
				intakes[i] = d.open(tail.Position{})
			}
			d.take(intakes[i], nil, intakes[i].lineEnd, cri(fmt.Sprint(i, round)))
		}
	}
	d.flush()
	d.settle()
	require.Len(t, d.waiting, 1)
	logs, _ := d.waiting[0].lines.logs()
	assert.Equal(t, files, logs.ResourceLogs().Len())
	assert.Equal(t, 2*files, logs.LogRecordCount())
	head, rest := d.waiting[0].lines.Split(5)
	some, _ := head.logs()
	assert.Equal(t, 5, some.ResourceLogs().Len(), "no resource without a record")
	others, _ := rest.logs()
	assert.Equal(t, 2*files-5, others.LogRecordCount())
	d.stop()
}

func TestTheBatchOfTwoFilesMovesBoth(t *testing.T) {
	d := newDesk(t, nil)
	first, second := d.open(tail.Position{}), d.open(tail.Position{})
	a, b := out+"F one\n"+out+"P a\n", out+"F b\n"
	d.take(first, nil, 0, a)
	d.flush()
	d.settle()
	d.deliver(0)
	behind := int64(len(out + "F one\n"))
	end := int64(len(a))
	assert.Equal(t, tail.Position{Offset: end, Stdout: behind, Stderr: end}, first.Position(), "it stays before the open line")
	assert.False(t, first.Idle())
	d.take(second, first, 0, b)
	assert.Equal(t, behind, first.Position().Stdout)
	d.flush()
	d.settle()
	assert.Equal(t, []line{stdout("ab")}, d.deliver(0))
	assert.Equal(t, tail.At(end), first.Position())
	assert.Equal(t, tail.At(int64(len(b))), second.Position())
	assert.True(t, first.Idle() && second.Idle())
	d.stop()
}
