// SPDX-License-Identifier: Apache-2.0

package severityprocessor

import "strings"

// word reads a token that begins with a letter: a level where it stands in a place for one, a level of a
// single letter, a date, or else a name.
func (h *header) word() (level, bool) {
	s, start := h.line, h.at
	end := start + 1
	for end < len(s) && isLetter(s[end]) {
		end++
	}
	if end-start == 1 {
		if l := h.letter(s[start], end); l != none {
			return l, false
		}
		return h.name(start)
	}
	if h.dateWord(start, end) {
		return none, true
	}
	whole := end
	if whole < len(s) && isDigit(s[whole]) {
		whole++
	}
	if whole < len(s) && isNameByte(s[whole]) && s[whole] != ':' {
		return h.name(start)
	}
	w := lookup(s[start:whole])
	if w.level == none {
		return h.name(start)
	}
	if l := h.stated(w, start, whole); l != none {
		return l, false
	}
	// A word that is a level elsewhere is no part of a header, unless it is a key or a common word.
	if whole < len(s) && (s[whole] == '=' || s[whole] == ':' && w.places&asLabel == 0) {
		return h.name(start)
	}
	return none, false
}

// stated returns the level of a word if it stands where such a word states one, or none.
func (h *header) stated(w word, start, end int) level {
	s := h.line
	loud := isLoud(s[start:end])
	next := skipColours(s, end)
	if next < len(s) && s[next] == ':' {
		return h.labelled(w, loud, next+1)
	}
	if next < len(s) && s[next] == '[' {
		return h.numbered(w, loud, next)
	}
	switch {
	case !isEnd(s, next) && s[next] != '|':
		return none
	case loud && w.places&asFirst != 0 && h.last == lineStart:
		return w.level
	case loud && w.places&asHeader != 0 && h.framed:
		return w.level
	case w.level == fatalLevel && h.atMessage() && startsWith(s, next, " error: "):
		return fatalLevel
	}
	if h.timed && h.column(w, loud, next, skipBlanks(s, next)) {
		return w.level
	}
	return none
}

// column reports whether a word behind a time has a column of its own, between bars or tabs, or padded, and
// counts there. The word ends at end, the next column begins at next.
func (h *header) column(w word, loud bool, end, next int) bool {
	s := h.line
	if next == len(s) {
		return false
	}
	if h.last == aTime {
		wide := next-end >= 2 || s[end] == '\t'
		bracket := startsWith(s, skipColours(s, next), "[")
		if loud && w.places&asColumn != 0 && (wide || bracket) || w.places&asHeader != 0 && wide {
			return true
		}
	}
	if w.level == infoLevel && loud && w.places&asColumn != 0 && h.isProcess() {
		// PgBouncer: 2026-11-20 10:00:00.123 UTC [1] LOG text.
		return true
	}
	if w.places&asBox == 0 {
		return false
	}
	bar := s[next] == '|' || s[end] == '\t' || startsWith(s, next, "- ")
	return h.field && bar || h.last == aBar && startsWith(s, end, " : ")
}

// labelled returns the level of a word whose colon ends in front of next.
func (h *header) labelled(w word, loud bool, next int) level {
	s := h.line
	switch {
	case h.last == aNumber && !h.timed:
		return none
	case loud && w.places&asLoudLabel != 0:
		return w.level
	case loud && w.places&asWideLabel != 0 && startsWith(s, next, "  "):
		return w.level
	case loud || w.places&asLabel == 0 || h.last == aName:
		return none
	case !isEnd(s, next) && s[next] != escape:
		// Not "info:42", which is a key and its value.
		return none
	case h.last == lineStart && h.indented, isBareValue(s, next):
		// Not "  error: x" or "error: null", which are lines of a larger value.
		return none
	}
	return w.level
}

// isBareValue reports whether nothing but a number or a constant, or the start of a block, follows from i on.
func isBareValue(s string, i int) bool {
	text := strings.TrimSpace(s[i:])
	switch text {
	case "", "null", "nil", "none", "None", "true", "false", "{", "[", "{}", "[]":
		return true
	}
	_, ok := smallNumber(text)
	return ok
}

// numbered returns the level of a word directly in front of the bracket at open: "INFO[0012]", or
// "error[E0425]:".
func (h *header) numbered(w word, loud bool, open int) level {
	s := h.line
	if h.last != lineStart && !h.framed {
		return none
	}
	if loud && w.places&asCounter != 0 {
		return w.level
	}
	end := groupEnd(s, open, ']')
	if end < 0 || end == len(s) || s[end] != ':' || isDigit(s[open+1]) {
		// A number is that of a process: the word is the name of a program.
		return none
	}
	return h.labelled(w, loud, end+1)
}

// atMessage reports whether the message can begin here.
func (h *header) atMessage() bool {
	return h.last == lineStart && !h.indented || h.framed && h.last != aName
}
