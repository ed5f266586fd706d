// SPDX-License-Identifier: Apache-2.0

package runtimelog

import "bytes"

// Parser reads lines. The zero value is ready. It is for one goroutine. It holds
// memory for the longest text with escapes that it has seen; see Release.
type Parser struct {
	clock clock
	// body holds a text that had escapes, word what else had them.
	body, word []byte
}

// Parse reads one line, given without its newline. It never fails: what has no known
// form is a Line of the format Unknown, with the whole line as its body. The body is
// valid until the next Parse, and as long as the line that was given.
func (p *Parser) Parse(line []byte) Line {
	if len(line) > 0 && line[0] == '{' {
		if l, ok := p.docker(line); ok {
			return l
		}
	} else if l, ok := p.cri(line); ok {
		return l
	}
	return Line{Body: line}
}

// Release gives memory back that one very long text may have taken. Bodies that
// Parse returned are not valid any more.
func (p *Parser) Release() { p.body, p.word = nil, nil }

// cri reads `<time> <stream> <tag>[:<more tags>] <text>`.
func (p *Parser) cri(line []byte) (l Line, ok bool) {
	time, n, valid := p.clock.read(line)
	const stream = len(" stdout ")
	if n == 0 || len(line) < n+stream+1 {
		return Line{}, false
	}
	l = Line{Format: CRI, Time: time, BadTime: !valid}
	switch string(line[n : n+stream]) {
	case " stdout ":
		l.Stream = Stdout
	case " stderr ":
		l.Stream = Stderr
	default:
		return Line{}, false
	}
	rest := line[n+stream:]
	end := 1
	if len(rest) > 1 && rest[1] != ' ' || rest[0] == ' ' {
		end = bytes.IndexByte(rest, ' ')
		if end < 0 {
			end = len(rest)
		}
	}
	l.Partial, l.BadTag = readTag(rest[:end])
	if end == len(rest) {
		// Without a text, what is no tag is more likely a text: it must not be lost.
		l.Body = rest[end:]
		return l, !l.BadTag
	}
	l.Body = rest[end+1:]
	return l, true
}

// readTag looks at the first of the tags that are joined by colons.
func readTag(tags []byte) (partial, bad bool) {
	if len(tags) == 0 || len(tags) > 1 && tags[1] != ':' {
		return false, true
	}
	return tags[0] == 'P', tags[0] != 'P' && tags[0] != 'F'
}
