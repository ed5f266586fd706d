// SPDX-License-Identifier: Apache-2.0

package multiline

// Record is what is known of a record that may go on.
type Record struct {
	rule  *Rule
	state state
	// of says what may go on with a first line that does not say it.
	of language
}

// Verdict says whether a line belongs to the record before it.
type Verdict uint8

const (
	// No says that the record has ended before the line.
	No Verdict = iota
	// Yes says that the line belongs to it.
	Yes
	// Doubt says that it belongs to it if the next one does, of which the verdict is never
	// Doubt again. Otherwise the record has ended before this line.
	Doubt
)

// Add decides about the next line. After a No the record is not used any more.
func (r *Record) Add(line []byte) Verdict {
	if r.state == pattern {
		if r.rule.start.Match(line[:min(len(line), maxLook)]) {
			return No
		}
		return Yes
	}
	next, verdict := r.next(look(line))
	r.state = next
	return verdict
}

// state is what may come next.
type state uint8

const (
	// ended: nothing.
	ended state = iota
	// pattern: each line that the pattern does not match.
	pattern
	// undecided: what makes a trace of the line before.
	undecided

	// Frames that begin with `at`.

	frames
	framesGap  // a blank line came
	properties // of a Node.js error, in braces
	nodePlace  // the file and line of an error that nobody has caught came
	nodeSource // its source came
	nodeCaret  // the mark below it came
	nodeBlank
	requireStack

	pythonHead
	pythonFrames
	pythonEnd // the exception itself came
	pythonGap // and a blank line
	pythonChain
	pythonGroup

	goHead
	goHeadGap
	goFunctions
	goPlace // a function came, its place has to follow
	goGap

	rubyHead   // the error and a blank line came
	rubyEnd    // the error came, behind its frames
	rubySource // the line with the mistake is shown
	rubyGap    // and a blank line came
	rubyFrames
	rubyOld

	phpHead
	phpFrames
	phpGap

	rustMessage
	rustDetails
	rustFrames
)

func (r *Record) next(line []byte) (state, Verdict) {
	switch s := r.state; s {
	case undecided:
		if of, next := goesOn(line); of&r.of != 0 {
			return next, verdictOf(line)
		}
	case frames, framesGap, properties, nodePlace, nodeSource, nodeCaret, nodeBlank, requireStack:
		return nextFrame(s, line)
	case pythonHead, pythonFrames, pythonEnd, pythonGap, pythonChain, pythonGroup:
		return nextPython(s, line)
	case goHead, goHeadGap, goFunctions, goPlace, goGap:
		return nextGo(s, line)
	case rubyHead, rubyEnd, rubySource, rubyGap, rubyFrames, rubyOld:
		return nextRuby(s, line)
	case phpHead, phpFrames, phpGap:
		return nextPHP(s, line)
	case rustMessage, rustDetails, rustFrames:
		return nextRust(s, line)
	}
	return ended, No
}

// verdictOf is that of a line that goes on with a first one: a blank line shows nothing
// yet.
func verdictOf(line []byte) Verdict {
	if len(look(line)) == 0 {
		return Doubt
	}
	return Yes
}
