// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bytes"
	"math/bits"
)

// A marker names a record: sq_FFFFF_NNNNNNNN, the number of its file and its number in the file.
const (
	markerPrefix = "sq_"
	fileDigits   = 5
	recordDigits = 8
	markerBytes  = len(markerPrefix) + fileDigits + 1 + recordDigits
)

func appendMarker(to []byte, file, record int) []byte {
	to = append(to, markerPrefix...)
	to = appendDigits(to, file, fileDigits)
	to = append(to, '_')
	return appendDigits(to, record, recordDigits)
}

// appendDigits adds a number of so many digits, with zeros before it.
func appendDigits(to []byte, number, digits int) []byte {
	at := len(to)
	for range digits {
		to = append(to, '0')
	}
	for i := at + digits - 1; i >= at; i-- {
		to[i] = byte('0' + number%10)
		number /= 10
	}
	return to
}

// eachMarker visits the markers in any bytes, such as a request that is not decoded any further.
func eachMarker(raw []byte, visit func(file, record int)) {
	for {
		at := bytes.Index(raw, []byte(markerPrefix))
		if at < 0 || len(raw)-at < markerBytes {
			return
		}
		raw = raw[at+len(markerPrefix):]
		file, ok := digits(raw[:fileDigits])
		record, okToo := digits(raw[fileDigits+1 : fileDigits+1+recordDigits])
		if ok && okToo && raw[fileDigits] == '_' {
			visit(file, record)
		}
	}
}

func digits(text []byte) (number int, ok bool) {
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		number = number*10 + int(c-'0')
	}
	return number, true
}

// markers is what has arrived: one bit for each record.
type markers struct {
	files      [][]uint64
	distinct   int
	duplicates int
}

func (m *markers) add(file, record int) {
	for len(m.files) <= file {
		m.files = append(m.files, nil)
	}
	word, bit := record/64, uint64(1)<<(record%64)
	if need := word + 1 - len(m.files[file]); need > 0 {
		m.files[file] = append(m.files[file], make([]uint64, need)...)
	}
	if m.files[file][word]&bit != 0 {
		m.duplicates++
		return
	}
	m.files[file][word] |= bit
	m.distinct++
}

// tally says how what arrived differs from what was written; its zero value is what should be.
type tally struct {
	// Missing records were written and did not arrive, Strange ones arrived and were never written.
	Missing, Strange int
	// Duplicates is how many came again: a record that came three times counts twice.
	Duplicates int
}

// compare takes the number of records written to each file.
func (m *markers) compare(written []int) tally {
	all, arrived := 0, 0
	for file, count := range written {
		all += count
		if file < len(m.files) {
			arrived += countBits(m.files[file], count)
		}
	}
	return tally{Missing: all - arrived, Strange: m.distinct - arrived, Duplicates: m.duplicates}
}

// countBits counts the bits that are set among the first so many.
func countBits(words []uint64, first int) int {
	sum := 0
	for i, word := range words {
		if left := first - i*64; left <= 0 {
			break
		} else if left < 64 {
			word &= 1<<left - 1
		}
		sum += bits.OnesCount64(word)
	}
	return sum
}
