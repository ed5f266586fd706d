// SPDX-License-Identifier: Apache-2.0

package runtimelog

import "bytes"

// docker reads one JSON object that has text for its log.
func (p *Parser) docker(line []byte) (Line, bool) {
	// Times and streams are missing until one is seen.
	l := Line{Format: Docker, BadTime: true}
	found := false
	j := scanner{in: line, at: 1}
	if j.next('}') {
		return Line{}, false
	}
	for {
		j.space()
		key, ok := j.text()
		if !ok || !j.next(':') {
			return Line{}, false
		}
		name := key.append(&p.word)
		isLog, isStream, isTime := string(name) == "log", string(name) == "stream", string(name) == "time"
		j.space()
		if value, ok := j.text(); ok {
			switch {
			case isLog:
				l.Body, l.Partial = p.log(value)
				found = true
			case isStream:
				l.Stream = streamOf(value.append(&p.word))
			case isTime:
				l.Time, l.BadTime = p.time(value.append(&p.word))
			}
		} else {
			// What is no text is no value of the three; the last of equal keys counts.
			if !j.value(1) {
				return Line{}, false
			}
			switch {
			case isLog:
				found = false
			case isStream:
				l.Stream = None
			case isTime:
				l.Time, l.BadTime = 0, true
			}
		}
		if j.next(',') {
			continue
		}
		return l, j.next('}') && j.end() && found
	}
}

// log cuts the newline off, without which the text goes on in the next line. Mostly
// it is the only escape of the text, which then stays where it is.
func (p *Parser) log(t text) (body []byte, partial bool) {
	if t.plain {
		return t.raw, true
	}
	const newline = `\n`
	if n := len(t.raw) - len(newline); t.escape == n && string(t.raw[n:]) == newline && t.unicode {
		return t.raw[:n], false
	}
	body, whole := bytes.CutSuffix(t.append(&p.body), []byte("\n"))
	return body, !whole
}

// time is that of the whole text.
func (p *Parser) time(t []byte) (nanos int64, bad bool) {
	nanos, n, valid := p.clock.read(t)
	if !valid || n != len(t) {
		return 0, true
	}
	return nanos, false
}

func streamOf(name []byte) Stream {
	switch string(name) {
	case "stdout":
		return Stdout
	case "stderr":
		return Stderr
	}
	return None
}
