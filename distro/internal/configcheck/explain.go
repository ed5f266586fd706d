// SPDX-License-Identifier: Apache-2.0

package configcheck

import (
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
)

var (
	kindThenID = regexp.MustCompile(`\b(receiver|processor|exporter|connector|extension) "([^"]+)"`)
	idThenKind = regexp.MustCompile(`"([^"]+)" (receiver|processor|exporter|connector|extension)\b`)
	dependency = regexp.MustCompile(`unable to find extension (\S+) on which extension (\S+) depends`)
	keyPath    = regexp.MustCompile(`\b(?:receivers|processors|exporters|connectors|extensions|service)(?:::[^\s:]+)+`)
	badURI     = regexp.MustCompile(`uri:? "([^"]*)"`)
	wrapping   = regexp.MustCompile(`^(?:failed to setup configuration components: |failed to get config: |` +
		`cannot resolve the configuration: |cannot unmarshal the configuration: |cannot retrieve the configuration: |` +
		`invalid configuration: |failed to build pipelines: |failed to build extensions: |failed to start extensions: |` +
		`cannot start pipelines: |failed to create (?:meter provider|tracer provider|logger|resource): |failed to (?:start|create) "[^"]+" \w+(?: for data type "[^"]+"|, in pipeline "[^"]+")?: |` +
		`failed to create extension "[^"]+": )`)
)

// Explain returns the error to print for an error of the Collector. The findings of a check come back without
// what was wrapped around them. For an error from later, such as a port that is in use, Explain adds the
// setting behind it if that can be found. Other errors come back as they are, except for secrets.
func (c *Checker) Explain(err error) error {
	if err == nil {
		return nil
	}
	var found *Error
	if errors.As(err, &found) {
		return found
	}
	if len(c.round.sources)+len(c.round.failures) == 0 {
		return err
	}
	k := &check{round: c.round}
	if !k.checked {
		// The expansion broke off. What was found before is still worth saying.
		k.checkDocuments()
		said := k.unresolved(c.schemes)
		k.checkVariables()
		if !said {
			k.stuck(err)
		}
		return k.error(func(n int) string { return brokenTitle(n, c.before != nil) })
	}

	var rest []error
	for _, cause := range split(err) {
		if !strings.Contains(cause.Error(), "failed to shutdown") {
			rest = append(rest, cause)
		}
	}
	// Nothing but a shutdown that went wrong: no setting is to blame.
	if len(rest) == 0 {
		return &Error{Title: k.scrubber().text(oneLine(err.Error()))}
	}
	for _, cause := range rest {
		k.locate(cause)
	}
	return k.error(func(int) string {
		if c.reloading(err) {
			return "the collector could not start with the reloaded configuration and " + goesOn
		}
		return "the collector could not start"
	})
}

// split returns the parts of a combined error. The first is the reason, the others come from cleaning up.
func split(err error) []error {
	if e, ok := err.(interface{ Unwrap() []error }); ok {
		return e.Unwrap()
	}
	return []error{err}
}

// unresolved reports the references that no provider serves, and tells whether there are any. As the expansion
// did not get far, it also looks for the variables that are not set.
func (k *check) unresolved(schemes map[string]bool) bool {
	hints := map[string]string{}
	k.tree().walk(nil, func(_ []string, leaf *origin) {
		for _, inner := range referenced(leaf.written) {
			scheme, rest, hasScheme := strings.Cut(inner, ":")
			if !hasScheme {
				scheme, rest = "env", inner
			}
			if scheme == "env" && variableName.MatchString(rest) {
				if _, set := os.LookupEnv(rest); !set {
					k.missing[rest] = true
				}
			}
			if schemes[scheme] {
				continue
			}
			hints[inner] = "write ${env:NAME}, ${file:PATH} or ${yaml:TEXT}"
			if strings.HasPrefix(rest, "-") && variableName.MatchString(scheme) {
				hints[inner] = "a default is written ${env:" + scheme + ":-value}"
			}
		}
	})
	for _, ref := range slices.Sorted(maps.Keys(hints)) {
		k.eachReference(func(inner string) bool { return inner == ref }, "this reference means nothing", hints[ref])
	}
	return len(hints) > 0
}

