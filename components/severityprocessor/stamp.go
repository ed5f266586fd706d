// SPDX-License-Identifier: Apache-2.0

package severityprocessor

// scanNumber returns the end of the token at i, which begins with a digit, and whether it is a time, a date or
// seconds since 1970. The digits are not checked beyond their places: 99:99 is a time.
func scanNumber(s string, i int) (end int, isTime bool) {
	digits, dotted := true, false
	for end = i; end < len(s); end++ {
		c := s[end]
		if isDigit(c) {
			continue
		}
		if digits {
			digits = false
			isTime = isEpoch(end-i) || isDate(s, i, end)
		}
		if isLetter(c) {
			continue
		}
		switch c {
		case ':':
			if end+1 >= len(s) || !isDigit(s[end+1]) {
				return end, isTime
			}
			// 10.0.0.1:80 is an address.
			isTime = isTime || !dotted && isClock(s, end)
		case '-', '/', '.', ',', '_', '+', '#':
			// Zap writes seconds since 1970 as 1.7951688e+09.
			isTime = isTime || startsWith(s, end-1, "e+09")
			if end+1 >= len(s) || !isWordByte(s[end+1]) {
				return end, isTime
			}
			dotted = dotted || c == '.'
		default:
			return end, isTime
		}
	}
	return end, isTime || digits && isEpoch(end-i)
}

// isEpoch reports whether a number has as many digits as the seconds since 1970, or as nanoseconds.
func isEpoch(digits int) bool {
	return digits >= 10 && digits <= 19
}

// isDate reports whether the digits from i to end are the first of 2026-11-20, 2026/11/20, 2026.11.20 or
// 20-Nov-2026.
func isDate(s string, i, end int) bool {
	sep := s[end]
	if sep != '-' && sep != '/' && sep != '.' {
		return false
	}
	switch end - i {
	case 4:
		return end+3 < len(s) && isDigit(s[end+1]) && isDigit(s[end+2]) && s[end+3] == sep
	case 1, 2:
		return end+4 < len(s) && isMonth(s[end+1:end+4]) && s[end+4] == sep
	}
	return false
}

// isClock reports whether the colon at i stands between hours and minutes.
func isClock(s string, i int) bool {
	return isDigit(s[i-1]) && i+2 < len(s) && isDigit(s[i+1]) && isDigit(s[i+2]) &&
		(i+3 == len(s) || !isDigit(s[i+3]))
}

func isMonth(s string) bool {
	switch s {
	case "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec":
		return true
	}
	return false
}

func isWeekday(s string) bool {
	switch s {
	case "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun":
		return true
	}
	return false
}

// isZone reports whether a word behind a time is a time zone, or the half of a day.
func isZone(s string) bool {
	switch s {
	case "UTC", "GMT", "AM", "PM", "CET", "CEST", "EET", "EEST", "WET", "WEST", "BST", "MSK", "EST", "EDT",
		"CST", "CDT", "MST", "MDT", "PST", "PDT", "IST", "JST", "KST", "HKT", "SGT", "AEST", "AEDT", "BRT":
		return true
	}
	return false
}

// dateWord walks over a month, a weekday or a time zone, and reports whether the word from start to end is
// one. A month or weekday is one only in front of a number or another of them: "May" begins sentences.
func (h *header) dateWord(start, end int) bool {
	s := h.line
	text := s[start:end]
	if h.last == aTime && isZone(text) {
		h.noon = h.noon || text == "AM" || text == "PM"
		h.at = end
		return true
	}
	if len(text) != 3 || h.last != lineStart && h.last != aNumber {
		return false
	}
	next := end
	if next < len(s) && s[next] == ',' {
		next++
	}
	next = skipBlanks(s, next)
	if next == end || next == len(s) {
		return false
	}
	if isMonth(text) && isDigit(s[next]) {
		h.calendar = true
		h.at = end
		return true
	}
	if isWeekday(text) && (isDigit(s[next]) || next+3 <= len(s) && isMonth(s[next:next+3])) {
		h.at = next
		return true
	}
	return false
}
