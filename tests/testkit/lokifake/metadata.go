// SPDX-License-Identifier: Apache-2.0

package lokifake

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/otlptranslator"
)

// labelDetectedLevel is the pair of metadata that Loki adds to an entry which
// has none of that name. It does not count towards any size.
const labelDetectedLevel = "detected_level"

// normalize makes the names of metadata legal as Loki does, with the same
// library: illegal characters become underscores, runs of them one. A name of
// which nothing remains is an error. Where names become one, the last of those
// that had to change wins; of equal names the last wins. Pairs without a value are
// left out.
func normalize(metadata []Pair) ([]Pair, error) {
	var namer otlptranslator.LabelNamer
	replaced := map[string]bool{}
	var changed labelSet
	for _, pair := range metadata {
		name, err := namer.Build(pair.Name)
		if err != nil {
			return nil, err
		}
		value := pair.Value
		broken := strings.ContainsRune(value, utf8.RuneError)
		if name == pair.Name && !broken {
			continue
		}
		if broken {
			value = strings.Map(spaceForError, value)
		}
		replaced[pair.Name], replaced[name] = true, true
		changed = slices.DeleteFunc(changed, func(p Pair) bool { return p.Name == name })
		changed = append(changed, Pair{name, value})
	}
	var set labelSet
	for i, pair := range metadata {
		again := slices.ContainsFunc(metadata[i+1:], func(p Pair) bool { return p.Name == pair.Name })
		if !replaced[pair.Name] && !again {
			set = append(set, pair)
		}
	}
	set = append(set, changed...).sorted()
	return slices.DeleteFunc(set, func(p Pair) bool { return p.Value == "" }), nil
}

// spaceForError replaces the character that stands for a wrong encoding, and any
// wrong encoding, by a space.
func spaceForError(r rune) rune {
	if r == utf8.RuneError {
		return ' '
	}
	return r
}

// metadataBytes is the size of metadata as limits count it.
func metadataBytes(metadata []Pair) int {
	size := 0
	for _, pair := range metadata {
		if pair.Name != labelDetectedLevel {
			size += len(pair.Name) + len(pair.Value)
		}
	}
	return size
}

// entryBytes is the size of an entry as rates count it.
func entryBytes(entry Entry) int {
	return len(entry.Line) + metadataBytes(entry.Metadata)
}
