// SPDX-License-Identifier: Apache-2.0

package severityprocessor

// keyRank says how much a key is that of a level: 1 is the first choice, 0 is no level key. Keys match in any
// case. From weakRank on, a better key may still follow: `loglevel` may as well be a setting.
func keyRank(key string) int {
	switch len(key) {
	case 2:
		if key == "@l" {
			return 7
		}
	case 3:
		if equalFold(key, "lvl") {
			return 4
		}
	case 5:
		if equalFold(key, "level") {
			return 1
		}
	case 6:
		if equalFold(key, "@level") {
			return 6
		}
	case 8:
		if equalFold(key, "severity") {
			return severityRank
		}
		if equalFold(key, "loglevel") {
			return weakRank
		}
	case 9:
		if equalFold(key, "log.level") {
			return nestedRank
		}
		if equalFold(key, "levelname") {
			return 5
		}
	case 10:
		if equalFold(key, "level_name") {
			return 5
		}
	case 12:
		if equalFold(key, "severitytext") {
			return 8
		}
	case 13:
		if equalFold(key, "severity_text") {
			return 8
		}
	}
	return 0
}

const (
	severityRank = 2
	nestedRank   = 3
	weakRank     = 9
	noRank       = weakRank + 1
)

// equalFold reports whether a key is a name, which is in lower case and as long as the key.
func equalFold(key, name string) bool {
	for i := range len(name) {
		c := key[i]
		if isUpper(c) {
			c |= 0x20
		}
		if c != name[i] {
			return false
		}
	}
	return true
}

// levelOfValue reads the value of a level key: a word in any case, the letter that some loggers write for it,
// a word with an offset as Go's slog writes (INFO+2), or a number where the key, by its rank, has numbers that
// mean the same in all programs. What it does not know is none.
func levelOfValue(rank int, s string) level {
	for len(s) > 0 && s[0] == ' ' {
		s = s[1:]
	}
	for len(s) > 0 && s[len(s)-1] == ' ' {
		s = s[:len(s)-1]
	}
	switch {
	case s == "":
		return none
	case len(s) == 1:
		return levelOfLetter(s[0])
	case isDigit(s[0]):
		n, _ := smallNumber(s)
		return levelOfNumber(rank, n)
	}
	if w := lookup(s); w.places&asValue != 0 {
		return w.level
	}
	return levelOfOffset(s)
}

// levelOfOffset reads a word with an offset. The steps of slog are those of the data model: four from a level
// to the next.
func levelOfOffset(s string) level {
	for i := len("INFO"); i < len(s) && i <= len("ERROR"); i++ {
		sign := s[i]
		if sign != '+' && sign != '-' {
			continue
		}
		w := lookup(s[:i])
		n, ok := smallNumber(s[i+1:])
		if !ok || w.places&asFirst == 0 {
			return none
		}
		if sign == '-' {
			n = -n
		}
		return level(min(max(int(w.level)+n, int(lowestLevel)), int(highestLevel)))
	}
	return none
}

// levelOfNumber reads the numbers of pino and bunyan (10 to 60) and of Monolog (100 to 600). Python's numbers
// are not read: its 20 is pino's 30. Nor are 0 to 7: they grow with the severity in some programs and fall in
// others. Scales of a key `severity` go to 10 or to 100, so that it has no numbers.
func levelOfNumber(rank, n int) level {
	if rank == severityRank {
		return none
	}
	switch n {
	case 10:
		return traceLevel
	case 20, 100:
		return debugLevel
	case 30, 200:
		return infoLevel
	case 250:
		return noticeLevel
	case 40, 300:
		return warnLevel
	case 50, 400:
		return errorLevel
	case 500:
		return criticalLevel
	case 550:
		return alertLevel
	case 60, 600:
		return fatalLevel
	}
	return none
}

// levelOfSyslog reads a severity of syslog, 0 to 7, where a key says that it is one.
func levelOfSyslog(n int) level {
	if n >= 0 && n < len(syslogLevels) {
		return syslogLevels[n]
	}
	return none
}

// levelOfLetter reads a capital that stands for a level.
func levelOfLetter(c byte) level {
	switch c {
	case 'T', 'V':
		return traceLevel
	case 'D':
		return debugLevel
	case 'I':
		return infoLevel
	case 'N':
		return noticeLevel
	case 'W':
		return warnLevel
	case 'E':
		return errorLevel
	case 'C':
		return criticalLevel
	case 'F':
		return fatalLevel
	}
	return none
}

// smallNumber reads one to three digits.
func smallNumber(s string) (int, bool) {
	if s == "" || len(s) > 3 {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}
