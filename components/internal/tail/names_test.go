// SPDX-License-Identifier: Apache-2.0

package tail

import "testing"

// moving is a file system in which something happens after each reading of a folder's names,
// before anybody can look at what they lead to.
type moving struct {
	FS
	next []func()
}

func (m *moving) ReadDir(path string) ([]Entry, error) {
	entries, err := m.FS.ReadDir(path)
	if len(entries) > 0 && parsesAsLog(entries) && len(m.next) > 0 {
		m.next[0]()
		m.next = m.next[1:]
	}
	return entries, err
}

func parsesAsLog(entries []Entry) bool {
	_, is := parseLogName(entries[0].Name)
	return is
}

func TestWhatIsPutAsideWhileTheNamesAreReadComesBeforeWhatFollows(t *testing.T) {
	rotate := func(n *node, to string, line string) func() {
		return func() {
			n.rename(web, "0.log", to)
			n.write(web, "0.log", line)
		}
	}
	for what, happens := range map[string]func(t *testing.T, n *node) []func(){
		"once": func(_ *testing.T, n *node) []func() {
			return []func(){rotate(n, "0.log.20261120-100000", "two")}
		},
		"and is compressed at the next reading": func(t *testing.T, n *node) []func() {
			return []func(){
				rotate(n, "0.log.20261120-100000", "two"),
				func() { compress(t, n.path(web, "0.log.20261120-100000")) },
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			atOnce(t, func(t *testing.T, n *node) {
				n.options.FS = &moving{FS: OS, next: happens(t, n)}
				n.write(web, "0.log", "one")
				n.start()
				n.wants("one", "two")
			})
		})
	}
}
