// SPDX-License-Identifier: Apache-2.0

package runtimelog

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	at    = "2026-11-20T10:00:00.123456789Z"
	nanos = 1795168800123456789
)

func cri(stream Stream, body string) Line {
	return Line{Format: CRI, Time: nanos, Stream: stream, Body: []byte(body)}
}

func docker(stream Stream, body string) Line {
	l := cri(stream, body)
	l.Format = Docker
	return l
}

func partial(l Line) Line { l.Partial = true; return l }
func badTime(l Line) Line { l.BadTime, l.Time = true, 0; return l }
func badTag(l Line) Line  { l.BadTag = true; return l }

func TestParse(t *testing.T) {
	everything := string(bytes.Join([][]byte{{0, 255, '\r', '\t', ' '}, []byte("ü\xc3")}, nil)) + " \r"
	deep := func(n int) string {
		return `{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `,"log":"x"}`
	}
	for _, c := range []struct {
		name, line string
		want       Line // the zero Line is an Unknown one
	}{
		{"a full line", at + " stdout F some text", cri(Stdout, "some text")},
		{"a line to stderr", at + " stderr F x", cri(Stderr, "x")},
		{"a partial line", at + " stdout P x", partial(cri(Stdout, "x"))},
		{"an empty text", at + " stdout F ", cri(Stdout, "")},
		{"an empty text whose blank is missing", at + " stdout F", cri(Stdout, "")},
		{"an empty text with two tags", at + " stdout P:x", partial(cri(Stdout, ""))},
		{"a blank", at + " stdout F  ", cri(Stdout, " ")},
		{"any bytes", at + " stdout F " + everything, cri(Stdout, everything)},
		{"more tags", at + " stdout F:tag2:P x", cri(Stdout, "x")},
		{"more tags on a partial line", at + " stdout P:F x", partial(cri(Stdout, "x"))},
		{"an unknown tag", at + " stdout X x", badTag(cri(Stdout, "x"))},
		{"a tag in small letters", at + " stdout p x", badTag(cri(Stdout, "x"))},
		{"a tag that begins like one", at + " stdout Px x", badTag(cri(Stdout, "x"))},
		{"an empty tag", at + " stdout  x", badTag(cri(Stdout, "x"))},
		{"an empty first tag", at + " stdout :P x", badTag(cri(Stdout, "x"))},
		{"another offset", "2026-11-20T20:00:00.123456789+10:00 stdout F x", cri(Stdout, "x")},
		{"a day that is not", "2026-02-29T10:00:00Z stdout F x", badTime(cri(Stdout, "x"))},
		{"a time before 1970", "1969-12-31T23:59:59.999999999Z stdout P x", badTime(partial(cri(Stdout, "x")))},
		{"a time after 2262", "2300-01-01T00:00:00Z stdout F x", badTime(cri(Stdout, "x"))},

		{"nothing", "", Line{}},
		{"text", "some text", Line{}},
		{"zeros", strings.Repeat("\x00", 16) + ":05Z stdout F x", Line{}},
		{"a time alone", at, Line{}},
		{"no tag", at + " stdout ", Line{}},
		{"no tag and no blank", at + " stdout", Line{}},
		{"a stream of another name", at + " stdlog F x", Line{}},
		{"a stream that begins like one", at + " stdouts F x", Line{}},
		{"an unknown tag that may be the text", at + " stdout text", Line{}},
		{"two blanks before the stream", at + "  stdout F x", Line{}},
		{"a time without an offset", "2026-11-20T10:00:00 stdout F x", Line{}},
		{"a dot without a fraction", "2026-11-20T10:00:00.Z stdout F x", Line{}},
		{"a blank before the time", " " + at + " stdout F x", Line{}},

		{"a full line of docker", `{"log":"some text\n","stream":"stdout","time":"` + at + `"}`, docker(Stdout, "some text")},
		{"a partial line of docker", `{"log":"x","stream":"stderr","time":"` + at + `"}`, partial(docker(Stderr, "x"))},
		{"another order, and attributes", `{"time":"` + at + `","attrs":{"a":[1,{}]},"stream":"stdout","log":"x\n"}`, docker(Stdout, "x")},
		{"blanks", "{ \"log\" :\t\"x\\n\" , \"time\":\"" + at + "\" } \r", docker(None, "x")},
		{"an empty log", `{"log":"","time":"` + at + `"}`, partial(docker(None, ""))},
		{"a newline alone", `{"log":"\n","time":"` + at + `"}`, docker(None, "")},
		{"only the last newline is cut", `{"log":"\n\n","time":"` + at + `"}`, docker(None, "\n")},
		{"an escaped backslash before n", `{"log":"a\\n","time":"` + at + `"}`, partial(docker(None, `a\n`))},
		{"a newline by its number", `{"log":"a\u000a","time":"` + at + `"}`, docker(None, "a")},
		{"all escapes", `{"log":"\"\\\/\b\f\n\r\t\u00fc\ud83d\ude00\n","time":"` + at + `"}`, docker(None, "\"\\/\b\f\n\r\tü😀")},
		{"half a pair", `{"log":"\ud83d\u0041\ude00\ud83d\n","time":"` + at + `"}`, docker(None, "\ufffdA\ufffd\ufffd")},
		{"bytes that are no UTF-8", "{\"log\":\"a\xff\xc3\\n\",\"time\":\"" + at + `"}`, docker(None, "a\ufffd\ufffd")},
		{"keys and values with escapes", `{"\u006cog":"x\n","strea\u006d":"std\u006fut","time":"\u0032` + at[1:] + `"}`, docker(Stdout, "x")},
		{"the last of equal keys", `{"log":"a\ta\n","log":"b\tb\n","stream":"stdout","stream":1,"time":"` + at + `"}`, docker(None, "b\tb")},
		{"no time", `{"log":"x\n"}`, badTime(docker(None, "x"))},
		{"a time that is none", `{"log":"x\n","time":"now"}`, badTime(docker(None, "x"))},
		{"a time with something behind it", `{"log":"x\n","time":"` + at + ` "}`, badTime(docker(None, "x"))},
		{"a time that is a number", `{"log":"x\n","time":"` + at + `","time":17}`, badTime(docker(None, "x"))},
		{"a stream of another name in docker", `{"log":"x\n","stream":"in","time":"` + at + `"}`, docker(None, "x")},
		{"values 32 deep", deep(31), badTime(partial(docker(None, "x")))},

		{"values 33 deep", deep(32), Line{}},
		{"no log", `{"stream":"stdout","time":"` + at + `"}`, Line{}},
		{"a key in capitals", `{"LOG":"x\n"}`, Line{}},
		{"a log that is no text", `{"log":null}`, Line{}},
		{"a log that is no text any more", `{"log":"x","log":1}`, Line{}},
		{"an empty object", `{}`, Line{}},
		{"something behind the object", `{"log":"x\n"}x`, Line{}},
		{"two objects", `{"log":"x\n"}{"log":"x\n"}`, Line{}},
		{"a comma at the end", `{"log":"x\n",}`, Line{}},
		{"a control character", "{\"log\":\"a\tb\"}", Line{}},
		{"an unknown escape", `{"log":"\x"}`, Line{}},
		{"a number with a zero before it", `{"a":01,"log":"x"}`, Line{}},
		{"a blank before the object", ` {"log":"x\n"}`, Line{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := c.want
			if want.Format == Unknown {
				want.Body = []byte(c.line)
			}
			var p Parser
			for range 2 { // the second time with what the first one left
				got := p.Parse([]byte(c.line))
				require.Equal(t, string(want.Body), string(got.Body))
				want.Body, got.Body = nil, nil
				require.Equal(t, want, got)
				want.Body = c.want.Body
				if want.Format == Unknown {
					want.Body = []byte(c.line)
				}
			}
		})
	}
}

