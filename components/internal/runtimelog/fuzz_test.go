// SPDX-License-Identifier: Apache-2.0

package runtimelog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// sameTime compares a clock with time.Parse.
func sameTime(t *testing.T, c *clock, text string) {
	got, n, valid := c.read([]byte(text))
	want, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return
	}
	fits := !want.Before(time.Unix(0, 0)) && !want.After(time.Unix(0, math.MaxInt64))
	require.Equal(t, len(text), n, "%q has the form of a time", text)
	require.Equal(t, fits, valid, text)
	if fits {
		require.Equal(t, want.UnixNano(), got, text)
	} else {
		require.Zero(t, got, text)
	}
}

func TestTimesAreThoseOfTheStandardLibrary(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var c clock
	for range 50_000 {
		at := time.Unix(random.Int64N(9_500_000_000)-100_000_000, random.Int64N(1e9))
		at = at.In(time.FixedZone("", (random.IntN(48*60)-24*60)*60))
		if random.IntN(2) == 0 {
			at = at.UTC()
		}
		sameTime(t, &c, at.Format(time.RFC3339Nano))
		sameTime(t, &c, fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d%s", 1950+random.IntN(350), random.IntN(14),
			random.IntN(33), random.IntN(26), random.IntN(62), random.IntN(62),
			[]string{"Z", ".1Z", ",12Z", ".123456789999Z", "+24:60", "-00:01"}[random.IntN(6)]))
	}
}

func TestTimes(t *testing.T) {
	for _, c := range []struct {
		name, text, same string
	}{
		{"small letters", "2026-11-20t10:00:00z", "2026-11-20T10:00:00Z"},
		{"a leap second", "2016-12-31T23:59:60.5Z", "2017-01-01T00:00:00.5Z"},
		{"the first that fits", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
		{"the last that fits", "2262-04-11T23:47:16.854775807Z", "2262-04-11T23:47:16.854775807Z"},
		{"an hour of one digit", "2026-11-20T1:00:00Z", "2026-11-20T01:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var k clock
			want, err := time.Parse(time.RFC3339Nano, c.same)
			require.NoError(t, err)
			for range 2 {
				got, n, valid := k.read([]byte(c.text))
				require.True(t, valid)
				require.Equal(t, len(c.text), n)
				require.Equal(t, want.UnixNano(), got)
			}
		})
	}
	var k clock
	_, n, valid := k.read([]byte("2262-04-11T23:47:16.854775808Z"))
	require.False(t, valid, "one nanosecond too late")
	require.Equal(t, 30, n)
}

func FuzzTime(f *testing.F) {
	for _, s := range []string{at, "2026-11-20T1:00:00,5+24:60", "0000-02-29T00:00:00Z", "2262-04-11T23:47:16.854775808Z"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		var c clock
		sameTime(t, &c, first)
		sameTime(t, &c, second)
		sameTime(t, &c, first)
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(at+" stdout F x"), []byte(`{"log":"\ud83d\ude00\n"}`), int64(nanos), true)
	f.Fuzz(func(t *testing.T, line, text []byte, nanos int64, isPartial bool) {
		var p Parser
		before := bytes.Clone(line)
		l := p.Parse(line)
		require.Equal(t, before, line, "the line is left as it is")
		require.True(t, len(l.Body) == 0 || within(line, l.Body) || within(p.body, l.Body))
		if l.Format == Unknown {
			require.Equal(t, Line{Body: line}, l)
		}
		nanos &= math.MaxInt64
		tag := "F"
		if isPartial {
			tag = "P"
		}
		whole := time.Unix(0, nanos).UTC().Format(time.RFC3339Nano) + " stderr " + tag + " " + string(text)
		l = p.Parse([]byte(whole))
		require.Equal(t, string(text), string(l.Body))
		l.Body = nil
		require.Equal(t, Line{Format: CRI, Time: nanos, Stream: Stderr, Partial: isPartial}, l)
	})
}

// within says that part is a piece of the memory of whole.
func within(whole, part []byte) bool {
	whole = whole[:cap(whole)]
	for n := range whole {
		if &whole[n] == &part[0] {
			return n+len(part) <= len(whole)
		}
	}
	return false
}

func FuzzDocker(f *testing.F) {
	for _, line := range []string{
		`{"log":"a\"\\\/\b\f\r\t\u00fc\ud83d\ude00\n","stream":"stdout","attrs":{"a":[1,-0.5e+7,true,null]},"time":"` + at + `"}`,
		`{"log":"\ud83d","log":1}`, `{"l\u006fg":"x"} x`, "{\"log\":\"\xff\",\"time\":\"\"}", `{"":"","log":"\n"}`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		line = append([]byte("{"), bytes.TrimPrefix(line, []byte("{"))...)
		if bytes.Count(line, []byte("{"))+bytes.Count(line, []byte("[")) > maxDepth {
			return // deeper than it goes, maybe
		}
		sameDocker(t, line)
	})
}

func sameDocker(t *testing.T, line []byte) {
	var p Parser
	got := p.Parse(line)
	var fields map[string]any
	err := json.Unmarshal(line, &fields)
	log, ok := fields["log"].(string)
	if err != nil || !ok {
		// Numbers that float64 cannot hold are no error of the form.
		if !json.Valid(line) || got.Format == Unknown {
			require.Equal(t, Line{Body: line}, got)
		}
		return
	}
	want := Line{Format: Docker, Partial: !strings.HasSuffix(log, "\n"), BadTime: true}
	switch fields["stream"] {
	case "stdout":
		want.Stream = Stdout
	case "stderr":
		want.Stream = Stderr
	}
	if text, ok := fields["time"].(string); ok {
		want.Time, want.BadTime = p.time([]byte(text))
	}
	require.Equal(t, strings.TrimSuffix(log, "\n"), string(got.Body))
	got.Body = nil
	require.Equal(t, want, got)
}

func TestDockerLinesOfAllPiecesAreThoseOfTheStandardLibrary(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	pieces := []string{
		`{`, `}`, `[`, `]`, `,`, `:`, ` `, `"log"`, `"stream"`, `"time"`, `"stdout"`, `"` + at + `"`, `"\n"`, `"`, `\n`, `\`,
		`\u00e4`, `\ud83d`, `\ude00`, "ü", "\xff", "\x01", `12`, `-0.1e9`, `true`, `null`, `"log":"x\n"`, `,"log":"`, `"}`,
		`0123456789abcdef`,
	}
	found := 0
	for range 200_000 {
		line := []byte(`{"log":"`)
		for range random.IntN(8) {
			line = append(line, pieces[random.IntN(len(pieces))]...)
		}
		if random.IntN(2) == 0 {
			line = append(line, `"}`...)
		}
		sameDocker(t, line)
		if json.Valid(line) {
			found++
		}
	}
	require.Greater(t, found, 10_000)
}
