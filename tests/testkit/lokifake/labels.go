// SPDX-License-Identifier: Apache-2.0

package lokifake

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The label that Loki adds to every stream, and its value when no other label
// names the service.
const (
	labelServiceName = "service_name"
	unknownService   = "unknown_service"
)

// serviceLabels are the labels that may name the service, in order of
// precedence.
var serviceLabels = []string{
	"service", "app", "application", "app_name", "name", "app_kubernetes_io_name",
	"container", "container_name", "k8s_container_name",
	"component", "workload", "job", "k8s_job_name",
}

// labelSet is a set of labels, sorted by name. A name may occur twice, which is
// refused later and for that stream alone.
type labelSet []Pair

// labelsOf sorts the labels of a map.
func labelsOf(m map[string]string) labelSet {
	var set labelSet
	for _, name := range slices.Sorted(maps.Keys(m)) {
		set = append(set, Pair{name, m[name]})
	}
	return set
}

// String writes the labels as Loki writes them in answers.
func (l labelSet) String() string {
	text := []byte{'{'}
	for i, label := range l {
		if i > 0 {
			text = append(text, ", "...)
		}
		text = append(text, label.Name...)
		text = append(text, '=')
		text = strconv.AppendQuote(text, label.Value)
	}
	return string(append(text, '}'))
}

func (l labelSet) asMap() map[string]string {
	m := make(map[string]string, len(l))
	for _, label := range l {
		m[label.Name] = label.Value
	}
	return m
}

// get returns the value of a label, empty when there is none.
func (l labelSet) get(name string) string {
	for _, label := range l {
		if label.Name == name {
			return label.Value
		}
	}
	return ""
}

// withService adds the service_name label where there is none.
func (l labelSet) withService() labelSet {
	if l.get(labelServiceName) != "" {
		return l
	}
	service := unknownService
	for _, name := range serviceLabels {
		if value := l.get(name); value != "" {
			service = value
			break
		}
	}
	return append(slices.Clone(l), Pair{labelServiceName, service}).sorted()
}

func (l labelSet) sorted() labelSet {
	slices.SortStableFunc(l, func(a, b Pair) int { return cmp.Compare(a.Name, b.Name) })
	return l
}

// parseLabels parses the label string of a stream, such as `{a="b", c="d"}`.
// Labels without a value are left out. It takes only what senders write: names
// without quotes, values in double quotes. Of the rest of PromQL's grammar, it
// takes the comma behind the last label and text that is empty.
func parseLabels(text string) (labelSet, error) {
	p := labelParser{text: text}
	p.skipSpace()
	if p.at == len(text) {
		return nil, nil
	}
	if !p.take('{') {
		return nil, p.unexpected("at the start of the labels")
	}
	var set labelSet
	for p.skipSpace(); !p.take('}'); p.skipSpace() {
		switch {
		case p.at == len(text):
			return nil, p.unexpected("inside braces")
		case len(set) > 0 && !p.take(','):
			return nil, p.unexpected(`in label set, expected "," or "}"`)
		}
		p.skipSpace()
		if len(set) > 0 && p.take('}') {
			break
		}
		label, err := p.label()
		if err != nil {
			return nil, err
		}
		set = append(set, label)
	}
	p.skipSpace()
	if p.at < len(text) {
		return nil, p.unexpected("behind the labels")
	}
	set = slices.DeleteFunc(set, func(label Pair) bool { return label.Value == "" })
	return set.sorted(), nil
}

// labelParser walks a label string.
type labelParser struct {
	text string
	at   int
}

func (p *labelParser) label() (Pair, error) {
	start := p.at
	for p.at < len(p.text) && nameByte(p.text[p.at], p.at == start) {
		p.at++
	}
	name := p.text[start:p.at]
	if name == "" {
		return Pair{}, p.unexpected("inside braces")
	}
	p.skipSpace()
	if !p.take('=') {
		return Pair{}, p.unexpected("inside braces")
	}
	p.skipSpace()
	value, err := p.value()
	return Pair{name, value}, err
}

func (p *labelParser) value() (string, error) {
	rest := p.text[p.at:]
	if !strings.HasPrefix(rest, `"`) {
		return "", p.unexpected("in label set, expected string")
	}
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return "", p.fail(p.at, "unterminated quoted string")
	}
	// Loki's parser knows a wrong encoding only as the character that stands for
	// one, and so refuses that character too.
	if strings.ContainsRune(quoted, utf8.RuneError) {
		return "", p.fail(p.at, "invalid UTF-8 rune")
	}
	value, err := strconv.Unquote(quoted)
	if err != nil {
		return "", p.fail(p.at, err.Error())
	}
	// Written as an escape it gets no further, since Loki writes the labels anew and
	// parses them a second time.
	if strings.Contains(value, string(utf8.RuneError)) {
		return "", p.fail(p.at, "invalid UTF-8 rune")
	}
	p.at += len(quoted)
	return value, nil
}

func (p *labelParser) skipSpace() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *labelParser) take(b byte) bool {
	if p.at == len(p.text) || p.text[p.at] != b {
		return false
	}
	p.at++
	return true
}

// unexpected names what stands at the current place.
func (p *labelParser) unexpected(where string) error {
	if p.at == len(p.text) {
		return p.fail(p.at, "unexpected end of input "+where)
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.at:])
	return p.fail(p.at, fmt.Sprintf("unexpected character %s: %q", where, r))
}

// fail words an error as Loki does, with lines and columns counted from one.
func (p *labelParser) fail(at int, what string) error {
	before := p.text[:at]
	line := strings.Count(before, "\n") + 1
	column := at - strings.LastIndexByte(before, '\n')
	return fmt.Errorf("%d:%d: parse error: %s", line, column, what)
}

func nameByte(b byte, first bool) bool {
	switch {
	case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', b == '_':
		return true
	}
	return !first && '0' <= b && b <= '9'
}
