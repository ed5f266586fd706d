// SPDX-License-Identifier: Apache-2.0

package multiline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reader makes records of lines, as whoever uses the package does. The zero value reads
// nothing.
type reader struct {
	rule *Rule
	// hasty asks of each line at once whether it may begin a record, as is done at the end
	// of what is there. Else that is asked when the next line is there.
	hasty bool

	record Record
	open   []string // the lines of a record that may go on
	doubt  []string // the line behind them that may belong to it
	before []string // a line that is a record unless the next one goes on with it
	got    []string
}

func (r *reader) add(line string) {
	if len(r.open)+len(r.doubt) > 0 {
		switch r.record.Add([]byte(line)) {
		case Yes:
			r.open = append(append(r.open, r.doubt...), line)
			r.doubt = nil
			return
		case Doubt:
			if r.doubt != nil {
				panic("a second line in doubt")
			}
			r.doubt = []string{line}
			return
		}
		r.end()
		r.add(line)
		return
	}
	if r.before != nil && !r.rule.Plain([]byte(line)) {
		if record, verdict := r.rule.Join([]byte(r.before[0]), []byte(line)); verdict != No {
			r.record, r.open, r.before = record, r.before, nil
			if verdict == Doubt {
				r.doubt = []string{line}
			} else {
				r.open = append(r.open, line)
			}
			return
		}
	}
	r.keep()
	if record, ok := r.begin(line); ok {
		r.record, r.open = record, []string{line}
		return
	}
	r.before = []string{line}
}

func (r *reader) begin(line string) (Record, bool) {
	if r.hasty {
		return r.rule.MayBegin([]byte(line))
	}
	if r.rule.Plain([]byte(line)) {
		return Record{}, false
	}
	return r.rule.Begin([]byte(line))
}

// keep makes a record of the line before, which nothing goes on with.
func (r *reader) keep() {
	r.got = append(r.got, r.before...)
	r.before = nil
}

// end ends the record, and looks at the line in doubt anew.
func (r *reader) end() {
	r.keep()
	if len(r.open) > 0 {
		r.got = append(r.got, strings.Join(r.open, "\n"))
	}
	doubt := r.doubt
	r.open, r.doubt = nil, nil
	for _, line := range doubt {
		r.add(line)
	}
}

func records(rule *Rule, hasty bool, lines []string) []string {
	r := reader{rule: rule, hasty: hasty}
	for _, line := range lines {
		r.add(line)
	}
	for len(r.open)+len(r.before) > 0 {
		r.end()
	}
	return r.got
}

func auto(t testing.TB) *Rule {
	rule, err := NewRule(Auto, "")
	require.NoError(t, err)
	return rule
}

// Each file is the output of a program. A line of four = stands between two records.
func TestTheRecordsOfRealPrograms(t *testing.T) {
	for _, path := range testdata(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			want := recordsOf(t, path)
			for _, hasty := range []bool{false, true} {
				lines := strings.Split(strings.Join(want, "\n"), "\n")
				assert.Equal(t, want, records(auto(t), hasty, lines), "hasty: %v", hasty)
				for i := range lines {
					lines[i] += "\r"
				}
				assert.Len(t, records(auto(t), hasty, lines), len(want), "with CR")
			}
		})
	}
}

