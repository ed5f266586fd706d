// SPDX-License-Identifier: Apache-2.0

package delivery

// What a backend refuses is given up only on evidence that the backend is well and
// the record is not. A backend that is set up wrongly may refuse everything, and
// then nothing must be given up. So a record is given up when
//
//   - it was refused,
//   - after that, something else was sent and accepted, and
//   - in spite of that, it was refused sureAfter times, all alone.
//
// What the record was cut from was refused, too, but that may be a neighbour's
// fault. If nothing was accepted since the record was refused alone, but since the
// whole was, one record is given up for that: without this, the last record before a
// silence would be in flight until the next one.
//
// So a backend that begins to refuse everything at some moment costs one record at
// most. One that wavers, as several instances behind one address do while they get a
// wrong configuration, may cost more: one in two to the power of sureAfter, if it
// refuses half of what it gets, and maxPieces for each send that it accepts. They
// are in the dead letters then.
const (
	sureAfter = 4
	// creditPerAcceptance is how many refusals an acceptance is held against.
	creditPerAcceptance = sureAfter * maxPieces
)

// evidence is what a sender knows of its backend. Its time is a number that grows
// with each send and each refusal.
type evidence struct {
	now int64
	// accepted is when the accepted send that began last began.
	accepted int64
	// credit is for how many refusals the evidence is good until something else is
	// accepted, and spare whether a record may be given up on the weaker evidence.
	credit int
	spare  bool
	// news is closed, and made anew, when something is accepted and somebody listens.
	news      chan struct{}
	listening bool
}

func (e *evidence) tick() int64 {
	e.now++
	return e.now
}

// begin is called before a send, and says whether it may begin, and when it did.
func (s *Sender[P, D]) begin() (began int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.evidence.tick(), s.state != closed
}

// accepted notes that a send has succeeded.
func (s *Sender[P, D]) accepted(began int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := &s.evidence
	e.accepted = max(e.accepted, began)
	e.credit, e.spare = creditPerAcceptance, true
	if e.listening {
		close(e.news)
		e.news = make(chan struct{})
		e.listening = false
	}
}

// refused returns the time of a refusal.
func (s *Sender[P, D]) refused() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.evidence.tick()
}

// proves reports whether there is evidence against something that has just been
// refused: something else was accepted since it was refused first.
func (s *Sender[P, D]) proves(firstRefused int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := &s.evidence
	if e.credit == 0 || e.accepted <= firstRefused {
		return false
	}
	e.credit--
	return true
}

// mayGiveUp reports whether a record may be given up that is proven, and suspect
// since a time.
func (s *Sender[P, D]) mayGiveUp(suspectSince int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := &s.evidence
	if e.accepted > suspectSince {
		return true
	}
	spare := e.spare
	e.spare = false
	return spare
}

// nextNews returns a channel that is closed with the next acceptance, or nil if one
// has come already that began after a time.
func (s *Sender[P, D]) nextNews(then int64) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.evidence.accepted > then {
		return nil
	}
	s.evidence.listening = true
	return s.evidence.news
}
