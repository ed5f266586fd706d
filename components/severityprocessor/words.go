// SPDX-License-Identifier: Apache-2.0

package severityprocessor

// place is a set of places in a line where a word counts as a level. The commoner a word is in prose, the
// fewer places it has.
type place uint16

const (
	// asFirst: in capitals, as the first word of a line.
	asFirst place = 1 << iota
	// asHeader: in capitals, behind a time, a bracket or another part of a line's header.
	asHeader
	// asCounter: in capitals, directly in front of a bracket, as in "INFO[0012]".
	asCounter
	// asLabel: in front of a colon, in any case.
	asLabel
	// asLoudLabel: in capitals, in front of a colon.
	asLoudLabel
	// asWideLabel: in capitals, in front of a colon and two blanks, as PostgreSQL writes.
	asWideLabel
	// asBox: alone within brackets or between bars, in any case.
	asBox
	// asColumn: in capitals, behind a time, if another column begins behind it.
	asColumn
	// asValue: as the value of a level key, in any case.
	asValue

	everywhere = asFirst | asHeader | asCounter | asLabel | asLoudLabel | asBox | asValue
	notFirst   = everywhere &^ asFirst
	// clipped is for the words of three and four letters that some loggers cut all levels to.
	clipped = asHeader | asCounter | asLoudLabel | asBox | asValue
	// java is for the words of java.util.logging, which are common words too.
	java = asLoudLabel | asColumn | asBox | asValue
)

// word is what is known of a word: its level, and the places where it is one.
type word struct {
	level  level
	places place
}

const (
	shortestWord = 3
	longestWord  = 13
)

// lookup returns what is known of a word in any case; the level of an unknown word is none.
func lookup(s string) word {
	n := len(s)
	if n < shortestWord || n > longestWord {
		return word{}
	}
	digit := isDigit(s[n-1])
	if digit {
		n--
	}
	var lower [longestWord]byte
	for i := range n {
		// No byte but a letter becomes one by this.
		lower[i] = s[i] | 0x20
	}
	w := vocabulary(lower[:n])
	if digit {
		w.level = placeInRange(w, level(s[n]-'0'))
	}
	return w
}

// placeInRange returns the level of a word of the data model with a digit: INFO2 is in the second place of
// INFO.
func placeInRange(w word, digit level) level {
	named := w.places&asFirst != 0 && (w.level-lowestLevel)%4 == 0
	switch {
	case named && digit >= 1 && digit <= 4:
		return w.level + digit - 1
	case named && digit == 5 && w.level == debugLevel:
		// PostgreSQL has a DEBUG5, the data model has none.
		return debugLevel
	}
	return none
}

// vocabulary holds every word, in lower case.
func vocabulary(lower []byte) word {
	switch string(lower) {
	case "trace":
		return word{traceLevel, everywhere}
	case "debug":
		return word{debugLevel, everywhere}
	case "info":
		return word{infoLevel, everywhere}
	case "warn", "warning":
		return word{warnLevel, everywhere}
	case "error":
		return word{errorLevel, everywhere}
	case "fatal":
		return word{fatalLevel, everywhere}
	case "critical":
		return word{criticalLevel, everywhere}
	case "severe":
		return word{errorLevel, everywhere}

	case "notice":
		return word{noticeLevel, notFirst}
	case "alert":
		return word{alertLevel, notFirst}
	case "emerg", "emergency", "panic":
		return word{fatalLevel, notFirst}
	case "crit":
		return word{criticalLevel, notFirst}
	case "verbose":
		return word{debugLevel, notFirst}
	case "trce":
		return word{traceLevel, notFirst}
	case "dbug":
		return word{debugLevel, notFirst}
	case "fail":
		// Capitals in front of a colon are the verdict of a test.
		return word{errorLevel, asLabel}
	case "information", "informational":
		return word{infoLevel, asLabel | asLoudLabel | asBox | asValue}

	case "trc", "trac":
		return word{traceLevel, clipped}
	case "dbg", "debu":
		return word{debugLevel, clipped}
	case "inf":
		return word{infoLevel, clipped}
	case "wrn":
		return word{warnLevel, clipped}
	case "err", "erro", "eror":
		return word{errorLevel, clipped}
	case "crt":
		return word{criticalLevel, clipped}
	case "ftl", "fata", "pnc", "pani":
		return word{fatalLevel, clipped}

	case "finest":
		return word{traceLevel, java}
	case "finer":
		return word{debugLevel, java}
	case "fine":
		return word{fineLevel, java}
	case "config":
		return word{configLevel, java}

	case "log":
		return word{infoLevel, asWideLabel | asColumn | asValue}
	case "hint", "detail", "context", "statement", "query", "location":
		return word{infoLevel, asWideLabel}
	case "note", "system":
		return word{infoLevel, asBox}

	case "silly":
		return word{traceLevel, asValue}
	case "dpanic":
		return word{criticalLevel, asHeader | asValue}
	}
	return word{}
}

// isLoud reports whether a word, which has letters and perhaps a digit, is in capitals.
func isLoud(s string) bool {
	for i := range len(s) {
		if s[i] >= 'a' {
			return false
		}
	}
	return true
}
