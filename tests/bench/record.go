// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bytes"
	"math/rand/v2"
	"strconv"
	"time"
)

// Shares of the records, in percent.
const (
	stderrPercent = 10
	splitPercent  = 3
)

var (
	levels   = []string{"debug", "info", "info", "info", "warn", "error"}
	messages = []string{"request done", "cache miss", "slow query", "user logged in", "connection reset by peer"}
)

// lines makes the records of one file, JSON objects in even files and plain text in odd ones. Equal file numbers give
// equal texts.
type lines struct {
	file int
	// next is the number of the next record, and how many there are already.
	next    int
	random  *rand.Rand
	scratch []byte
}

func newLines(file int) *lines {
	return &lines{file: file, random: rand.New(rand.NewPCG(7, uint64(file)))}
}

// appendCRI adds the next record as containerd writes it: one line, or two when the record is split. The cut goes
// through the marker, so that a record whose pieces are not joined is missing.
func (l *lines) appendCRI(to []byte, at time.Time) []byte {
	l.scratch = l.appendText(l.scratch[:0], at)
	stream := " stdout"
	if l.random.IntN(100) < stderrPercent {
		stream = " stderr"
	}
	text := l.scratch
	if l.random.IntN(100) < splitPercent {
		cut := bytes.Index(text, []byte(markerPrefix)) + markerBytes/2
		to = appendPiece(to, at, stream, " P ", text[:cut])
		at, text = at.Add(3*time.Nanosecond), text[cut:]
	}
	l.next++
	return appendPiece(to, at, stream, " F ", text)
}

func appendPiece(to []byte, at time.Time, stream, tag string, text []byte) []byte {
	to = at.AppendFormat(to, time.RFC3339Nano)
	to = append(to, stream...)
	to = append(to, tag...)
	to = append(to, text...)
	return append(to, '\n')
}

// appendText adds the text of the next record: about 190 bytes of JSON, or 150 of plain text.
func (l *lines) appendText(to []byte, at time.Time) []byte {
	level, message := pick(l.random, levels), pick(l.random, messages)
	if l.file%2 == 0 {
		to = append(to, `{"level":"`...)
		to = append(to, level...)
		to = append(to, `","msg":"`...)
		to = append(to, message...)
		to = append(to, `","seq":"`...)
		to = appendMarker(to, l.file, l.next)
		to = append(to, `","method":"GET","path":"/api/v1/items/`...)
		to = strconv.AppendUint(to, l.random.Uint64N(100_000), 10)
		to = append(to, `","status":200,"took_ms":`...)
		to = strconv.AppendUint(to, l.random.Uint64N(5_000), 10)
		to = append(to, `,"user":"u-`...)
		to = strconv.AppendUint(to, l.random.Uint64N(1_000_000), 10)
		to = append(to, `","trace_id":"`...)
		to = strconv.AppendUint(to, l.random.Uint64(), 16)
		to = strconv.AppendUint(to, l.random.Uint64(), 16)
		return append(to, `"}`...)
	}
	to = at.AppendFormat(to, "2006-01-02 15:04:05.000 ")
	to = append(to, level...)
	to = append(to, " [worker-"...)
	to = strconv.AppendUint(to, l.random.Uint64N(16), 10)
	to = append(to, "] com.example.orders.OrderService "...)
	to = appendMarker(to, l.file, l.next)
	to = append(to, ' ')
	to = append(to, message...)
	to = append(to, ": order "...)
	to = strconv.AppendUint(to, l.random.Uint64N(100_000_000), 10)
	to = append(to, " took "...)
	to = strconv.AppendUint(to, l.random.Uint64N(5_000), 10)
	return append(to, " ms, 12 items, retry=0"...)
}

func pick(random *rand.Rand, from []string) string { return from[random.IntN(len(from))] }
