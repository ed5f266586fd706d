// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The lines of a soak have a mark at their start that is cheap to write and to read: "<@" checksum " " container " "
// sequence " " nanoseconds "> ". The checksum is over all that follows it, up to the end of the line.
const (
	sumAt  = len(markHead)
	restAt = sumAt + 8
	// soakBytes is about the length of a line, mark and all.
	soakBytes = 150
	// wholeBytes is where a line is cut in two, as runtimes cut long ones; a few in a hundred are longer.
	wholeBytes = 245
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendSoakLine adds the text of a line.
func appendSoakLine(to []byte, m mark, filler string) []byte {
	begin := len(to)
	to = append(to, markHead+"00000000"...)
	for _, field := range []int64{int64(m.id), int64(m.seq), m.at.UnixNano()} {
		to = append(to, ' ')
		to = strconv.AppendInt(to, field, 10)
	}
	to = append(to, "> "...)
	to = append(to, filler...)
	sum := crc32.Checksum(to[begin+restAt:], castagnoli)
	hex.Encode(to[begin+sumAt:begin+restAt], []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	return to
}

// appendSoakCRI adds a line of a log file, as a runtime writes it. A long one is in two pieces.
func appendSoakCRI(to []byte, m mark, filler string) []byte {
	to = m.at.AppendFormat(to, time.RFC3339Nano)
	tag := len(to) + len(" stdout ")
	to = append(to, " stdout F "...)
	begin := len(to)
	to = appendSoakLine(to, m, filler)
	if len(to)-begin > wholeBytes {
		rest := string(to[begin+wholeBytes:])
		to[tag] = 'P'
		to = append(to[:begin+wholeBytes], '\n')
		to = m.at.Add(time.Microsecond).AppendFormat(to, time.RFC3339Nano)
		to = append(to, " stdout F "...)
		to = append(to, rest...)
	}
	return append(to, '\n')
}

// readSoakLine reads the mark of a text. The error says what is wrong with the text.
func readSoakLine(text []byte) (mark, error) {
	m, ok := readSoakMark(text)
	switch {
	case bytes.Count(text, []byte(markHead)) > 1:
		return m, fmt.Errorf("merged: %.400q", text)
	case !ok:
		return m, fmt.Errorf("corrupted: %.400q", text)
	}
	var sum [4]byte
	_, err := hex.Decode(sum[:], text[sumAt:restAt])
	if want := crc32.Checksum(text[restAt:], castagnoli); err != nil || sum != [4]byte{byte(want >> 24), byte(want >> 16), byte(want >> 8), byte(want)} {
		return m, fmt.Errorf("corrupted: %.400q", text)
	}
	return m, nil
}

// readSoakMark reads a mark without looking at the checksum; it is false when the text does not begin with one.
func readSoakMark(text []byte) (m mark, ok bool) {
	if len(text) < restAt+1 || string(text[:sumAt]) != markHead || text[restAt] != ' ' {
		return m, false
	}
	var fields [3]int64
	field := 0
	for _, c := range text[restAt+1:] {
		switch {
		case c >= '0' && c <= '9':
			fields[field] = fields[field]*10 + int64(c-'0')
		case c == ' ' && field < 2:
			field++
		case c == '>' && field == 2:
			return mark{id: int(fields[0]), seq: int(fields[1]), at: time.Unix(0, fields[2]).UTC()}, true
		default:
			return m, false
		}
	}
	return m, false
}

// fillers are texts to follow marks; the lines become soakBytes long on average.
func fillers(random *rand.Rand) []string {
	const markBytes = 52
	var all []string
	for range 1000 {
		bytes := 20 + random.IntN(2*(soakBytes-markBytes)-2*20)
		if random.IntN(50) == 0 {
			bytes = wholeBytes
		}
		text := filler(random, 200)
		text += text
		// A body that ends within a character would be no text.
		all = append(all, strings.ToValidUTF8(text[:bytes], "?"))
	}
	return all
}

func TestASoakLineIsReadBack(t *testing.T) {
	m := mark{id: 7, seq: 1234, at: time.Unix(1764028800, 123456789).UTC()}
	line := appendSoakLine(nil, m, "GET /naïve 12ms")
	read, err := readSoakLine(line)
	require.NoError(t, err)
	assert.Equal(t, m, read)
	for name, tt := range map[string]struct{ text, says string }{
		"a byte less":     {string(line[:len(line)-1]), "corrupted"},
		"a byte more":     {string(line) + "x", "corrupted"},
		"another byte":    {strings.Replace(string(line), "12ms", "13ms", 1), "corrupted"},
		"another number":  {strings.Replace(string(line), "1234", "1235", 1), "corrupted"},
		"two in one":      {string(line) + string(line), "merged"},
		"half a mark":     {string(line[:20]), "corrupted"},
		"no mark":         {"GET /naïve 12ms", "corrupted"},
		"nothing":         {"", "corrupted"},
		"a mark too late": {"x" + string(line), "corrupted"},
	} {
		_, err := readSoakLine([]byte(tt.text))
		assert.ErrorContains(t, err, tt.says, name)
	}
}

func TestALongSoakLineIsWrittenInTwoPieces(t *testing.T) {
	m := mark{id: 7, seq: 1234, at: time.Unix(1764028800, 123456789).UTC()}
	text := string(appendSoakLine(nil, m, strings.Repeat("x", wholeBytes)))
	assert.Equal(t, "2025-11-25T00:00:00.123456789Z stdout P "+text[:wholeBytes]+"\n2025-11-25T00:00:00.123457789Z stdout F "+text[wholeBytes:]+"\n",
		string(appendSoakCRI(nil, m, strings.Repeat("x", wholeBytes))))
}
