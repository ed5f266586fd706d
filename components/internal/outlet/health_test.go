// SPDX-License-Identifier: Apache-2.0

package outlet

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// The status is what is wrong now. Each row goes on from the one before.
func TestTheStatusIsWhatIsWrong(t *testing.T) {
	var h Health
	listener := &host{}
	h.Start(listener)
	now, unreadable := time.Now(), false
	passes := func(later time.Duration, want time.Duration) {
		now = now.Add(later)
		assert.Equal(t, want, h.Pass(now, func() bool { return unreadable }))
	}
	for _, step := range []struct {
		what string
		do   func()
		told []string
	}{
		{"nothing is wrong", func() { passes(0, 0) }, nil},
		{"a file cannot be read", func() { h.Read(errors.New("file")) }, []string{"StatusRecoverableError: file"}},
		{"nor can another one", func() { h.Read(errors.New("another")) }, nil},
		{"they still cannot", func() { unreadable = true; passes(0, time.Second) }, nil},
		{"nor can it be sent", func() { h.send(errors.New("backend")) }, []string{"StatusRecoverableError: backend"}},
		{"it is not looked at all the time", func() { unreadable = false; passes(300*time.Millisecond, 700*time.Millisecond) }, nil},
		{"all is read again", func() { passes(700*time.Millisecond, 0) }, []string{"StatusRecoverableError: backend"}},
		{"and sent", func() { h.send(nil) }, []string{"StatusOK"}},
		{"what is refused can be kept", func() { h.keep(nil) }, nil},
		{"the disk is full", func() { h.keep(errors.New("disk")) }, []string{"StatusRecoverableError: disk"}},
		{"others are sent", func() { h.send(errors.New("backend")); h.send(nil) }, []string{"StatusRecoverableError: backend", "StatusRecoverableError: disk"}},
		{"there is room again", func() { h.keep(nil) }, []string{"StatusOK"}},
		{"the folder is gone", func() { h.Read(errors.New("folder")) }, []string{"StatusRecoverableError: folder"}},
		{"sending fails and succeeds", func() { h.send(errors.New("backend")); h.send(nil) }, []string{"StatusRecoverableError: backend", "StatusRecoverableError: folder"}},
		{"it is still gone", func() { unreadable = true; passes(time.Hour, time.Second) }, nil},
		{"it is there", func() { unreadable = false; passes(time.Second, 0) }, []string{"StatusOK"}},
	} {
		listener.events = nil
		step.do()
		assert.Equal(t, step.told, listener.told(), step.what)
	}
}
