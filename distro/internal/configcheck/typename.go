// SPDX-License-Identifier: Apache-2.0

package configcheck

import (
	"regexp"
	"strings"
)

var (
	unconvertible = regexp.MustCompile(`^expected type '([^']*)', got unconvertible type '([^']*)'$`)
	notList       = regexp.MustCompile(`^source data must be an array or slice, got (\w+)$`)
	notMap        = regexp.MustCompile(`^expected a map(?: or struct)?, got "?(\w+)"?$`)
)

// plain rewrites what the decoder says about a value in the words of its writer.
func plain(text string) (said, hint string) {
	if m := unconvertible.FindStringSubmatch(text); m != nil {
		want, got := typeName(m[1]), typeName(m[2])
		if want == "text" && got != "a list" && got != "a map" {
			hint = "put the value in quotes"
		}
		return "must be " + want + ", not " + got, hint
	}
	if m := notList.FindStringSubmatch(text); m != nil {
		return "must be a list, not " + typeName(m[1]), ""
	}
	if m := notMap.FindStringSubmatch(text); m != nil {
		return "must be a map, not " + typeName(m[1]), ""
	}
	if strings.HasPrefix(text, "time: ") {
		return "not a duration", "write a number with a unit, such as 30s or 5m"
	}
	return text, ""
}

// typeName returns the word for a Go type.
func typeName(name string) string {
	name = strings.TrimLeft(name, "*")
	switch {
	case name == "string":
		return "text"
	case name == "bool":
		return "true or false"
	case name == "time.Duration":
		return "a duration such as 30s"
	case strings.HasPrefix(name, "int"), strings.HasPrefix(name, "uint"):
		return "a whole number"
	case strings.HasPrefix(name, "float"):
		return "a number"
	case strings.HasPrefix(name, "[]"), name == "slice", name == "array":
		return "a list"
	case strings.HasPrefix(name, "map"), strings.HasPrefix(name, "struct"):
		return "a map"
	}
	return name
}
