// SPDX-License-Identifier: Apache-2.0

package outlet

import (
	"errors"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var instant = regexp.MustCompile(`\d{4}-\d\d-\d\dT\S+Z`)

// An exporter that tries again within its call answers nothing and has no status: the receiver has one for it. Each row
// goes on from the one before.
func TestSilenceOfTheBackendIsAStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := make(chan error)
		o, logs := newOutlet(t, DeadLetterConfig{Path: None}, func() error { return <-answers })
		listener := &host{}
		o.Health.Start(listener)
		pass := func(d time.Duration) { <-time.After(d) }
		send := func() { go func() { _ = o.Send(t.Context(), logsOf("x")) }() }
		began := time.Now()
		// Times are those since the beginning.
		told := func() (list []string) {
			for _, text := range listener.told() {
				list = append(list, instant.ReplaceAllStringFunc(text, func(at string) string {
					parsed, err := time.Parse(time.RFC3339, at)
					require.NoError(t, err)
					return parsed.Sub(began).String()
				}))
			}
			return list
		}
		stalled := func(since, batches string) string {
			return "StatusRecoverableError: nothing is delivered since " + since + ", and batches wait for the backend (" + batches +
				"); the log of the exporter says why"
		}
		for _, step := range []struct {
			what string
			do   func()
			told []string
		}{
			{"nothing is on its way for an hour", func() { pass(time.Hour) }, nil},
			{"two batches are, not for long", func() { send(); send(); pass(stallAfter - time.Second) }, nil},
			{"one of them is answered, the other one waits", func() { answers <- nil; pass(stallAfter - time.Second) }, nil},
			{"for too long", func() { pass(2 * time.Second) }, []string{stalled("1h0m29s", "1")}},
			{"it is said once", func() { pass(time.Hour) }, nil},
			{"it is answered", func() { answers <- nil }, []string{"StatusOK"}},
			{"an answer that is an error ends it as well", func() {
				send()
				send()
				pass(2 * stallAfter)
				answers <- errors.New("401")
			}, []string{stalled("2h1m0s", "2"), "StatusOK", "StatusRecoverableError: 401"}},
			{"what fails is said before what is silent", func() { pass(2 * stallAfter) }, []string{"StatusRecoverableError: 401"}},
			{"all is answered", func() { answers <- nil }, []string{"StatusRecoverableError: 401", "StatusOK"}},
		} {
			listener.events = nil
			step.do()
			synctest.Wait()
			assert.Equal(t, step.told, told(), step.what)
		}
		assert.Len(t, logs.FilterMessage("Nothing is delivered; log records stay in the well until the backend answers").All(), 3)
		assert.Len(t, logs.FilterMessage("The backend answers again").All(), 3)

		listener.events = nil
		send()
		synctest.Wait()
		require.NoError(t, o.Close())
		pass(2 * stallAfter)
		answers <- nil
		synctest.Wait()
		assert.Empty(t, listener.told(), "nothing is said after the end")
	})
}

func TestTheStatusHasNoPasswordOfAURL(t *testing.T) {
	var h Health
	listener := &host{}
	h.Start(listener)
	h.send(errors.New("request to https://somebody:p@ss@host/v1/logs responded with 401"))
	assert.Equal(t, []string{"StatusRecoverableError: request to https://[REDACTED]@host/v1/logs responded with 401"}, listener.told())
}
