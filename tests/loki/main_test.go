// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(RunTests{M: m}) }

const day = 24 * time.Hour

// everything selects every stream, because Loki gives each a service_name.
const everything = `{service_name=~".+"}`

// clock is a moment that entries are dated by.
type clock time.Time

// entry is a line of now. Metadata is name, value, name, value.
func (c clock) entry(line string, metadata ...string) StreamEntry { return c.at(0, line, metadata...) }

// at is a line of later, or of earlier when the offset is negative.
func (c clock) at(offset time.Duration, line string, metadata ...string) StreamEntry {
	e := StreamEntry{Timestamp: time.Time(c).Add(offset), Line: line}
	for pair := range slices.Chunk(metadata, 2) {
		e.Metadata = append(e.Metadata, Pair{Name: pair[0], Value: pair[1]})
	}
	return e
}

// stream is one stream of a push.
func stream(labels string, entries ...StreamEntry) Stream {
	return Stream{Labels: labels, Entries: entries}
}

// row is a push and what becomes of it.
type row struct {
	name    string
	streams []Stream
	status  int
	// answers are what the body says, see refusals.
	answers []string
	// stored are the lines that are there afterwards, in the order of their timestamps.
	stored []string
}

// check pushes each row as a tenant of its own, so that no row meets another, and compares answer and store.
func check(t *testing.T, l *Loki, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			tenant := tenantOf(t)
			answer := l.PushStreams(t, tenant, r.streams...)
			assert.Equal(t, r.status, answer.Status)
			assert.Equal(t, slices.Sorted(slices.Values(r.answers)), refusals(answer.Body))
			assert.Equal(t, append([]string{}, r.stored...), lines(l.Query(t, tenant, everything)))
			assert.Empty(t, answer.Header.Values("Retry-After"), "Loki never says when to come back")
		})
	}
}

// tenantOf makes a tenant out of the name of a test.
func tenantOf(t *testing.T) string {
	return strings.Trim(notInNames.ReplaceAllString(t.Name(), "-"), "-")
}

var (
	groupStart = regexp.MustCompile(`(^|; )\d+ errors like: `)
	anyTime    = regexp.MustCompile(`\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ| \d\d:\d\d:\d\d\.?\d* \+0000 UTC)`)
)

// refusals takes the text of an answer apart: Loki joins different reasons in random order and counts equal ones. Times
// are replaced, since the server's own clock is among them.
func refusals(body string) []string {
	text := strings.TrimSuffix(anyTime.ReplaceAllString(body, "TIME"), "\n")
	if text == "" {
		return nil
	}
	starts := groupStart.FindAllStringIndex(text, -1)
	if starts == nil {
		return []string{text}
	}
	var all []string
	for i, start := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		all = append(all, strings.TrimPrefix(text[start[0]:end], "; "))
	}
	slices.Sort(all)
	return all
}

// lines are the lines of entries.
func lines(entries []Entry) []string {
	all := []string{}
	for _, e := range entries {
		all = append(all, e.Line)
	}
	return all
}
