// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"errors"
	"fmt"
	"strings"
)

// template composes a label value of attributes: `{k8s.namespace.name}/{job|k8s.job.name}`.
// Text stands for itself, `{a|b}` for the first of the named attributes that is
// there and not empty. The zero template has no parts.
type template struct {
	parts []templatePart
}

// templatePart is either literal text or a choice of attributes.
type templatePart struct {
	literal    string
	attributes []string
}

// parseTemplate reads a template. It refuses braces without a partner and names
// that are empty.
func parseTemplate(text string) (template, error) {
	var t template
	for text != "" {
		open := strings.IndexByte(text, '{')
		literal := text
		if open >= 0 {
			literal = text[:open]
		}
		if strings.IndexByte(literal, '}') >= 0 {
			return template{}, errors.New("`}` without a `{` before it")
		}
		if literal != "" {
			t.parts = append(t.parts, templatePart{literal: literal})
		}
		if open < 0 {
			break
		}
		end := strings.IndexByte(text, '}')
		if end < 0 {
			return template{}, errors.New("`{` without a `}` behind it")
		}
		attributes := strings.Split(text[open+1:end], "|")
		for i, name := range attributes {
			attributes[i] = strings.TrimSpace(name)
			if attributes[i] == "" || strings.IndexByte(attributes[i], '{') >= 0 {
				return template{}, fmt.Errorf("%q does not name an attribute", text[open:end+1])
			}
		}
		t.parts = append(t.parts, templatePart{attributes: attributes})
		text = text[end+1:]
	}
	return t, nil
}

// mustTemplate is parseTemplate for templates that are part of the program.
func mustTemplate(text string) template {
	t, err := parseTemplate(text)
	if err != nil {
		panic(err)
	}
	return t
}

// plain returns the attributes of a template that is nothing but one choice of
// attributes: its value is the attribute's, which then needs no second place.
func (t template) plain() ([]string, bool) {
	if len(t.parts) != 1 || t.parts[0].attributes == nil {
		return nil, false
	}
	return t.parts[0].attributes, true
}

// expand appends the value to dst. It reports false when an attribute is missing;
// dst is then as it was.
func (t template) expand(dst []byte, get func(name string) (string, bool)) ([]byte, bool) {
	begin := len(dst)
	for _, part := range t.parts {
		if part.attributes == nil {
			dst = append(dst, part.literal...)
			continue
		}
		value, ok := firstOf(part.attributes, get)
		if !ok {
			return dst[:begin], false
		}
		dst = append(dst, value...)
	}
	return dst, len(dst) > begin
}

// firstOf returns the first attribute that is there and not empty.
func firstOf(attributes []string, get func(name string) (string, bool)) (string, bool) {
	for _, name := range attributes {
		if value, ok := get(name); ok && value != "" {
			return value, true
		}
	}
	return "", false
}
