// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 5, 6, 12, 0, 0, 120_000_000, time.UTC)

// criLine is one line of a CRI file as the parser of the tests reads it.
type criLine struct {
	time              time.Time
	stream, tag, text string
}

// parseCRI reads a CRI file by its definition, apart from the code that writes
// it.
func parseCRI(t *testing.T, file string) []criLine {
	t.Helper()
	require.True(t, file == "" || strings.HasSuffix(file, "\n"), "the last line has an end")
	var lines []criLine
	for raw := range strings.Lines(file) {
		fields := strings.SplitN(strings.TrimSuffix(raw, "\n"), " ", 4)
		require.Len(t, fields, 4, raw)
		stamp, err := time.Parse(time.RFC3339Nano, fields[0])
		require.NoError(t, err)
		lines = append(lines, criLine{stamp, fields[1], fields[2], fields[3]})
	}
	return lines
}

// joinCRI puts the pieces of each stream together. The stamp is that of the
// first piece.
func joinCRI(lines []criLine) []criLine {
	open := map[string]*criLine{}
	var whole []criLine
	for _, l := range lines {
		if begun := open[l.stream]; begun != nil {
			begun.text += l.text
		} else {
			open[l.stream] = &l
		}
		if l.tag == "F" {
			open[l.stream].tag = "F"
			whole = append(whole, *open[l.stream])
			delete(open, l.stream)
		}
	}
	return whole
}

func criOf(t *testing.T, l Line, chunk int) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, AppendCRI(&out, l, chunk))
	return out.String()
}

func TestLogPathIsThatOfKubelet(t *testing.T) {
	pod := Pod{Namespace: "shop", Name: "web-0", UID: "ab-12", Container: "nginx", Restart: 3}
	assert.Equal(t, "/var/log/pods/shop_web-0_ab-12/nginx/3.log", pod.LogPath("/var/log/pods"))
}

func TestCRILineIsWrittenAsContainerdDoes(t *testing.T) {
	for _, c := range []struct {
		name  string
		chunk int
		line  Line
		want  string
	}{
		{"short", 0, Line{noon, "stderr", "hello"}, "2026-05-06T12:00:00.12Z stderr F hello\n"},
		{"other zone", 0, Line{noon.In(time.FixedZone("x", 3600)), "stdout", "a"}, "2026-05-06T12:00:00.12Z stdout F a\n"},
		{"no stream", 0, Line{noon, "", "a"}, "2026-05-06T12:00:00.12Z stdout F a\n"},
		{"blanks", 0, Line{noon, "stdout", "  a\t "}, "2026-05-06T12:00:00.12Z stdout F   a\t \n"},
		{"no text", 0, Line{noon, "stdout", ""}, "2026-05-06T12:00:00.12Z stdout F \n"},
		{"exactly one chunk", 4, Line{noon, "stdout", "abcd"}, "2026-05-06T12:00:00.12Z stdout F abcd\n"},
		{
			"more than one chunk", 4, Line{noon, "stdout", "abcdefghij"},
			"2026-05-06T12:00:00.12Z stdout P abcd\n" +
				"2026-05-06T12:00:00.120000003Z stdout P efgh\n" +
				"2026-05-06T12:00:00.120000006Z stdout F ij\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, criOf(t, c.line, c.chunk))
		})
	}
}

func TestCRIRoundTrip(t *testing.T) {
	for _, size := range []int{1, 1023, 1024, 1025, 2048, 2049, 100_000} {
		for _, chunk := range []int{0, 7, 1024} {
			text := strings.Repeat("aé ", size)[:size]
			pieces := parseCRI(t, criOf(t, Line{noon, "stderr", text}, chunk))
			limit := chunk
			if chunk == 0 {
				limit = 16384
			}
			for i, p := range pieces {
				assert.LessOrEqual(t, len(p.text), limit)
				assert.Equal(t, i == len(pieces)-1, p.tag == "F")
				assert.True(t, i == 0 || p.time.After(pieces[i-1].time))
			}
			assert.Equal(t, []criLine{{noon, "stderr", "F", text}}, joinCRI(pieces))
		}
	}
}

func TestDockerLineIsJSON(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, AppendDocker(&out, Line{noon, "stderr", `say "é"`}))
	assert.Equal(t, `{"log":"say \"é\"\n","stream":"stderr","time":"2026-05-06T12:00:00.12Z"}`+"\n", out.String())
	var line struct{ Log string }
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	assert.Equal(t, "say \"é\"\n", line.Log)
}

func TestLineBreakWithinALineIsRefused(t *testing.T) {
	var out bytes.Buffer
	require.ErrorContains(t, AppendCRI(&out, Line{Text: "a\nb"}, 0), "holds a line break")
	require.ErrorContains(t, AppendDocker(&out, Line{Text: "a\nb"}), "holds a line break")
	assert.Zero(t, out.Len())
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestErrorOfTheFileIsReported(t *testing.T) {
	require.EqualError(t, AppendCRI(brokenWriter{}, Line{Text: "a"}, 0), "write cri line: disk full")
	require.EqualError(t, AppendDocker(brokenWriter{}, Line{Text: "a"}), "write docker line: disk full")
}
