// SPDX-License-Identifier: Apache-2.0

package severityprocessor

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fact is a line of the table in testdata/lines: what a program writes, and the level that it states.
type fact struct {
	program string
	want    level
	line    string
	at      string
}

var (
	factPattern = regexp.MustCompile(`^([a-z0-9-]+) +([A-Z]+[2-4]?|none) *\| (.*)$`)
	controls    = strings.NewReplacer("␉", "\t", "␛", "\x1b", "␤", "\n")
)

// facts reads the table.
func facts(tb testing.TB) []fact {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "lines", "*.txt"))
	require.NoError(tb, err)
	var all []fact
	for _, file := range files {
		f, err := os.Open(file)
		require.NoError(tb, err)
		scanner := bufio.NewScanner(f)
		for n := 1; scanner.Scan(); n++ {
			text := scanner.Text()
			if text == "" || text[0] == '#' {
				continue
			}
			at := fmt.Sprintf("%s:%d", filepath.Base(file), n)
			m := factPattern.FindStringSubmatch(text)
			require.NotNil(tb, m, "%s is no fact: %s", at, text)
			all = append(all, fact{program: m[1], want: shortNames[m[2]], line: controls.Replace(m[3]), at: at})
			require.Contains(tb, shortNames, m[2], at)
		}
		require.NoError(tb, scanner.Err())
		require.NoError(tb, f.Close())
	}
	return all
}

// shortNames are those of the data model: INFO2 is 10.
var shortNames = func() map[string]level {
	names := map[string]level{"none": none}
	for n, name := range []string{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"} {
		for place, digit := range []string{"", "2", "3", "4"} {
			names[name+digit] = level(1 + 4*n + place)
		}
	}
	return names
}()

func TestLinesOfKnownPrograms(t *testing.T) {
	for _, f := range facts(t) {
		assert.Equal(t, f.want, detect(f.line, defaultMaxBytes), "%s: %s", f.at, f.line)
	}
}

func TestTableIsAsWideAsPromised(t *testing.T) {
	programs, traps := map[string]bool{}, 0
	all := facts(t)
	for _, f := range all {
		programs[f.program] = true
		if f.want == none {
			traps++
		}
	}
	assert.GreaterOrEqual(t, len(all), 110)
	assert.GreaterOrEqual(t, len(programs), 35)
	assert.GreaterOrEqual(t, traps, 30)
	t.Logf("%d lines, %d programs, %d with nothing to find", len(all), len(programs), traps)
}

func TestNothingIsReadBehindTheLimit(t *testing.T) {
	for _, f := range facts(t) {
		for limit := minMaxBytes; limit <= len(f.line); limit++ {
			want := detect(f.line[:limit], limit)
			assert.Equal(t, want, detect(f.line, limit), "%s cut at %d: %s", f.at, limit, f.line)
			assert.Equal(t, want, detect(f.line[:limit]+"ERROR: \"}", limit), "%s cut at %d: %s", f.at, limit, f.line)
		}
	}
}

func TestCutGivesTheSameLevelOrNone(t *testing.T) {
	for _, f := range facts(t) {
		if strings.Contains(f.line, "loglevel") {
			// A better key may follow behind the cut.
			continue
		}
		for limit := minMaxBytes; limit <= len(f.line); limit++ {
			if got := detect(f.line, limit); got != none {
				assert.Equal(t, f.want, got, "%s cut at %d: %s", f.at, limit, f.line[:limit])
			}
		}
	}
}

func TestLevelBehindTheLimitIsNotFound(t *testing.T) {
	line := `{"msg":"` + strings.Repeat("x", 300) + `","level":"error"}`
	assert.Equal(t, none, detect(line, defaultMaxBytes))
	assert.Equal(t, errorLevel, detect(line, 400))
	assert.Equal(t, none, detect(line, strings.Index(line, `ror"}`)), "a cut within the word")
}

func TestWordAtTheCutIsNoLevel(t *testing.T) {
	for _, c := range []struct {
		name, line string
		limit      int
		want       level
	}{
		{"a word that may go on", "2026-11-20T10:00 ERRORS: 5", 22, none},
		{"a number that may go on", `{"level": 20,"msg":"300 is not 30"}`, 12, none},
		{"a colon that may be one of two", "2026-11-20T10:00 info::x", 22, none},
		{"a word that ends in sight", "2026-11-20T10:00 ERROR x", 23, errorLevel},
		{"a line as long as the limit", "10:00:00.123 [error]", 20, errorLevel},
		{"a line shorter than the limit", "10:00:00.123 ERROR", 19, errorLevel},
		{"one long word", strings.Repeat("INFO", 9), 16, none},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, detect(c.line, c.limit))
		})
	}
}

func TestNothingCountsWithinASentence(t *testing.T) {
	for _, f := range facts(t) {
		for _, sentence := range []string{"the quick ", "2026-11-20 10:00:00 the quick ", "GET /x "} {
			assert.Equal(t, none, detect(sentence+f.line, 1000), "%s: %s", f.at, sentence+f.line)
		}
	}
}

func TestEmptyLineHasNoLevel(t *testing.T) {
	assert.Equal(t, none, detect("", minMaxBytes))
}

func TestDetectAllocatesNothing(t *testing.T) {
	all := facts(t)
	assert.Zero(t, testing.AllocsPerRun(10, func() {
		for _, f := range all {
			detect(f.line, defaultMaxBytes)
		}
	}))
}

func FuzzDetect(f *testing.F) {
	for _, fact := range facts(f) {
		f.Add(fact.line, uint16(defaultMaxBytes))
		f.Add(fact.line, uint16(len(fact.line)*2/3))
	}
	f.Fuzz(func(t *testing.T, line string, bytes uint16) {
		limit := max(int(bytes), minMaxBytes)
		got := detect(line, limit)
		require.GreaterOrEqual(t, got, none)
		require.LessOrEqual(t, got, highestLevel)
		require.Equal(t, got, detect(strings.Clone(line), limit), "the same line has the same level")
		if len(line) >= limit {
			require.Equal(t, got, detect(line[:limit], limit), "nothing behind the limit is read")
			require.Equal(t, got, detect(line[:limit]+"] ERROR: x", limit), "nothing behind the limit is read")
		}
		require.Equal(t, none, detect("the quick "+line, limit), "nothing counts within a sentence")
	})
}
