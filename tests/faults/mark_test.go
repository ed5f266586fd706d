// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A mark is what makes a line known: "<@" container " " sequence " " nanoseconds " " checksum ">", in fixed widths. The
// checksum is over the whole line, with eight zeros in its own place.
type mark struct {
	id, seq int
	at      time.Time
}

const (
	markHead  = "<@"
	markWidth = len("<@00000 000000000 0000000000000000000 00000000>")
	crcOffset = markWidth - len("00000000>")
)

// reading is what a text says of itself.
type reading struct {
	mark
	// marks is the number of marks in it; the first one counts.
	marks int
	// intact is true when the checksum is right.
	intact bool
}

// seal makes a line of a mark and the text before and after it.
func seal(m mark, before, after string) string {
	line := fmt.Sprintf("%s<@%05d %09d %019d 00000000>%s", before, m.id, m.seq, m.at.UnixNano(), after)
	at := len(before) + crcOffset
	return line[:at] + fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(line))) + line[at+8:]
}

// read finds the mark of a text. The number of marks is 0 for a text that has none; a damaged mark is of container 0, which
// nobody is.
func read(text string) reading {
	found := reading{marks: strings.Count(text, markHead)}
	at := strings.Index(text, markHead)
	if at < 0 {
		return found
	}
	if len(text) < at+markWidth {
		return found
	}
	fields := strings.Fields(text[at+len(markHead) : at+markWidth-1])
	if len(fields) != 4 {
		return found
	}
	id, idErr := strconv.Atoi(fields[0])
	seq, seqErr := strconv.Atoi(fields[1])
	nanos, atErr := strconv.ParseInt(fields[2], 10, 64)
	if idErr != nil || seqErr != nil || atErr != nil {
		return found
	}
	found.mark = mark{id: id, seq: seq, at: time.Unix(0, nanos).UTC()}
	sum := crc32.NewIEEE()
	for _, part := range []string{text[:at+crcOffset], "00000000", text[at+crcOffset+8:]} {
		_, _ = sum.Write([]byte(part))
	}
	found.intact = fmt.Sprintf("%08x", sum.Sum32()) == fields[3]
	return found
}

// words fill lines. Some have characters of several bytes, so that a line can be cut within one.
var words = []string{"GET", "/api/v1/orders", "took", "12ms", "naïve", "日本", "ERROR", `"quoted"`, "{}", "\t", "  ", "key=value", "😀"}

// filler is about so many bytes of words. It repeats itself, so that large amounts are cheap to make and to compress.
func filler(random *rand.Rand, bytes int) string {
	var s strings.Builder
	for s.Len() < min(bytes, 200) {
		s.WriteString(words[random.IntN(len(words))])
		s.WriteByte(' ')
	}
	return strings.Repeat(s.String(), max(1, bytes/max(1, s.Len())))
}

func TestAMarkIsReadBack(t *testing.T) {
	m := mark{id: 7, seq: 1234, at: time.Unix(1764028800, 123456789).UTC()}
	line := seal(m, "  before ", " after\t ")
	assert.Equal(t, reading{mark: m, marks: 1, intact: true}, read(line))
	for name, text := range map[string]string{
		"a byte less at the end":   line[:len(line)-1],
		"a byte less at the start": line[1:],
		"another byte":             strings.Replace(line, "after", "aftex", 1),
		"another time":             strings.Replace(line, "1764028800", "1764028801", 1),
	} {
		assert.False(t, read(text).intact, name)
	}
	assert.Equal(t, 2, read(line+line).marks)
	assert.Zero(t, read("no mark at all").marks)
	assert.Equal(t, reading{marks: 1}, read("half a mark <@0001 0000"))
	assert.Equal(t, reading{marks: 1}, read(strings.Replace(line, "<@0", "<@x", 1)))
}
