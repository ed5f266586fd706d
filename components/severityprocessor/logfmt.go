// SPDX-License-Identifier: Apache-2.0

package severityprocessor

// detectPairs reads key=value pairs from i to the end of the line, up to the first level key whose value is a
// level. Quoted values are skipped as a whole. Words without a value are skipped; before the first of them a
// label such as "INFO:" counts, which some loggers write behind their pairs.
func detectPairs(s string, i int) level {
	only, weak := true, none
	for i < len(s) && s[i] != '\n' {
		if s[i] <= ' ' {
			i++
			continue
		}
		start := i
		for i < len(s) && s[i] > ' ' && s[i] != '=' && s[i] != '"' {
			i++
		}
		if i == len(s) || s[i] != '=' {
			if text := s[start:i]; only {
				if l := loudLabelOf(text); l != none {
					return l
				}
				only = false
			}
			if i < len(s) && s[i] == '"' {
				end := stringEnd(s, i+1)
				if end < 0 {
					break
				}
				i = end + 1
			}
			continue
		}
		key := s[start:i]
		from, to, next := pairValue(s, i+1)
		if next < 0 {
			break
		}
		// Keys in capitals are those of an environment.
		if rank := keyRank(key); rank > 0 && !isUpper(key[0]) {
			l := levelOfValue(rank, s[from:to])
			if l != none && rank < weakRank {
				return l
			}
			if weak == none {
				weak = l
			}
		}
		i = next
	}
	return weak
}

// pairValue returns where the value that begins at i starts and ends, and the place behind it. The place is -1
// where a quoted value has no end.
func pairValue(s string, i int) (from, to, next int) {
	if i < len(s) && s[i] == '"' {
		end := stringEnd(s, i+1)
		if end < 0 {
			return 0, 0, -1
		}
		return i + 1, end, end + 1
	}
	if i < len(s) && s[i] == '\'' {
		// An apostrophe closes the quote only at the end of a word: 'it's so'.
		for end := i + 1; end < len(s); end++ {
			if s[end] == '\'' && isEnd(s, end+1) {
				return i + 1, end, end + 1
			}
		}
		return 0, 0, -1
	}
	to = i
	for to < len(s) && s[to] > ' ' {
		to++
	}
	next = to
	if to > i && (s[to-1] == ',' || s[to-1] == ';') {
		to--
	}
	return i, to, next
}

// loudLabelOf returns the level of "ERROR:" and its like.
func loudLabelOf(text string) level {
	n := len(text) - 1
	if n < shortestWord || text[n] != ':' || !isLoud(text[:n]) {
		return none
	}
	if w := lookup(text[:n]); w.places&asLoudLabel != 0 {
		return w.level
	}
	return none
}