func testdata(t testing.TB) []string {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func recordsOf(t testing.TB, path string) []string {
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	return strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n====\n")
}

// A trace that begins in the middle is as many records as it has lines, or those of a
// trace that begins there. Nothing else is joined to it.
func TestALogLineIsNeverPartOfATrace(t *testing.T) {
	const log = "2026-11-20T10:00:00Z INFO order 17 is placed"
	for _, path := range testdata(t) {
		for _, record := range recordsOf(t, path) {
			lines := strings.Split(record, "\n")
			for i := range lines {
				for _, hasty := range []bool{false, true} {
					got := records(auto(t), hasty, append(append(append([]string{log}, lines[i:]...), log), lines...))
					assert.Equal(t, log, got[0], "%s, line %d", path, i)
					joined := strings.Join(got, "\n====\n")
					if record == "thread 'tokio-runtime-worker' panicked at src/main.rs:7:9:" {
						continue // The line behind it is what the panic says, whatever it is.
					}
					assert.Contains(t, joined, "\n====\n"+log+"\n====\n", "%s, line %d", path, i)
				}
			}
		}
	}
}

func TestRecordsThatBeginWithAPattern(t *testing.T) {
	for _, tt := range []struct {
		name, pattern, lines string
		want                 []string
	}{
		{"a line that matches begins one", `^\d{4}-`, "2026-a|b| c||2027-d|2028-e", []string{"2026-a\nb\n c\n", "2027-d", "2028-e"}},
		{"what is before the first one is one", `^\d{4}-`, "a|b|2026-c", []string{"a\nb", "2026-c"}},
		{"traces are nothing special", `^\[`, "[1] x|panic: y|Traceback (most recent call last):", []string{"[1] x\npanic: y\nTraceback (most recent call last):"}},
		{"anywhere in a line", `BEGIN`, "a BEGIN|b|c BEGIN", []string{"a BEGIN\nb", "c BEGIN"}},
		{"not far away", `X$`, "a X|" + strings.Repeat("y", maxLook) + " X", []string{"a X\n" + strings.Repeat("y", maxLook) + " X"}},
		{"each line", ``, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rule, err := NewRule(Start, tt.pattern)
			if tt.want == nil {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			for _, hasty := range []bool{false, true} {
				assert.Equal(t, tt.want, records(rule, hasty, strings.Split(tt.lines, "|")))
			}
		})
	}
}

func TestWithoutARuleEachLineIsARecord(t *testing.T) {
	rule, err := NewRule(None, "")
	require.NoError(t, err)
	for _, path := range testdata(t) {
		lines := strings.Split(strings.Join(recordsOf(t, path), "\n"), "\n")
		assert.Equal(t, lines, records(rule, true, lines))
		assert.Equal(t, lines, records(rule, false, lines))
	}
}

func TestRulesThatAreRefused(t *testing.T) {
	for _, tt := range []struct {
		mode          Mode
		pattern, want string
	}{
		{"", "", `the mode must be "auto", "start" or "none", got ""`},
		{"java", "", `the mode must be "auto", "start" or "none", got "java"`},
		{Auto, "x", `the mode "auto" has no pattern, got "x"`},
		{None, "x", `the mode "none" has no pattern, got "x"`},
		{Start, "", "the pattern must have between 1 and 256 bytes, got 0"},
		{Start, strings.Repeat("x", 257), "the pattern must have between 1 and 256 bytes, got 257"},
		{Start, "(", "the pattern is no regular expression of RE2: error parsing regexp: missing closing ): `(`"},
		{Start, `(?=a)`, "the pattern is no regular expression of RE2: error parsing regexp: invalid or unsupported Perl syntax: `(?=`"},
		{Start, `(a){1000}`, `the pattern "(a){1000}" is too large, its repetitions make 3002 steps of it and 2000 are allowed`},
	} {
		_, err := NewRule(tt.mode, tt.pattern)
		require.ErrorContains(t, err, tt.want)
	}
	_, err := NewRule(Start, strings.Repeat("x", 256))
	assert.NoError(t, err)
}

func FuzzRecords(f *testing.F) {
	for _, path := range testdata(f) {
		raw, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(string(raw))
	}
	f.Add("\r\n \n\t\n(\nat (\n    at (\n\tfrom :in \n:in '\n{\n#\n#1\ngoroutine []:\npanic: \n\t")
	rule := auto(f)
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Split(text, "\n")
		got := records(rule, false, lines)
		if joined := strings.Join(got, "\n"); joined != text {
			t.Errorf("%q instead of %q", joined, text)
		}
		assert.Equal(t, got, records(rule, true, lines), "the records do not depend on when lines come")
	})
}

func BenchmarkOrdinaryLines(b *testing.B) {
	rule := auto(b)
	for name, line := range map[string]string{
		"time":     "2026-11-20T10:00:00.123Z INFO order 17 is placed by customer 4711 in 12 ms, error=none",
		"json":     `{"time":"2026-11-20T10:00:00.123Z","level":"info","msg":"order 17 is placed","error":null}`,
		"logfmt":   "time=2026-11-20T10:00:00.123Z level=info msg=placed order=17 error=none",
		"indented": `    "order": 17, "error": "none of them was an Exception", "customer": 4711`,
	} {
		b.Run(name, func(b *testing.B) {
			before, text := []byte(line), []byte(line)
			for b.Loop() {
				if rule.Plain(text) {
					continue
				}
				if _, ok := rule.Begin(text); ok {
					b.Fatal("no trace begins")
				}
				if _, verdict := rule.Join(before, text); verdict != No {
					b.Fatal("there is no trace")
				}
			}
		})
	}
}

func BenchmarkTraces(b *testing.B) {
	rule := auto(b)
	var lines []string
	size := 0
	for _, path := range testdata(b) {
		for _, record := range recordsOf(b, path) {
			lines = append(lines, strings.Split(record, "\n")...)
			size += len(record) + 1
		}
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		records(rule, false, lines)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(lines)), "ns/line")
}
