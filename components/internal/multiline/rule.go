// SPDX-License-Identifier: Apache-2.0

package multiline

import (
	"fmt"
	"regexp"
	"regexp/syntax"
)

// Rule says which lines are one record. It is never changed, and may be used by several
// goroutines.
type Rule struct {
	mode  Mode
	start *regexp.Regexp
	// special are the first bytes of lines that are more than a line by themselves, or
	// may go on with the line before.
	special [256]bool
}

// Mode is a kind of rule.
type Mode string

const (
	// None makes each line a record.
	None Mode = "none"
	// Auto joins the lines of stack traces.
	Auto Mode = "auto"
	// Start begins a record with each line that a pattern matches. All others go on
	// with the one before.
	Start Mode = "start"
)

const (
	// MaxPattern is the longest pattern, in bytes.
	MaxPattern = 256
	// maxProgram bounds what a pattern may cost, in instructions of its program.
	maxProgram = 2000
	// maxLook is how much of a line is looked at, in bytes.
	maxLook = 4 << 10
)

// NewRule returns a rule. The pattern is one of RE2 for the mode Start, else it has to be
// empty. Of a line its first 4 KiB are matched.
func NewRule(mode Mode, pattern string) (*Rule, error) {
	r := &Rule{mode: mode}
	switch mode {
	case None, Auto:
		if pattern != "" {
			return nil, fmt.Errorf("the mode %q has no pattern, got %q", mode, pattern)
		}
	case Start:
		var err error
		if r.start, err = compile(pattern); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("the mode must be %q, %q or %q, got %q", Auto, Start, None, mode)
	}
	for b := range r.special {
		r.special[b] = mode == Start
	}
	if mode == Auto {
		for _, b := range []byte(specialBytes) {
			r.special[b] = true
		}
	}
	return r, nil
}

func compile(pattern string) (*regexp.Regexp, error) {
	if pattern == "" || len(pattern) > MaxPattern {
		return nil, fmt.Errorf("the pattern must have between 1 and %d bytes, got %d", MaxPattern, len(pattern))
	}
	start, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("the pattern is no regular expression of RE2: %w", err)
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, err
	}
	if n := len(program.Inst); n > maxProgram {
		return nil, fmt.Errorf("the pattern %q is too large, its repetitions make %d steps of it and %d are allowed", pattern, n, maxProgram)
	}
	return start, nil
}

// Plain reports whether a line is neither more than a line by itself nor goes on with the
// one before. It looks at one byte, and may say no of a line that is plain as well.
func (r *Rule) Plain(line []byte) bool { return len(line) > 0 && !r.special[line[0]] }

// Begin reports whether a line shows by itself that others may go on with it, and
// returns the record that it begins.
func (r *Rule) Begin(line []byte) (Record, bool) {
	switch r.mode {
	case Start:
		return Record{rule: r, state: pattern}, true
	case Auto:
		if s := begins(look(line)); s != ended {
			return Record{rule: r, state: s}, true
		}
	}
	return Record{}, false
}

// MayBegin is Begin, but also for a line of which only the next one can show it.
func (r *Rule) MayBegin(line []byte) (Record, bool) {
	if rec, ok := r.Begin(line); ok || r.mode != Auto {
		return rec, ok
	}
	if of := mayBegin(look(line)); of != 0 {
		return Record{rule: r, state: undecided, of: of}, true
	}
	return Record{}, false
}

// GoesOn reports whether a line has the form of one that goes on with another. Join says
// whether it does.
func (r *Rule) GoesOn(line []byte) bool {
	if r.mode != Auto {
		return false
	}
	of, _ := goesOn(look(line))
	return of != 0
}

// Join reports whether a line goes on with the line before, which was a record of its own
// so far. The verdict is that of Record.Add.
func (r *Rule) Join(before, line []byte) (Record, Verdict) {
	if r.mode != Auto {
		return Record{}, No
	}
	of, next := goesOn(look(line))
	if of == 0 || of&mayBegin(look(before)) == 0 {
		return Record{}, No
	}
	return Record{rule: r, state: next}, verdictOf(line)
}

// look is the part of a line that is looked at, without the CR of a line's end.
func look(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}
