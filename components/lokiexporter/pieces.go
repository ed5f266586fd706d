// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"net/http"
	"time"
)

// A request that fails may fail because of what is in it, and then it would stand
// in the way of everything behind it for ever. After each suspectAfter failures it
// is cut in two, so that what is at fault ends up alone, and others are tried
// before it. A single entry is given up when it failed giveUpAfter times, and
// Loki, sureAfter times, took something like it right before it refused the entry:
// otherwise it is Loki that is ill. For a stream that Loki never took anything of,
// something else of the tenant is enough after neverTaken: there would never be more.
const (
	suspectAfter = 3
	giveUpAfter  = 16
	sureAfter    = 2
	// rightBefore is shorter than the time in which a server goes down.
	rightBefore = time.Second
	neverTaken  = time.Hour
	// maxPieces bounds how many requests an outage makes of a batch.
	maxPieces = 64
	// freshFor is how long a request may hold several streams. After that, what
	// known.go says of them may be wrong.
	freshFor = 2 * time.Minute
)

// freshFor is how long a request may hold several streams: until an entry that was
// young enough to travel with others may be too far behind.
func (e *lokiExporter) freshFor() time.Duration {
	if behind := e.config.Limits.MaxBehind; behind > 0 {
		return min(freshFor, behind/8)
	}
	return freshFor
}

// history is what the sender remembers of a request.
type history struct {
	// made is when known.go was asked about its streams.
	made time.Time
	// rounds counts the failures, those of the requests it was cut from included.
	rounds int
	// failures counts its own that may be its own fault.
	failures int
	// lastFailed is when it, or the request it was cut from, was last sent and failed
	// so. blamed counts those failures right before which Loki took something like it.
	lastFailed time.Time
	blamed     int
	// firstFailed is when it, or the request it was cut from, first failed so.
	firstFailed time.Time
	// status is what that failure was answered with.
	status int
}

// piece returns the history of a part of the request.
func (h history) piece() history {
	h.failures = 0
	return h
}

// next returns the place of the request to send: the one that failed least often,
// but none before another that holds entries of the same stream, unless that one
// keeps failing. What keeps failing is tried again as soon as Loki takes something
// like it, to see the difference.
func (e *lokiExporter) next(pending []*request) int {
	best := 0
	if pending[best].rounds == 0 {
		return best
	}
	held := map[string]bool{}
	for i, r := range pending {
		hopeless := r.failures >= giveUpAfter && decisive(r.status)
		if hopeless && r.entries == 1 && e.takenBefore(r, time.Now()) {
			return i
		}
		free := true
		for _, s := range r.streams {
			free = free && !held[s]
			held[s] = held[s] || !hopeless
		}
		if free && r.rounds < pending[best].rounds {
			best = i
		}
	}
	return best
}

// failing reports whether one of the requests has failed.
func failing(pending []*request) bool {
	for _, r := range pending {
		if r.rounds > 0 {
			return true
		}
	}
	return false
}

// suspect notes a failure that may be the request's own fault.
func (e *lokiExporter) suspect(r *request, a *answer, sent time.Time) {
	r.status = a.status
	if !r.lastFailed.IsZero() && e.takenBefore(r, sent) {
		r.blamed++
	}
	r.failures++
	r.lastFailed = sent
	if r.firstFailed.IsZero() {
		r.firstFailed = sent
	}
}

// takenBefore reports whether Loki took something like the request right before it
// was sent, but after it had failed: of the same tenant or, when Loki seems to be in
// trouble, which may concern some streams and not others, of the same stream.
func (e *lokiExporter) takenBefore(r *request, sent time.Time) bool {
	var taken time.Time
	switch {
	case r.status < http.StatusInternalServerError:
		taken = e.known.lastOfTenant(r.tenant)
	case len(r.streams) == 1:
		taken = e.known.lastOfStream(r.tenant, r.streams[0])
		if taken.IsZero() && sent.Sub(r.firstFailed) > neverTaken {
			taken = e.known.lastOfTenant(r.tenant)
		}
	}
	return taken.After(r.lastFailed) && sent.Sub(taken) < rightBefore
}

// guilty reports whether it is certain that a single entry is at fault.
func guilty(r *request, a *answer) bool {
	return r.entries == 1 && r.failures >= giveUpAfter && r.blamed >= sureAfter && decisive(a.status)
}

// decisive reports whether an entry may be given up for a status. Others that are
// suspicious come from what stands before Loki, or say that it is overloaded.
func decisive(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusUnprocessableEntity || status == http.StatusInternalServerError
}

// divisible reports whether it is time to cut a suspicious request in two.
func (r *request) divisible(pending int) bool {
	return r.entries > 1 && r.failures >= suspectAfter && r.failures%suspectAfter == 0 && pending < maxPieces
}

// halves is split with the history.
func (r *request) halves() ([]*request, error) {
	halves, err := r.split()
	for _, h := range halves {
		h.history = r.piece()
	}
	return halves, err
}

// byStream returns a request for each stream of r.
func (r *request) byStream() ([]*request, error) {
	streams, err := r.decode()
	if err != nil {
		return nil, err
	}
	requests := make([]*request, len(streams))
	for i := range streams {
		requests[i] = encodeStreams(r.tenant, streams[i:i+1])
		requests[i].history = r.piece()
	}
	return requests, nil
}
