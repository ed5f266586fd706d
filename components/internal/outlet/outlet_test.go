// SPDX-License-Identifier: Apache-2.0

package outlet

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// host remembers what it was told.
type host struct{ events []*componentstatus.Event }

func (*host) GetExtensions() map[component.ID]component.Component { return nil }
func (h *host) Report(e *componentstatus.Event)                   { h.events = append(h.events, e) }

func (h *host) told() (list []string) {
	for _, e := range h.events {
		text := e.Status().String()
		if e.Err() != nil {
			text += ": " + e.Err().Error()
		}
		list = append(list, text)
	}
	return list
}

func newOutlet(t *testing.T, letters DeadLetterConfig, answer func() error) (*Outlet, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zapcore.InfoLevel)
	set := receivertest.NewNopSettings(component.MustNewType("some_logs"))
	set.Logger = zap.New(core)
	next, err := consumer.NewLogs(func(context.Context, plog.Logs) error { return answer() })
	require.NoError(t, err)
	o, err := New(Options{Settings: set, Next: next, Where: "the well", DeadLetter: letters})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, o.Close()) })
	return o, logs
}

func TestFailuresAreToldOnceAndTheirEnd(t *testing.T) {
	var answer error
	o, logs := newOutlet(t, DeadLetterConfig{Path: None}, func() error { return answer })
	h := &host{}
	o.Health.Start(h)
	send := func(err error) {
		answer = err
		assert.Equal(t, err, o.Send(t.Context(), logsOf("x")))
	}
	send(nil)
	send(errors.New("no route"))
	send(errors.New("still none"))
	send(nil)
	send(nil)
	assert.Equal(t, []string{"StatusRecoverableError: no route", "StatusOK"}, h.told())
	var messages []string
	for _, entry := range logs.All() {
		messages = append(messages, entry.Message)
	}
	assert.Equal(t, []string{
		"Log records are not accepted; they stay in the well and are sent again until they are", "Log records are accepted again",
	}, messages)
}

func TestLettersAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	o, logs := newOutlet(t, DeadLetterConfig{Path: path, MaxBytes: 1 << 20}, nil)
	resource := pcommon.NewResource()
	resource.Attributes().PutInt("n", 1)
	letter := NewLetter(errors.New(strings.Repeat("日", 400)), resource)
	assert.Equal(t, strings.Repeat("日", 341)+"…", letter.Reason, "cut between characters")
	letter.RefusedAt, letter.Reason = "now", "<no>"
	require.NoError(t, o.Keep([]any{letter}, errors.New("no")))
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, `{"refused_at":"now","reason":"<no>","resource":{"n":"1"}}`+"\n", string(raw))
	assert.Len(t, logs.FilterMessage("Log records were refused for good").All(), 1)
}

func TestLettersThatCannotBeWrittenAreNotGivenUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	require.NoError(t, os.Mkdir(path, 0o755))
	o, logs := newOutlet(t, DeadLetterConfig{Path: path, MaxBytes: 1 << 20}, nil)
	listener := &host{}
	o.Health.Start(listener)
	require.ErrorContains(t, o.Keep([]any{1}, errors.New("no")), "is a directory")
	require.Len(t, logs.All(), 1)
	assert.Equal(t, "Log records that were refused for good cannot be written to the dead-letter file; they stay in the well and it is tried again",
		logs.All()[0].Message)
	require.NoError(t, os.Remove(path))
	require.NoError(t, o.Keep([]any{1}, errors.New("no")))
	assert.FileExists(t, path)
	require.Len(t, listener.told(), 2)
	assert.Contains(t, listener.told()[0], "StatusRecoverableError: write dead letters: ")
	assert.Equal(t, "StatusOK", listener.told()[1])
}

func TestLettersAreOnlyCountedWithoutAFile(t *testing.T) {
	o, logs := newOutlet(t, DeadLetterConfig{Path: None}, nil)
	require.NoError(t, o.Keep([]any{1}, errors.New("no")))
	assert.Equal(t, 1, logs.Len())
}

func TestALetterHasNoPasswordOfAURL(t *testing.T) {
	letter := NewLetter(errors.New(`request to https://somebody:p@ss@host/v1/logs responded with 400, see http://host/@`), pcommon.NewResource())
	assert.Equal(t, `request to https://[REDACTED]@host/v1/logs responded with 400, see http://[REDACTED]@`, letter.Reason)
}

func TestWhatALetterSaysOfTimesAndBytes(t *testing.T) {
	assert.Empty(t, Stamp(0))
	assert.Equal(t, "1970-01-01T00:00:01.000000002Z", Stamp(1_000_000_002))
	assert.Nil(t, Base64("日"))
	assert.Equal(t, []byte("a\xff"), Base64("a\xff"))
}

func TestWhereThingsAreKept(t *testing.T) {
	id := component.MustNewIDWithName("pod_logs", "a/b")
	assert.Equal(t, "/folder/pod_logs_a_b.jsonl", Place("", "/folder", id, ".jsonl"))
	assert.Equal(t, "/mine", Place("/mine", "/folder", id, ".jsonl"))
	assert.Empty(t, Place("none", "/folder", id, ".jsonl"))
}
