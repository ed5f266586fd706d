// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
)

// allRead is how long after the last trouble with reading there is none any more: what
// could not be read is tried again, and told again, each 5 s.
const allRead = 12 * time.Second

// health is the status of the receiver. Two things may be wrong, what is read and where
// it is sent, and it is well when neither is. It is used by several goroutines.
type health struct {
	host component.Host
	// allRead is the constant, but in tests.
	allRead time.Duration

	mu               sync.Mutex
	sending, reading error
	// unread is when something could not be read last.
	unread time.Time
}

// send is told when the pipeline begins to fail, and, with nil, when it has ended to.
func (h *health) send(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sending = err
	h.tell()
}

// read is told what cannot be read.
func (h *health) read(now time.Time, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unread = now
	if h.reading == nil {
		h.reading = err
		h.tell()
	}
}

// pass finds out whether everything can be read again, and returns when it wants to know
// again whether the folder of the pods is readable; 0 is never.
func (h *health) pass(now time.Time, readable bool) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.reading == nil {
		return 0
	}
	wait := h.allRead - now.Sub(h.unread)
	if wait > 0 {
		return wait
	}
	if !readable {
		return time.Second
	}
	h.reading = nil
	h.tell()
	return 0
}

// tell reports the status. Where both are wrong, it is that nothing can be sent.
func (h *health) tell() {
	if h.host == nil {
		return
	}
	err := h.sending
	if err == nil {
		err = h.reading
	}
	if err == nil {
		componentstatus.ReportStatus(h.host, componentstatus.NewEvent(componentstatus.StatusOK))
		return
	}
	componentstatus.ReportStatus(h.host, componentstatus.NewRecoverableErrorEvent(err))
}
