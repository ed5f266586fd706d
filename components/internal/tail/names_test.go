// SPDX-License-Identifier: Apache-2.0

package tail

import "testing"

// moving is a file system in which something happens after each reading of a folder's names,
// before anybody can look at what they lead to, and before a name is opened.
type moving struct {
	FS
	next   []func()
	opened map[string]func()
}

func (m *moving) ReadDir(path string) ([]Entry, error) {
	entries, err := m.FS.ReadDir(path)
	if len(entries) > 0 && parsesAsLog(entries) && len(m.next) > 0 {
		m.next[0]()
		m.next = m.next[1:]
	}
	return entries, err
}

func (m *moving) Open(root string, parts ...string) (Handle, error) {
	name := parts[len(parts)-1]
	if happens := m.opened[name]; happens != nil {
		delete(m.opened, name)
		happens()
	}
	return m.FS.Open(root, parts...)
}

func parsesAsLog(entries []Entry) bool {
	_, is := parseLogName(entries[0].Name)
	return is
}

func TestWhatIsPutAsideWhileTheNamesAreReadComesBeforeWhatFollows(t *testing.T) {
	const aside = "0.log.20261120-100000"
	rotated := func(n *node) func() {
		return func() {
			n.rename(web, "0.log", aside)
			n.write(web, "0.log", "two")
		}
	}
	compressed := func(t *testing.T, n *node) func() { return func() { compress(t, n.path(web, aside)) } }
	for what, system := range map[string]func(t *testing.T, n *node) *moving{
		"once": func(_ *testing.T, n *node) *moving { return &moving{next: []func(){rotated(n)}} },
		"and is compressed at the next reading": func(t *testing.T, n *node) *moving {
			return &moving{next: []func(){rotated(n), compressed(t, n)}}
		},
		"and is compressed when it is opened": func(t *testing.T, n *node) *moving {
			return &moving{next: []func(){rotated(n)}, opened: map[string]func(){aside: compressed(t, n)}}
		},
	} {
		t.Run(what, func(t *testing.T) {
			atOnce(t, func(t *testing.T, n *node) {
				disk := system(t, n)
				disk.FS = OS
				n.options.FS = disk
				n.write(web, "0.log", "one")
				n.start()
				n.wants("one", "two")
			})
		})
	}
}
