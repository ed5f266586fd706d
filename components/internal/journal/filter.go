// SPDX-License-Identifier: Apache-2.0

package journal

// Filter says which entries are wanted. Nil wants all.
type Filter interface{ isFilter() }

// Condition wants the entries that have a field of a name whose value passes a test.
// Test is called from the reader's goroutine only, and about once for each stored value,
// not once for each entry: what it answers may depend on the value alone. It must not
// keep the value. It sees the value up to Options.MaxFieldBytes.
type Condition struct {
	Name string
	Test func(value string) bool
}

type (
	// And wants what all of its parts want, hence everything if it is empty.
	And []Filter
	// Or wants what any of its parts wants, hence nothing if it is empty.
	Or []Filter
	// Not wants what its part does not want.
	Not struct{ Filter Filter }
)

func (Condition) isFilter() {}
func (And) isFilter()       {}
func (Or) isFilter()        {}
func (Not) isFilter()       {}

// Has is a condition that a field has exactly this value.
func Has(name, value string) Condition {
	return Condition{name, func(v string) bool { return v == value }}
}

// set is a set of conditions.
type set []uint64

func (b set) has(i int) bool { return i>>6 < len(b) && b[i>>6]&(1<<(i&63)) != 0 }

func (b set) add(i int) { b[i>>6] |= 1 << (i & 63) }

func (b set) join(other set) {
	for i, word := range other {
		b[i] |= word
	}
}

// matcher is a filter made ready: the conditions that a field passes are found out once
// and kept with the field, and an entry passes those that one of its fields does.
type matcher struct {
	root   Filter
	names  map[string][]int
	tests  []func(string) bool
	passed set
}

// newMatcher returns nil if everything is wanted.
func newMatcher(root Filter) *matcher {
	if root == nil {
		return nil
	}
	m := &matcher{names: make(map[string][]int)}
	m.root = m.number(root)
	m.passed = make(set, (len(m.tests)+63)/64)
	return m
}

// leaf is a condition by its number.
type leaf int

func (leaf) isFilter() {}

func (m *matcher) number(f Filter) Filter {
	switch f := f.(type) {
	case Condition:
		m.names[f.Name] = append(m.names[f.Name], len(m.tests))
		m.tests = append(m.tests, f.Test)
		return leaf(len(m.tests) - 1)
	case And:
		parts := make(And, len(f))
		for i := range f {
			parts[i] = m.number(f[i])
		}
		return parts
	case Or:
		parts := make(Or, len(f))
		for i := range f {
			parts[i] = m.number(f[i])
		}
		return parts
	case Not:
		return Not{m.number(f.Filter)}
	}
	return And{}
}

// test adds to a set what a field passes.
func (m *matcher) test(name, value string, passed set) {
	for _, i := range m.names[name] {
		if m.tests[i](value) {
			passed.add(i)
		}
	}
}

// wants reports whether an entry with these conditions passed is wanted.
func (m *matcher) wants(f Filter) bool {
	switch f := f.(type) {
	case leaf:
		return m.passed.has(int(f))
	case And:
		for _, part := range f {
			if !m.wants(part) {
				return false
			}
		}
		return true
	case Or:
		for _, part := range f {
			if m.wants(part) {
				return true
			}
		}
		return false
	case Not:
		return !m.wants(f.Filter)
	}
	return true
}
