// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
)

// The status is what is wrong now. Each row goes on from the one before.
func TestTheStatusIsWhatIsWrong(t *testing.T) {
	var told []string
	h := &health{host: host{report: func(e *componentstatus.Event) {
		if e.Err() != nil {
			told = append(told, e.Err().Error())
			return
		}
		told = append(told, e.Status().String())
	}}}
	now, unreadable := time.Now(), false
	passes := func(later time.Duration, want time.Duration) {
		now = now.Add(later)
		assert.Equal(t, want, h.pass(now, func() bool { return unreadable }))
	}
	for _, step := range []struct {
		what string
		do   func()
		told []string
	}{
		{"nothing is wrong", func() { passes(0, 0) }, nil},
		{"a file cannot be read", func() { h.read(errors.New("file")) }, []string{"file"}},
		{"nor can another one", func() { h.read(errors.New("another")) }, nil},
		{"they still cannot", func() { unreadable = true; passes(0, time.Second) }, nil},
		{"nor can it be sent", func() { h.send(errors.New("backend")) }, []string{"backend"}},
		{"it is not looked at all the time", func() { unreadable = false; passes(300*time.Millisecond, 700*time.Millisecond) }, nil},
		{"all is read again", func() { passes(700*time.Millisecond, 0) }, []string{"backend"}},
		{"and sent", func() { h.send(nil) }, []string{"StatusOK"}},
		{"the folder is gone", func() { h.read(errors.New("folder")) }, []string{"folder"}},
		{"sending fails and succeeds", func() { h.send(errors.New("backend")); h.send(nil) }, []string{"backend", "folder"}},
		{"it is still gone", func() { unreadable = true; passes(time.Hour, time.Second) }, nil},
		{"it is there", func() { unreadable = false; passes(time.Second, 0) }, []string{"StatusOK"}},
	} {
		told = nil
		step.do()
		assert.Equal(t, step.told, told, step.what)
	}
}

func TestTheStatusRecoversWhenTheFolderComes(t *testing.T) {
	n := newNode(t)
	n.config.Path += "/later"
	n.start()
	require.Eventually(t, func() bool { return len(n.statuses()) == 1 }, patience, 5*time.Millisecond)
	n.mu.Lock()
	require.ErrorContains(t, n.status[0].Err(), n.config.Path)
	require.ErrorContains(t, n.status[0].Err(), "it has to be mounted")
	n.mu.Unlock()
	require.NoError(t, os.Mkdir(n.config.Path, 0o700))
	want := []componentstatus.Status{componentstatus.StatusRecoverableError, componentstatus.StatusOK}
	require.Eventually(t, func() bool { return assert.ObjectsAreEqual(want, n.statuses()) }, patience, 5*time.Millisecond)
}
