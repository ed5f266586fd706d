// SPDX-License-Identifier: Apache-2.0

package severityprocessor

// object gathers what the members of an object say about its level. The same rules hold for a JSON line and
// for a body that is a map.
type object struct {
	// best is the level of the level key of the best rank so far.
	best level
	rank int

	// syslog is what `level` with 0 to 7 means in GELF, an object that has a short_message. priority is the
	// same of the journal.
	syslog, priority level
	gelf             bool

	// letter is what MongoDB writes below `s`, in an object that has `t` and `c`.
	letter level
	mongo  uint8
}

const (
	hasComponent = 1 << iota
	hasTime
	isMongoDB = hasComponent | hasTime
)

func newObject() object {
	return object{rank: noRank}
}

// text takes note of a key with a text as its value.
func (o *object) text(key, text string) {
	if rank := keyRank(key); rank > 0 {
		o.found(rank, levelOfValue(rank, text))
		return
	}
	switch key {
	case "PRIORITY":
		if len(text) == 1 {
			o.priority = levelOfSyslog(int(text[0]) - '0')
		}
	case "short_message":
		o.gelf = true
	case "c":
		o.mongo |= hasComponent
	case "s":
		// "D2" is a debug level.
		if text != "" && len(text) <= 2 {
			o.letter = levelOfLetter(text[0])
		}
	}
}

// number takes note of a key with a number as its value.
func (o *object) number(key string, n int) {
	if rank := keyRank(key); rank > 0 {
		o.found(rank, levelOfNumber(rank, n))
		if rank == 1 {
			o.syslog = levelOfSyslog(n)
		}
	} else if key == "PRIORITY" {
		o.priority = levelOfSyslog(n)
	}
}

// found takes note of a level that stands below a key of this rank.
func (o *object) found(rank int, l level) {
	if l != none && rank < o.rank {
		o.best, o.rank = l, rank
	}
}

// settled reports whether no later member can be asked for: among the better keys, the first one counts.
func (o *object) settled() bool {
	return o.rank < weakRank
}

// level returns what the members together say.
func (o *object) level() level {
	switch {
	case o.best != none:
		return o.best
	case o.gelf:
		return o.syslog
	case o.mongo == isMongoDB:
		return o.letter
	}
	return o.priority
}
