// SPDX-License-Identifier: Apache-2.0

package configcheck

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/confmap"
)

// maxAttempts bounds how often one component is decoded. Each attempt takes at least one key away.
const maxAttempts = 50

// decode fills cfg from conf like the Collector does and reports everything that does not fit. The decoder of
// a component may stop at its first error, so the key at fault is taken out and the rest decoded again. It
// returns the last result, and whether that is worth validating.
func (k *check) decode(section []string, conf *confmap.Conf, create func() any) (cfg any, usable bool) {
	for range maxAttempts {
		cfg = create()
		err := guarded(func() error { return conf.Unmarshal(&cfg) })
		if err == nil {
			for _, ignored := range ignoredKeys(reflect.TypeOf(create()), conf.ToStringMap(), nil, false) {
				k.unknownKey(section, conf, ignored, reflect.TypeOf(create()))
			}
			return cfg, true
		}
		removed := false
		for _, f := range misfits(err, nil) {
			removed = k.misfit(section, conf, f, reflect.TypeOf(create())) || removed
		}
		if !removed {
			return create(), false
		}
	}
	return create(), false
}

// misfit is one value that the decoder refused.
type misfit struct {
	path []string
	text string
}

// misfits takes an error of the decoder apart.
func misfits(err error, path []string) []misfit {
	const unknown = "has invalid keys: "
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		var all []misfit
		for _, inner := range e.Unwrap() {
			all = append(all, misfits(inner, path)...)
		}
		return all
	case interface {
		Name() string
		Unwrap() error
	}:
		inner := e.Unwrap()
		if inner == nil {
			break
		}
		// At the top the name is that of a Go type, which is no key.
		if name := e.Name(); !strings.HasPrefix(inner.Error(), unknown) || !strings.ContainsAny(name, " {*") {
			path = append(slices.Clone(path), splitName(name)...)
		}
		return misfits(inner, path)
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil && named(inner) {
			return misfits(inner, path)
		}
	}
	return []misfit{{path: path, text: err.Error()}}
}

// named tells whether an error knows the key it is about.
func named(err error) bool {
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(e.Unwrap(), named)
	case interface{ Name() string }:
		return true
	case interface{ Unwrap() error }:
		return e.Unwrap() != nil && named(e.Unwrap())
	}
	return false
}

// splitName splits a name of the decoder, such as `protocols.grpc.headers[x.y]`.
func splitName(name string) []string {
	var path []string
	for name != "" {
		switch end := strings.IndexAny(name, ".["); {
		case name[0] == '[':
			inner, rest, _ := strings.Cut(name[1:], "]")
			path, name = append(path, inner), strings.TrimPrefix(rest, ".")
		case end < 0:
			return append(path, name)
		case name[end] == '.':
			path, name = append(path, name[:end]), name[end+1:]
		default:
			path, name = append(path, name[:end]), name[end:]
		}
	}
	return path
}

// misfit reports one refused value, takes it out of conf, and tells whether there was something to take.
func (k *check) misfit(section []string, conf *confmap.Conf, f misfit, of reflect.Type) bool {
	keys, unknown := strings.CutPrefix(f.text, "has invalid keys: ")
	if !unknown {
		text, hint := plain(f.text)
		path := k.blame(append(slices.Clone(section), f.path...), text)
		k.report(path, text, hint)
		return k.remove(section, conf, path[len(section):])
	}
	removed := false
	for _, key := range strings.Split(keys, ", ") {
		path := append(slices.Clone(f.path), key)
		if !isSet(conf, path) {
			path = elsewhere(conf, f.path, key, of)
		}
		removed = k.unknownKey(section, conf, path, of) || removed
	}
	return removed
}

// elsewhere looks for an unknown key that is not where the error says. A component that decodes a part by
// itself leaves the path to that part out, and has a Go type in its place.
func elsewhere(conf *confmap.Conf, parent []string, key string, of reflect.Type) []string {
	for n := len(parent) - 1; n >= 0; n-- {
		if path := append(slices.Clone(parent[:n]), key); isSet(conf, path) && !slices.Contains(knownKeys(of, parent[:n]), key) {
			return path
		}
	}
	best := append(slices.Clone(parent), key)
	for _, set := range slices.Sorted(slices.Values(conf.AllKeys())) {
		path := strings.Split(set, confmap.KeyDelimiter)
		if at := slices.Index(path, key); at > 0 && knownKeys(of, path[:at]) == nil {
			return path[:at+1]
		}
	}
	return best
}

func isSet(conf *confmap.Conf, path []string) bool {
	return conf.IsSet(strings.Join(path, confmap.KeyDelimiter))
}

// unknownKey reports a key that means nothing, takes it out of conf, and tells whether it was there.
func (k *check) unknownKey(section []string, conf *confmap.Conf, relative []string, of reflect.Type) bool {
	key := relative[len(relative)-1]
	path := append(slices.Clone(section), relative...)
	near := nearest(key, knownKeys(of, relative[:len(relative)-1]))
	secret := secretPath(path) || nearlySecret(key) || slices.ContainsFunc(near, nearlySecret)
	if at, exact := k.tree().find(path); !k.unset(at) {
		value := ""
		if exact || at.kind == scalar {
			value = show(at, secret)
		}
		hint := didYouMean(near)
		if hint == "" {
			hint = "remove it or correct its name"
		}
		k.reportAt(at, path, value, "unknown key", hint)
	}
	// A key that was meant to be a known one is missed now.
	if len(near) > 0 {
		return k.remove(section, conf, relative)
	}
	removed := cut(conf, relative) != nil
	// A map that is empty without the key goes with it.
	if parent := relative[:len(relative)-1]; len(parent) > 0 && !isSet(conf, parent) {
		k.gone = append(k.gone, append(slices.Clone(section), parent...))
	}
	return removed
}

// remove takes a value out of conf and remembers that it is gone.
func (k *check) remove(section []string, conf *confmap.Conf, path []string) bool {
	taken := cut(conf, path)
	k.gone = append(k.gone, append(slices.Clone(section), path...), append(slices.Clone(section), taken...))
	return taken != nil
}

// cut removes the value at path. In a list or behind a reference there is nothing to remove alone, so what
// holds it goes as a whole. It returns the path that was removed, nil if there was none.
func cut(conf *confmap.Conf, path []string) []string {
	for n := len(path); n > 0; n-- {
		if conf.Delete(strings.Join(path[:n], confmap.KeyDelimiter)) {
			return path[:n]
		}
	}
	return nil
}

// guarded turns a panic of a component into an error: a configuration must not be able to crash the check.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the component cannot handle this configuration: %v", p)
		}
	}()
	return f()
}
