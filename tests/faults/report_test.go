// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// results are the cells of the table, by row and column.
var results = table{cells: map[string]map[columns]string{}}

type table struct {
	mu    sync.Mutex
	cells map[string]map[columns]string
}

// add keeps what came of a row.
func (t *table) add(r *rig) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cells[r.row.name] == nil {
		t.cells[r.row.name] = map[columns]string{}
	}
	t.cells[r.row.name][r.column.is] = r.outcome()
}

// outcome is a row's end in a few words; what is not as promised is in bold.
func (r *rig) outcome() string {
	c := r.oracle.counts()
	failure := "not as promised"
	if o, ok := r.t.(*observer); ok {
		failure = inShort(o.first())
	}
	switch {
	case r.t.Skipped():
		return "not run"
	case r.t.Failed() && !r.judged:
		return "**" + escape(failure) + "**"
	case c.lost > 0:
		return fmt.Sprintf("**%s of %s lost**", grouped(c.lost), grouped(c.written))
	case c.wrong > 0:
		return fmt.Sprintf("**%s records wrong**, 0 of %s lost", grouped(c.wrong), grouped(c.written))
	case r.t.Failed():
		return "**" + escape(failure) + "**"
	case c.duplicated > 0:
		return fmt.Sprintf("0 of %s, %s twice", grouped(c.written), grouped(c.duplicated))
	default:
		return "0 of " + grouped(c.written)
	}
}

// inShort is the first line of a failure, or what an assertion says that it is about.
func inShort(failure string) string {
	if _, message, found := strings.Cut(failure, "Messages:"); found {
		failure = strings.TrimSpace(message)
	}
	first, _, _ := strings.Cut(failure, "\n")
	return strings.TrimSpace(first)
}

// grouped writes a number with a comma before each three digits.
func grouped(n int) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// escape makes a text fit into a cell.
func escape(text string) string {
	if len(text) > 90 {
		text = text[:90] + "…"
	}
	return strings.NewReplacer("|", `\|`, "*", `\*`, "\t", " ").Replace(text)
}

// Between these two lines of the document stands what a run has written.
const (
	reportBegin = "<!-- written by make faults -->\n"
	reportEnd   = "<!-- end of what make faults has written -->\n"
)

// markdown is the table with what it was made of. Rows that did not run are kept as they are in the table before.
func (t *table) markdown(before string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var s strings.Builder
	ran := "all rows"
	if len(t.cells) < len(rows) {
		ran = strings.Join(slices.Sorted(maps.Keys(t.cells)), ", ")
		s.WriteString(strings.Join(runLine.FindAllString(before, -1), ""))
	}
	fmt.Fprintf(&s, "- %s, %s, %s, collector v%s, %d cores, seed %d: %s\n", time.Now().UTC().Format("2006-01-02"), revision(),
		runtime.Version(), collectorVersion(), runtime.NumCPU(), seed, ran)
	kept := map[string]string{}
	for _, line := range rowLine.FindAllStringSubmatch(before, -1) {
		kept[line[1]] = line[0]
	}
	head, line := "\n| | fault |", "| --- | --- |"
	for _, column := range allColumns {
		head += " " + column.title + " |"
		line += " --- |"
	}
	fmt.Fprintf(&s, "%s\n%s\n", head, line)
	for _, row := range rows {
		if line, found := kept[row.name]; found && t.cells[row.name] == nil {
			s.WriteString(line)
			continue
		}
		fmt.Fprintf(&s, "| %s | %s |", row.name, row.about)
		for _, column := range allColumns {
			text := "–"
			if done, found := t.cells[row.name][column.is]; found {
				text = done
			}
			fmt.Fprintf(&s, " %s |", text)
		}
		s.WriteByte('\n')
	}
	return s.String()
}

// What is read of the table that a run before has written: the lines that say of what it is, and the rows.
var (
	runLine = regexp.MustCompile(`(?m)^- \d{4}-.*\n`)
	rowLine = regexp.MustCompile(`(?m)^\| ([A-Z][0-9]+[a-z]?) \| ([^|]*) \|.*\n`)
)

// write puts the table into the document.
func (t *table) write(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, begins := strings.Cut(string(content), reportBegin)
	tableBefore, after, ends := strings.Cut(rest, reportEnd)
	if !begins || !ends {
		return fmt.Errorf("%s has no line %q, or none %q after it", path, strings.TrimSpace(reportBegin), strings.TrimSpace(reportEnd))
	}
	return os.WriteFile(path, []byte(before+reportBegin+"\n"+t.markdown(tableBefore)+"\n"+reportEnd+after), 0o644)
}

// revision names the commit, with a plus when something was changed since.
func revision() string {
	command := exec.Command("git", "describe", "--always", "--dirty=+")
	command.Dir = testkit.Root()
	out, err := command.Output()
	if err != nil {
		return "unknown commit"
	}
	return "commit " + strings.TrimSpace(string(out))
}

// collectorVersion is that of upstream's components.
func collectorVersion() string {
	content, err := os.ReadFile(testkit.Root() + "/go.mod")
	found := regexp.MustCompile(`go.opentelemetry.io/collector/service v(\S+)`).FindSubmatch(content)
	if err != nil || found == nil {
		return " unknown"
	}
	return string(found[1])
}

// The document lists the rows of this table, in the same words, and no others.
func TestTheDocumentHasEveryRow(t *testing.T) {
	content, err := os.ReadFile(testkit.Root() + "/docs/reliability.md")
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(content), reportBegin)
	written, _, found := strings.Cut(rest, reportEnd)
	require.True(t, found, "the document has no place for the table")
	var got, want []string
	for _, line := range rowLine.FindAllStringSubmatch(written, -1) {
		got = append(got, line[1]+" "+line[2])
	}
	for _, row := range rows {
		want = append(want, row.name+" "+row.about)
	}
	assert.Equal(t, want, got, "`make faults` writes the table")
}

func TestRowsThatDidNotRunAreKept(t *testing.T) {
	one := table{cells: map[string]map[columns]string{rows[0].name: {usual: "once"}, rows[1].name: {usual: "once"}}}
	before := one.markdown("")
	two := table{cells: map[string]map[columns]string{rows[1].name: {safest: "again"}}}
	after := two.markdown(before)
	assert.Equal(t, []string{"once"}, regexp.MustCompile("once|again").FindAllString(rowLine.FindAllString(after, -1)[0], -1))
	assert.Equal(t, []string{"again"}, regexp.MustCompile("once|again").FindAllString(rowLine.FindAllString(after, -1)[1], -1))
	assert.Len(t, runLine.FindAllString(after, -1), 2)
}

func TestAFailureIsToldInShort(t *testing.T) {
	o := observe(t, func(t testing.TB) { assert.Less(t, 2, 1, "how late it was") })
	assert.Equal(t, "how late it was", inShort(o.first()))
	assert.Equal(t, "timed out", inShort("timed out\nafter that"))
	assert.NotEqual(t, " unknown", collectorVersion())
}

func TestNumbersAreGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 31860: "31,860", 1234567: "1,234,567"} {
		assert.Equal(t, want, grouped(n))
	}
}
