// SPDX-License-Identifier: Apache-2.0

package hints

import (
	"errors"
	"slices"
	"strings"
)

// Group is what an allow-list names: an annotation, or several of one kind.
type Group string

// Groups are all that there are.
const (
	Exclude    Group = "exclude"
	Containers Group = "containers"
	Multiline  Group = "multiline"
	Parser     Group = "parser"
	RateLimit  Group = "rate_limit"
	Attributes Group = "attributes"
)

// Groups returns all groups.
func Groups() []Group {
	return []Group{Exclude, Containers, Multiline, Parser, RateLimit, Attributes}
}

// Reader reads the annotations with one prefix.
type Reader struct {
	prefix string
	allow  []Group
}

// NewReader returns a reader of what begins with the prefix and is allowed.
func NewReader(prefix string, allow []Group) *Reader {
	return &Reader{prefix: prefix, allow: allow}
}

// Wrong is an annotation that is ignored.
type Wrong struct {
	// Key is the whole name of the annotation.
	Key, Value string
	Err        error
}

// Container returns what the annotations of a pod say about a container, and which of them
// are wrong.
func (r *Reader) Container(annotations map[string]string, container string) (h Hints, wrong []Wrong) {
	var keys []string
	for key := range annotations {
		if strings.HasPrefix(key, r.prefix) {
			keys = append(keys, key)
		}
	}
	// What is said of the container comes after what is said of the pod, and so goes before it.
	slices.SortFunc(keys, func(a, b string) int {
		if ofOne, other := r.ofOne(a), r.ofOne(b); ofOne != other {
			if ofOne {
				return 1
			}
			return -1
		}
		return strings.Compare(a, b)
	})
	for _, key := range keys {
		if err := r.apply(&h, key, annotations[key], container); err != nil {
			wrong = append(wrong, Wrong{key, annotations[key], err})
		}
	}
	h.Exclude = h.Exclude || h.others
	return h, wrong
}

func (r *Reader) ofOne(key string) bool { return strings.Contains(key[len(r.prefix):], ".") }

func (r *Reader) apply(h *Hints, key, value, container string) error {
	name, of, ofOne := strings.Cut(key[len(r.prefix):], ".")
	i := slices.IndexFunc(options, func(o option) bool { return o.name == name })
	switch {
	case i < 0:
		return errors.New("there is no such option")
	case ofOne && options[i].perPod:
		return errors.New("it holds for the whole pod")
	case !slices.Contains(r.allow, options[i].group):
		return errNotAllowed
	}
	value = strings.TrimSpace(value)
	if options[i].set == nil {
		return setContainers(h, value, container)
	}
	if ofOne && of != container {
		var other Hints // It is wrong also if it is another one's.
		return options[i].set(&other, value)
	}
	return options[i].set(h, value)
}
