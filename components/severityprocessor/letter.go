// SPDX-License-Identifier: Apache-2.0

package severityprocessor

import "strings"

// letter returns the level of a single capital, whose token ends at end, where one of the programs that write
// such letters would put it. "I" and "A" begin many sentences, so each form is checked to its last mark.
func (h *header) letter(c byte, end int) level {
	l := levelOfLetter(c)
	if l == none || end >= len(h.line) {
		return none
	}
	s := h.line
	switch next := s[end]; {
	case isDigit(next):
		if isKlog(s, end) && (c == 'I' || c == 'W' || c == 'E' || c == 'F') {
			return l
		}
	case next == ',':
		// Ruby: E, [2026-11-20T10:00:00.123456 #1] ERROR -- : text.
		if startsWith(s, end, ", [") && end+3 < len(s) && isDigit(s[end+3]) {
			return l
		}
	case next == '!':
		// Telegraf: 2026-11-20T10:00:00Z E! text.
		if h.last == aTime && isEnd(s, end+1) {
			return l
		}
	case next == '/':
		// Android: E/Tag( 123): text.
		if h.last == lineStart && isAndroidTag(s, end+1) {
			return l
		}
	case next == ' ' && h.timed:
		return h.spacedLetter(l, end)
	}
	return none
}

// spacedLetter returns the level of a capital between blanks behind a time.
func (h *header) spacedLetter(l level, end int) level {
	s := h.line
	behind := skipBlanks(s, end)
	switch {
	case h.last == aNumber && h.numbers >= 2:
		// Android: 11-20 10:00:00.123  1234  5678 E Tag: text.
		if tag, _, ok := strings.Cut(s[behind:], ":"); ok && isTag(tag) {
			return l
		}
	case h.last != aTime && h.last != bracketed && h.last != aBar:
	case startsWith(s, end, " | "), startsWith(s, end, " ["):
		// Old etcd: 2026-11-20 10:00:00.123456 I | etcdserver: text. Gluster: [time] I [MSGID: 1] text.
		return l
	case isMongo(s, behind):
		return l
	default:
		// TensorFlow: 2026-11-20 10:00:00.123456: I tensorflow/core/x.cc:193] text.
		place, _, ok := strings.Cut(s[behind:], "] ")
		if ok && !strings.ContainsAny(place, " [") && strings.IndexByte(place, ':') > 0 {
			return l
		}
	}
	return none
}

// isKlog reports whether the digits at i are those of klog and glog (I1120 10:00:00.123456), which may have a
// year of two or four digits in front.
func isKlog(s string, i int) bool {
	start := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if n := i - start; n != 4 && n != 6 && n != 8 {
		return false
	}
	return i+6 < len(s) && s[i] == ' ' && isDigit(s[i+1]) && isDigit(s[i+2]) && s[i+3] == ':' &&
		isDigit(s[i+4]) && isDigit(s[i+5]) && s[i+6] == ':'
}

// isMongo reports whether a component and a context of old MongoDB stand at i: NETWORK  [listener].
func isMongo(s string, i int) bool {
	start := i
	for i < len(s) && (isUpper(s[i]) || s[i] == '_' || s[i] == '-') {
		i++
	}
	return i > start && startsWith(s, skipBlanks(s, i), "[") && s[i] == ' '
}

// isAndroidTag reports whether a tag of Android's short form stands at i: ActivityManager(  123): text. I/O is
// none.
func isAndroidTag(s string, i int) bool {
	tag, rest, ok := strings.Cut(s[i:], ":")
	if !ok || !isEnd(rest, 0) {
		return false
	}
	if name, process, ok := strings.Cut(tag, "("); ok {
		return isTag(name) && strings.HasSuffix(process, ")")
	}
	return len(tag) > 1 && isTag(tag)
}

// isTag reports whether s is a name of Android, which may be padded with blanks.
func isTag(s string) bool {
	for s != "" && s[len(s)-1] == ' ' {
		s = s[:len(s)-1]
	}
	for i := range len(s) {
		if s[i] <= ' ' {
			return false
		}
	}
	return s != ""
}
