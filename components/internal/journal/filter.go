// SPDX-License-Identifier: Apache-2.0

package journal

// Filter says which entries are wanted. Nil wants all.
type Filter interface{ isFilter() }

// Condition wants the entries that have a field of a name whose value passes a test.
// Test may be called from the reader's goroutine only, and once for each stored value,
// not once for each entry: what it answers may depend on the value alone.
type Condition struct {
	Name string
	Test func(value string) bool
}

// And wants what all of its parts want, hence everything if it is empty; Or what any of
// them wants, hence nothing if it is empty; Not what its part does not want.
type (
	And []Filter
	Or  []Filter
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
