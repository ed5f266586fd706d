// SPDX-License-Identifier: Apache-2.0

package runtimelog

import "bytes"

// maxDepth is how many objects and arrays may lie in each other.
const maxDepth = 32

// scanner goes through JSON, and through nothing that encoding/json would refuse.
type scanner struct {
	in []byte
	at int
}

// peek is the next byte, or 0, which stands nowhere in JSON.
func (j *scanner) peek() byte {
	if j.at < len(j.in) {
		return j.in[j.at]
	}
	return 0
}

func (j *scanner) space() {
	for c := j.peek(); c == ' ' || c == '\t' || c == '\r' || c == '\n'; c = j.peek() {
		j.at++
	}
}

// next skips space, and c if it comes then.
func (j *scanner) next(c byte) bool {
	j.space()
	if j.peek() != c {
		return false
	}
	j.at++
	return true
}

// end says that only space is left.
func (j *scanner) end() bool {
	j.space()
	return j.at == len(j.in)
}

// value skips one value that lies in so many others.
func (j *scanner) value(depth int) bool {
	j.space()
	switch c := j.peek(); c {
	case '"':
		_, ok := j.text()
		return ok
	case '{', '[':
		j.at++
		return depth < maxDepth && j.inside(c, depth)
	case 't':
		return j.word("true")
	case 'f':
		return j.word("false")
	case 'n':
		return j.word("null")
	}
	return j.number()
}

// inside skips what comes behind the opening of an object or array.
func (j *scanner) inside(open byte, depth int) bool {
	closing := open + 2 // so it is in ASCII
	if j.next(closing) {
		return true
	}
	for {
		if open == '{' {
			j.space()
			if _, ok := j.text(); !ok || !j.next(':') {
				return false
			}
		}
		if !j.value(depth + 1) {
			return false
		}
		if !j.next(',') {
			return j.next(closing)
		}
	}
}

func (j *scanner) word(w string) bool {
	if !bytes.HasPrefix(j.in[j.at:], []byte(w)) {
		return false
	}
	j.at += len(w)
	return true
}

func (j *scanner) number() bool {
	if j.peek() == '-' {
		j.at++
	}
	if j.peek() == '0' {
		j.at++
	} else if !j.digits() {
		return false
	}
	if j.peek() == '.' {
		j.at++
		if !j.digits() {
			return false
		}
	}
	if j.peek()|0x20 == 'e' {
		j.at++
		if c := j.peek(); c == '+' || c == '-' {
			j.at++
		}
		return j.digits()
	}
	return true
}

// digits skips at least one.
func (j *scanner) digits() bool {
	from := j.at
	for c := j.peek(); '0' <= c && c <= '9'; c = j.peek() {
		j.at++
	}
	return j.at > from
}
