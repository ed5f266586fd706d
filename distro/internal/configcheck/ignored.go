// SPDX-License-Identifier: Apache-2.0

package configcheck

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/confmap"
)

var unmarshaler = reflect.TypeFor[confmap.Unmarshaler]()

// ignoredKeys returns the keys that the decoder passes over in silence. It does that where a struct takes in
// another one that decodes itself, as everything does that speaks HTTP: neither can tell the keys of the other
// from unknown ones, so a misspelt `timeout` of otlp_http would be accepted and have no effect.
func ignoredKeys(t reflect.Type, value any, path []string, lenient bool) [][]string {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil {
		return nil
	}
	var found [][]string
	descend := func(t reflect.Type, key string, value any, lenient bool) {
		found = append(found, ignoredKeys(t, value, append(slices.Clone(path), key), lenient)...)
	}
	switch v := value.(type) {
	case []any:
		if t.Kind() == reflect.Slice {
			for i, item := range v {
				descend(t.Elem(), strconv.Itoa(i), item, lenient)
			}
		}
	case map[string]any:
		switch t.Kind() {
		case reflect.Map:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				descend(t.Elem(), key, v[key], lenient)
			}
		case reflect.Struct:
			if inner, ok := optional(t); ok {
				// An optional value may be switched off by a key of its own, and is decoded strictly.
				rest := maps.Clone(v)
				delete(rest, "enabled")
				return ignoredKeys(inner, rest, path, false)
			}
			if reflect.PointerTo(t).Implements(unmarshaler) {
				// What decodes itself may know keys that it has no field for.
				lenient = false
			} else if takesIn(t) {
				lenient = true
			}
			fields, open := structFields(t)
			for _, key := range slices.Sorted(maps.Keys(v)) {
				of, known := fields[key]
				if !known && lenient && !open {
					found = append(found, append(slices.Clone(path), key))
				}
				descend(of, key, v[key], lenient)
			}
		}
	}
	return found
}

// takesIn tells whether a struct has a squashed field that decodes itself.
func takesIn(t reflect.Type) bool {
	for i := range t.NumField() {
		field := t.Field(i)
		_, options, _ := strings.Cut(field.Tag.Get(confmap.MapstructureTag), ",")
		if !field.IsExported() || !strings.Contains(options, "squash") {
			continue
		}
		of := field.Type
		for of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if reflect.PointerTo(of).Implements(unmarshaler) || of.Kind() == reflect.Struct && takesIn(of) {
			return true
		}
	}
	return false
}

// optional returns the type of the value in a struct that holds one out of sight.
func optional(t reflect.Type) (reflect.Type, bool) {
	inner, ok := t.FieldByName("value")
	if fields, _ := structFields(t); !ok || len(fields) > 0 {
		return nil, false
	}
	return inner.Type, true
}
