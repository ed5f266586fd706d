// SPDX-License-Identifier: Apache-2.0

package configcheck

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/confmap"
)

// knownKeys returns the keys a configuration of type t has at path, nil where that cannot be told.
func knownKeys(t reflect.Type, path []string) []string {
	for t != nil {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			if len(path) == 0 || (t.Kind() != reflect.Map && t.Kind() != reflect.Slice) {
				return nil
			}
			t, path = t.Elem(), path[1:]
			continue
		}
		if inner, ok := optional(t); ok {
			t = inner
			continue
		}
		fields, _ := structFields(t)
		if len(path) == 0 {
			return slices.Sorted(maps.Keys(fields))
		}
		t, path = fields[path[0]], path[1:]
	}
	return nil
}

// structFields returns the types of the fields by their keys, with those of squashed structs. It is open when
// a field takes all other keys.
func structFields(t reflect.Type) (fields map[string]reflect.Type, open bool) {
	fields = map[string]reflect.Type{}
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get(confmap.MapstructureTag), ",")
		if !field.IsExported() || name == "-" {
			continue
		}
		if strings.Contains(options, "remain") {
			open = true
			continue
		}
		if strings.Contains(options, "squash") {
			inner := field.Type
			for inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct {
				own, rest := structFields(inner)
				maps.Copy(fields, own)
				open = open || rest
			}
			continue
		}
		if name == "" {
			name = field.Name
		}
		fields[name] = field.Type
	}
	return fields, open
}

// withoutSquashed returns a path of confmap.Validate as it is written. Validate counts a squashed struct as a
// step of the path, under the name of its Go field.
func withoutSquashed(t reflect.Type, path []string) []string {
	for i, segment := range path {
		for t != nil && t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t == nil {
			return path
		}
		if t.Kind() != reflect.Struct {
			if t.Kind() != reflect.Map && t.Kind() != reflect.Slice {
				return path
			}
			t = t.Elem()
			continue
		}
		if inner, ok := optional(t); ok {
			return append(slices.Clone(path[:i]), withoutSquashed(inner, path[i:])...)
		}
		fields, _ := structFields(t)
		of, known := fields[segment]
		if !known {
			if inner := squashedField(t, segment); inner != nil {
				return append(slices.Clone(path[:i]), withoutSquashed(inner, path[i+1:])...)
			}
			return path
		}
		t = of
	}
	return path
}

// squashedField returns the type of the squashed field that Validate calls by name, nil if there is none.
func squashedField(t reflect.Type, name string) reflect.Type {
	for i := range t.NumField() {
		field := t.Field(i)
		_, options, _ := strings.Cut(field.Tag.Get(confmap.MapstructureTag), ",")
		if strings.Contains(options, "squash") && strings.ToLower(field.Name) == name {
			return field.Type
		}
	}
	return nil
}

// nearest returns the names close to the wanted one, the closest first, at most three.
func nearest(wanted string, names []string) []string {
	type candidate struct {
		name string
		far  int
	}
	var near []candidate
	for _, name := range names {
		a, b := squeeze(wanted), squeeze(name)
		far := distance(a, b)
		// Half a name is no slip of the hand, but it says as clearly what was meant.
		half := min(len(a), len(b)) >= 4 && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a))
		if half || far <= max(1, min(len(a), len(b))/3) {
			near = append(near, candidate{name, far})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return a.far - b.far })
	var found []string
	for _, c := range near[:min(3, len(near))] {
		found = append(found, c.name)
	}
	return found
}

// distance is the number of letters to add, remove, change or swap with the next to get from a to b.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	if len(from) > 64 || len(to) > 64 {
		return max(len(from), len(to))
	}
	rows := make([][]int, len(from)+1)
	for i := range rows {
		rows[i] = make([]int, len(to)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(from); i++ {
		for j := 1; j <= len(to); j++ {
			change := 1
			if from[i-1] == to[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && from[i-1] == to[j-2] && from[i-2] == to[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(from)][len(to)]
}

// didYouMean returns the question about close names, empty when there are none.
func didYouMean(near []string) string {
	if len(near) == 0 {
		return ""
	}
	return "did you mean `" + strings.Join(near, "` or `") + "`?"
}
