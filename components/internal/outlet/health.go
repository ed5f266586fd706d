// SPDX-License-Identifier: Apache-2.0

package outlet

import (
	"cmp"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
)

// healthInterval is how often it is looked whether what could not be read can be.
const healthInterval = time.Second

// Health is the status of a receiver. What is read may be wrong, where it is sent, and
// the dead-letter file, and it is well when nothing is. It may be used by several
// goroutines.
type Health struct {
	mu   sync.Mutex
	host component.Host
	// sending is what the last attempt came back with, silence that none comes back.
	sending, silence, keeping, reading error
	// looked is when it was last found out whether everything can be read.
	looked time.Time
}

// Start says who is to be told. Nobody is before that.
func (h *Health) Start(host component.Host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.host = host
}

// send is told when the pipeline begins to fail, and, with nil, when it has ended to.
func (h *Health) send(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sending = err
	h.tell()
}

// silent is told when nothing is answered any more, and, with nil, when something is.
func (h *Health) silent(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.silence = err
	h.tell()
}

// keep is told whether what was refused for good could be kept.
func (h *Health) keep(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil && h.keeping == nil {
		return
	}
	h.keeping = err
	h.tell()
}

// Read is told what cannot be read. Only the first of it is in the status.
func (h *Health) Read(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.reading == nil {
		h.reading = err
		h.tell()
	}
}

// Pass finds out whether everything can be read again, and returns when it wants to know
// again; 0 is never.
func (h *Health) Pass(now time.Time, unreadable func() bool) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.reading == nil {
		return 0
	}
	if wait := healthInterval - now.Sub(h.looked); wait > 0 {
		return wait
	}
	h.looked = now
	if unreadable() {
		return healthInterval
	}
	h.reading = nil
	h.tell()
	return 0
}

// tell reports the status. Where several things are wrong, it is that nothing can be
// sent before all others, and that the dead-letter file cannot be written before the rest.
func (h *Health) tell() {
	if h.host == nil {
		return
	}
	err := cmp.Or(h.sending, h.silence, h.keeping, h.reading)
	if err == nil {
		componentstatus.ReportStatus(h.host, componentstatus.NewEvent(componentstatus.StatusOK))
		return
	}
	// Exporters name the URL that they sent to, and whoever reaches the readiness port reads the status.
	if text := err.Error(); userinfo.MatchString(text) {
		err = errors.New(userinfo.ReplaceAllString(text, "${1}[REDACTED]@"))
	}
	componentstatus.ReportStatus(h.host, componentstatus.NewRecoverableErrorEvent(err))
}
