// SPDX-License-Identifier: Apache-2.0

package pods

// Manual is a Provider that knows what it is told, in the form in which the API server sends
// objects. It is for tests of those who use a Provider; package podstest gives it real types.
type Manual struct{ *cache }

var _ Provider = (*Manual)(nil)

// NewManual makes a Provider that knows nothing yet.
func NewManual(rules Rules) *Manual { return &Manual{cache: newCache(&rules)} }

// Tracking returns how many pods somebody tracks.
func (m *Manual) Tracking() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.slots)
}

// Untaken returns how many changes there are that somebody has not taken yet.
func (m *Manual) Untaken() (n int) {
	m.listeners.mu.Lock()
	defer m.listeners.mu.Unlock()
	for c := range m.listeners.list {
		n += len(c.keys)
	}
	return n
}

// Put sets a pod.
func (m *Manual) Put(object []byte) error {
	p, _, _, err := parsePod(object, m.rules)
	if err != nil {
		return err
	}
	m.put(p)
	return nil
}

// Delete deletes the pod of this uid, which stays known as a deleted pod does.
func (m *Manual) Delete(key Key) { m.gone(key) }

// PutNamespace sets a namespace.
func (m *Manual) PutNamespace(object []byte) error {
	kept, _, err := parseMeta(object, FromNamespace, m.rules)
	if err != nil {
		return err
	}
	m.putNamespace(kept)
	return nil
}
