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
	h := &health{allRead: allRead, host: host{report: func(e *componentstatus.Event) {
		if e.Err() != nil {
			told = append(told, e.Err().Error())
			return
		}
		told = append(told, e.Status().String())
	}}}
	begin := time.Now()
	after := begin.Add
	for _, step := range []struct {
		what string
		do   func()
		told []string
	}{
		{"nothing is wrong", func() { assert.Zero(t, h.pass(begin, true)) }, nil},
		{"a file cannot be read", func() { h.read(begin, errors.New("file")) }, []string{"file"}},
		{"nor can another one", func() { h.read(after(allRead/2), errors.New("another")) }, nil},
		{"it may be tried again yet", func() { assert.Equal(t, allRead/4, h.pass(after(allRead*5/4), true)) }, nil},
		{"nor can it be sent", func() { h.send(errors.New("backend")) }, []string{"backend"}},
		{"all is read again", func() { assert.Zero(t, h.pass(after(2*allRead), true)) }, []string{"backend"}},
		{"and sent", func() { h.send(nil) }, []string{"StatusOK"}},
		{"the folder is gone", func() { h.read(after(3*allRead), errors.New("folder")) }, []string{"folder"}},
		{"sending fails and succeeds", func() { h.send(errors.New("backend")); h.send(nil) }, []string{"backend", "folder"}},
		{"the folder is still gone", func() { assert.Equal(t, time.Second, h.pass(after(9*allRead), false)) }, nil},
		{"it is there", func() { assert.Zero(t, h.pass(after(9*allRead), true)) }, []string{"StatusOK"}},
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
	n.receiver.health.mu.Lock()
	n.receiver.health.allRead = time.Millisecond
	n.receiver.health.mu.Unlock()
	require.Eventually(t, func() bool { return len(n.statuses()) == 1 }, patience, 5*time.Millisecond)
	n.mu.Lock()
	require.ErrorContains(t, n.status[0].Err(), n.config.Path)
	require.ErrorContains(t, n.status[0].Err(), "it has to be mounted")
	n.mu.Unlock()
	require.NoError(t, os.Mkdir(n.config.Path, 0o700))
	want := []componentstatus.Status{componentstatus.StatusRecoverableError, componentstatus.StatusOK}
	require.Eventually(t, func() bool { return assert.ObjectsAreEqual(want, n.statuses()) }, patience, 5*time.Millisecond)
}
