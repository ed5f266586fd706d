// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.yaml.in/yaml/v3"
)

// operate sets operators as a user writes them.
func (m *machine) operate(text string) {
	m.t.Helper()
	var raw map[string]any
	require.NoError(m.t, yaml.Unmarshal([]byte(text), &raw))
	require.NoError(m.t, confmap.NewFromStringMap(raw).Unmarshal(m.config))
}

func TestOperatorsAreRunOnEntries(t *testing.T) {
	m := newMachine(t)
	m.operate(`
operators:
  - {type: filter, expr: 'body.MESSAGE contains "secret"'}
  - {type: add, field: body.MESSAGE, value: 'EXPR("<" + body.MESSAGE + ">")'}
`)
	m.book.write("a", "secret", "b")
	m.start()
	m.wants("<a>", "<b>")
	m.storedIs(3)
	m.book.write("secret")
	m.storedIs(4)
}

const joining = `
operators:
  - type: recombine
    combine_field: body.MESSAGE
    is_first_entry: body.MESSAGE matches "^[^ ]"
    source_identifier: body._HOSTNAME
    force_flush_period: 1h
`

// What an operator holds back is not delivered, and the position is before it.
func TestThePositionStaysBehindWhatAnOperatorHolds(t *testing.T) {
	m := newMachine(t)
	m.operate(joining)
	m.book.write("a", " b", "c")
	m.start()
	m.wants("a\n b")
	require.Eventually(t, func() bool { return m.receiver.pending.Load() == 0 }, patience, time.Millisecond)
	cursor, _ := m.stored()
	assert.Empty(t, cursor, "of what was read in the last two hours, nobody knows whether it is held")
	m.stop()
	m.wants("a\n b", "c")
	m.start()
	m.book.write("d", "e")
	m.wants("a\n b", "c", "d")
	assert.Equal(t, []string{"head", "marks 3"}, m.book.sought, "with the end, everything is given out")
}

func TestHowLongOperatorsHold(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"operators: [{type: noop}]": 0,
		joining:                     2 * time.Hour,
		"operators: [{type: recombine, combine_field: body, is_last_entry: 'true'}]":                    10 * time.Second,
		"operators: [{type: container}, {type: recombine, combine_field: body, is_last_entry: 'true'}]": 20 * time.Second,
	} {
		m := newMachine(t)
		m.operate(text)
		assert.Equal(t, want, longestHold(m.config.Operators), text)
	}
}

func TestTheTrailIsAsOldAsWhatMayBeHeld(t *testing.T) {
	begin := time.Now()
	p := func(n uint64) position { return position{cursor: cursorOf(n)} }
	trail := trail{hold: 16 * time.Second}
	trail.start(p(1))
	for _, step := range []struct {
		after time.Duration
		read  uint64
		want  uint64
	}{
		{0, 2, 1},
		{500 * time.Millisecond, 3, 1}, // Too soon to be noted.
		{time.Second, 4, 1},
		{16*time.Second - 1, 5, 1},
		{16 * time.Second, 6, 2},
		{17 * time.Second, 6, 4},
		{time.Hour, 6, 6},
	} {
		assert.Equal(t, p(step.want), trail.reached(begin.Add(step.after), p(step.read)), "after %s", step.after)
	}
	trail.hold = 0
	assert.Equal(t, p(9), trail.reached(begin, p(9)))
}
