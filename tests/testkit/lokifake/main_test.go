// SPDX-License-Identifier: Apache-2.0

package lokifake_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// patience bounds every wait for what must happen.
const patience = 10 * time.Second

// noon is the time by the clock of the servers.
var noon = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// start starts a server whose clock stands still at noon.
func start(t *testing.T, options lokifake.Options) *lokifake.Server {
	t.Helper()
	if options.Now == nil {
		options.Now = func() time.Time { return noon }
	}
	return lokifake.Start(t, options)
}

// stream is a stream of a push.
func stream(labels string, entries ...push.Entry) push.Stream {
	return push.Stream{Labels: labels, Entries: entries}
}

// at is an entry of a time relative to noon, with names and values of metadata by
// turns.
func at(age time.Duration, line string, metadata ...string) push.Entry {
	entry := push.Entry{Timestamp: noon.Add(age), Line: line}
	for i := 0; i < len(metadata); i += 2 {
		entry.StructuredMetadata = append(entry.StructuredMetadata, push.LabelAdapter{Name: metadata[i], Value: metadata[i+1]})
	}
	return entry
}

// now is an entry of noon.
func now(line string, metadata ...string) push.Entry {
	return at(0, line, metadata...)
}

// encode writes a push as senders do.
func encode(t testing.TB, streams ...push.Stream) []byte {
	t.Helper()
	raw, err := (&push.PushRequest{Streams: streams}).Marshal()
	require.NoError(t, err)
	return snappy.Encode(nil, raw)
}

// sender is a client for one test.
type sender struct {
	t      *testing.T
	client *http.Client
	url    string
	header http.Header
}

func newSender(t *testing.T, server *lokifake.Server) *sender {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &sender{
		t:      t,
		client: &http.Client{Transport: transport, Timeout: patience},
		url:    server.PushURL(),
		header: http.Header{"Content-Type": {"application/x-protobuf"}, "Content-Encoding": {"snappy"}},
	}
}

// with returns a sender with one more line in the header; an empty value takes
// one away.
func (s *sender) with(name, value string) *sender {
	changed := *s
	changed.header = s.header.Clone()
	changed.header.Set(name, value)
	if value == "" {
		changed.header.Del(name)
	}
	return &changed
}

// reply is what a sender is answered.
type reply struct {
	status int
	header http.Header
	text   string
}

// try sends a body and returns the answer.
func (s *sender) try(body []byte) (reply, error) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	request.Header = s.header
	response, err := s.client.Do(request)
	if err != nil {
		return reply{}, err
	}
	text, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, string(text)}, errors.Join(err, response.Body.Close())
}

// post sends a body and returns status and text of the answer.
func (s *sender) post(body []byte) (int, string) {
	s.t.Helper()
	answer, err := s.try(body)
	require.NoError(s.t, err)
	return answer.status, answer.text
}

// push sends streams and returns status and text of the answer.
func (s *sender) push(streams ...push.Stream) (int, string) {
	s.t.Helper()
	return s.post(encode(s.t, streams...))
}

// linesOf lists the lines of entries.
func linesOf(entries []lokifake.Entry) []string {
	lines := make([]string, 0, len(entries))
	for _, entry := range entries {
		lines = append(lines, entry.Line)
	}
	return lines
}

// manyLabels is a label string with n labels after service_name.
func manyLabels(n int) string {
	var text strings.Builder
	text.WriteString(`{service_name="s"`)
	for i := range n {
		fmt.Fprintf(&text, `, l%02d="v"`, i)
	}
	return text.String() + "}"
}

// manyPairs is n pairs of metadata.
func manyPairs(n int) []string {
	var pairs []string
	for i := range n {
		pairs = append(pairs, fmt.Sprintf("m%03d", i), "v")
	}
	return pairs
}

// failureOf runs a helper against a test of its own and returns the message that
// helper failed with, empty when it did not.
func failureOf(t *testing.T, helper func(t testing.TB)) string {
	t.Helper()
	inner := &innerTest{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		helper(inner)
	}()
	<-done
	return inner.message
}

// innerTest is a test whose failure does not fail the test around it.
type innerTest struct {
	testing.TB
	message string
}

func (i *innerTest) Fatalf(format string, args ...any) {
	i.message = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (i *innerTest) Fatal(args ...any) {
	i.message = fmt.Sprint(args...)
	runtime.Goexit()
}

// sizeOf is the size of a body after decompression.
func sizeOf(t *testing.T, body []byte) int {
	t.Helper()
	size, err := snappy.DecodedLen(body)
	require.NoError(t, err)
	return size
}