func TestALineOfDockerThatIsCutAnywhereIsUnknown(t *testing.T) {
	line := []byte(`{"log":"a\u00fc\n","attrs":{"a":[-1.5e+3,true,false,null]},"time":"` + at + `"}`)
	var p Parser
	require.Equal(t, Docker, p.Parse(line).Format)
	for n := range line {
		require.Equal(t, Line{Body: line[:n]}, p.Parse(line[:n]))
	}
}

func TestNothingIsAllocated(t *testing.T) {
	var p Parser
	for _, line := range benchmarks() {
		p.Parse(line)
		assert.Zero(t, testing.AllocsPerRun(100, func() { p.Parse(line) }))
	}
	p.Release()
	assert.Nil(t, p.body)
}

func TestNames(t *testing.T) {
	assert.Equal(t, []string{"", "stdout", "stderr"}, []string{None.String(), Stdout.String(), Stderr.String()})
	assert.Equal(t, []string{"unknown", "cri", "docker"}, []string{Unknown.String(), CRI.String(), Docker.String()})
}

func benchmarks() map[string][]byte {
	body := strings.Repeat("abcdefgh ", 12)
	return map[string][]byte{
		"cri":            []byte(at + " stdout F " + body),
		"docker":         []byte(`{"log":"` + body + `\n","stream":"stdout","time":"` + at + `"}`),
		"docker escaped": []byte(`{"log":"` + strings.Repeat(`\"key\":\"value\",`, 8) + `\n","stream":"stdout","time":"` + at + `"}`),
		"other text":     []byte(body),
	}
}

func BenchmarkParse(b *testing.B) {
	for name, line := range benchmarks() {
		b.Run(name, func(b *testing.B) {
			var p Parser
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				p.Parse(line)
			}
		})
	}
}