// stuck reports an expansion that failed for another reason, at the reference that it names if it does.
func (k *check) stuck(err error) {
	text := unwrapped(err.Error())
	if m := badURI.FindStringSubmatch(text); m != nil {
		is := func(inner string) bool { return inner == m[1] || "env:"+inner == m[1] }
		if k.eachReference(is, "this reference cannot be followed", "") {
			return
		}
	}
	// The text may quote a reference with a default.
	k.problems = append(k.problems, Problem{Text: reference.ReplaceAllStringFunc(text, references)})
}

// unwrapped returns an error text without the steps that the Collector was at.
func unwrapped(text string) string {
	for {
		head := wrapping.FindString(text)
		if head == "" || head == text {
			return text
		}
		text = text[len(head):]
	}
}

// locate reports one error at the setting behind it.
func (k *check) locate(err error) {
	full := err.Error()
	text := unwrapped(full)

	if path := k.pathIn(full); path != nil {
		rest, _ := strings.CutPrefix(text, strings.Join(path, confmap.KeyDelimiter)+": ")
		k.report(k.blame(path, rest), rest, hintFor(rest, ""))
		return
	}
	var candidates [][]string
	candidates = append(candidates, k.named(full)...)
	switch {
	case len(candidates) > 0:
	case strings.Contains(full, "extensions"):
		candidates = k.enabled()
	default:
		candidates = append([][]string{{"service", "telemetry"}}, k.enabled()...)
	}
	if path, value, written := k.behind(candidates, text); path != nil {
		if written {
			k.report(path, text, hintFor(text, strings.Join(path, confmap.KeyDelimiter)))
			return
		}
		// The key is not written, so the line is that of what it belongs to.
		at, _ := k.tree().find(path)
		_, err := strconv.Atoi(value)
		shown := show(&origin{written: value, text: err != nil}, false) + ", the default"
		k.reportAt(at, path, shown, text, hintFor(text, strings.Join(path, confmap.KeyDelimiter)))
		return
	}
	if len(k.named(full)) > 0 || strings.Contains(full, "extensions") && len(candidates) == 1 {
		k.reportComponent(candidates[0], text)
		return
	}
	k.problems = append(k.problems, Problem{Text: oneLine(text), Hint: hintFor(text, "")})
}

// reportComponent reports an error at a component as a whole.
func (k *check) reportComponent(path []string, text string) {
	at, _ := k.tree().find(path)
	k.reportAt(at, path, "", text, hintFor(text, ""))
}

// pathIn returns the key path that an error text names, nil if it is not in the configuration.
func (k *check) pathIn(text string) []string {
	for _, found := range keyPath.FindAllString(text, -1) {
		path := strings.Split(strings.TrimRight(found, ".,;"), confmap.KeyDelimiter)
		if _, exact := k.tree().find(path); exact {
			return path
		}
	}
	return nil
}

// named returns the components that an error text names, the innermost first.
func (k *check) named(text string) [][]string {
	var paths [][]string
	add := func(kind, id string) {
		path := []string{kind + "s", k.writtenID(kind+"s", id)}
		if _, exact := k.tree().find(path); exact && !slices.ContainsFunc(paths, func(p []string) bool { return slices.Equal(p, path) }) {
			paths = append(paths, path)
		}
	}
	for _, m := range idThenKind.FindAllStringSubmatch(text, -1) {
		add(m[2], m[1])
	}
	for _, m := range kindThenID.FindAllStringSubmatch(text, -1) {
		add(m[1], m[2])
	}
	for _, m := range dependency.FindAllStringSubmatch(text, -1) {
		add("extension", m[2])
	}
	return paths
}

// enabled returns the components that a start begins with, in that order: the extensions.
func (k *check) enabled() [][]string {
	var paths [][]string
	for _, id := range k.config.Service.Extensions {
		paths = append(paths, []string{"extensions", k.writtenID("extensions", id.String())})
	}
	return paths
}

// writtenID returns the key of a component as it is written, which may have spaces that its name has not.
func (k *check) writtenID(section, id string) string {
	at, _ := k.tree().find([]string{section})
	for key := range at.fields {
		var have component.ID
		if have.UnmarshalText([]byte(key)) == nil && have.String() == id {
			return key
		}
	}
	return id
}
