// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/tributary-otel/tributary/components/internal/journal"
)

// fieldName is what may be asked for: what journald gives to fields of its own, and
// takes from others.
var fieldName = regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`)

// filterMaker puts a filter together and gathers what is wrong.
type filterMaker struct {
	all  journal.And
	errs []error
}

// filter makes the filter, nil for one that wants all, and returns everything that is
// wrong with the settings.
func (s *Selection) filter() (journal.Filter, []error) {
	var m filterMaker
	units := append(m.each("units", s.Units, unitFilter), m.each("user_units", s.UserUnits, userUnitFilter)...)
	m.want(units)
	m.reject(m.each("exclude_units", s.ExcludeUnits, excludedUnit))
	m.want(m.each("identifiers", s.Identifiers, identifier))
	m.reject(m.each("exclude_identifiers", s.ExcludeIdentifiers, identifier))
	m.want(m.matches("matches", s.Matches))
	m.reject(m.matches("exclude_matches", s.ExcludeMatches))
	for _, field := range m.expressions("include", s.Include) {
		m.all = append(m.all, field)
	}
	m.reject(m.expressions("exclude", s.Exclude))
	m.add("priority", "a priority (`warning`, `4`) or a range (`err..info`)", s.Priority, priorityFilter)
	m.want(m.each("facilities", s.Facilities, facility))
	m.want(m.each("transports", s.Transports, func(name string) (journal.Filter, error) { return journal.Has("_TRANSPORT", name), nil }))
	if s.Grep != "" {
		m.add("grep", "a regular expression (RE2)", s.Grep, grep)
	}
	if s.Dmesg {
		m.all = append(m.all, journal.Has("_TRANSPORT", "kernel"))
	}
	if len(m.all) == 0 {
		return nil, m.errs
	}
	return m.all, m.errs
}

// want adds that one of these has to agree, if there are any.
func (m *filterMaker) want(some journal.Or) {
	if len(some) > 0 {
		m.all = append(m.all, some)
	}
}

func (m *filterMaker) reject(some journal.Or) {
	if len(some) > 0 {
		m.all = append(m.all, journal.Not{Filter: some})
	}
}

func (m *filterMaker) add(key, rule, value string, build func(string) (journal.Filter, error)) {
	f, err := build(value)
	switch {
	case err != nil:
		m.errs = append(m.errs, fmt.Errorf("`%s` must be %s, got %q: %w", key, rule, value, err))
	case f != nil:
		m.all = append(m.all, f)
	}
}

// each makes a filter of each element.
func (m *filterMaker) each(key string, values []string, build func(string) (journal.Filter, error)) (some journal.Or) {
	for i, value := range values {
		f, err := build(value)
		switch {
		case value == "":
			m.errs = append(m.errs, fmt.Errorf("`%s::%d` must not be empty", key, i))
		case err != nil:
			m.errs = append(m.errs, fmt.Errorf("`%s::%d` cannot be used, got %q: %w", key, i, value, err))
		default:
			some = append(some, f)
		}
	}
	return some
}

func (m *filterMaker) name(key, name string) {
	if !fieldName.MatchString(name) {
		m.errs = append(m.errs, fmt.Errorf("`%s` must have names of fields as keys (A-Z, 0-9, _), got %q", key, name))
	}
}

func (m *filterMaker) matches(key string, list []map[string]string) (some journal.Or) {
	for i, match := range list {
		all := journal.And{}
		for _, name := range slices.Sorted(maps.Keys(match)) {
			m.name(fmt.Sprintf("%s::%d", key, i), name)
			all = append(all, journal.Has(name, match[name]))
		}
		if len(all) == 0 {
			m.errs = append(m.errs, fmt.Errorf("`%s::%d` must name a field", key, i))
			continue
		}
		some = append(some, all)
	}
	return some
}

// expressions makes a filter of each field.
func (m *filterMaker) expressions(key string, fields map[string]OneOrMore) (each journal.Or) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		m.name(key, name)
		if len(fields[name]) == 0 {
			m.errs = append(m.errs, fmt.Errorf("`%s::%s` must have an expression", key, name))
		}
		var tests []*regexp.Regexp
		for _, expression := range fields[name] {
			re, err := regexp.Compile(expression)
			if err != nil {
				m.errs = append(m.errs, fmt.Errorf("`%s::%s` must be regular expressions (RE2), got %q: %w", key, name, expression, err))
				continue
			}
			tests = append(tests, re)
		}
		each = append(each, journal.Condition{Name: name, Test: func(value string) bool {
			return slices.ContainsFunc(tests, func(re *regexp.Regexp) bool { return re.MatchString(value) })
		}})
	}
	return each
}

func identifier(name string) (journal.Filter, error) {
	return journal.Has("SYSLOG_IDENTIFIER", name), nil
}

func facility(text string) (journal.Filter, error) {
	number, err := parseFacility(text)
	return journal.Has("SYSLOG_FACILITY", number), err
}

var capitals = regexp.MustCompile(`[[:upper:]]`)

// grep looks for an expression in the message. As in journalctl, capitals matter if
// there are any in the expression.
func grep(expression string) (journal.Filter, error) {
	sensitive := capitals.MatchString(expression)
	if _, err := regexp.Compile(expression); err != nil {
		return nil, err // With the expression as it was written.
	}
	if !sensitive {
		expression = "(?i)" + expression
	}
	re, err := regexp.Compile(expression)
	if err != nil {
		return nil, err
	}
	return journal.Condition{Name: "MESSAGE", Test: re.MatchString}, nil
}
