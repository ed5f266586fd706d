// SPDX-License-Identifier: Apache-2.0

package fastcompressionextension

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A server closes a connection that was idle, in the moment in which the client uses
// it again. net/http asks for the body once more and takes another connection.
func TestARequestIsSentAgainOnAnotherConnection(t *testing.T) {
	bodies := [][]byte{otlpBody(t, 400_000, 1), otlpBody(t, 400_000, 2)}
	var resets atomic.Int32
	var got []byte
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Reset") != "" && resets.Add(1) == 1 {
			// Nothing is answered. All is read before, so that the client finds the
			// connection broken when it reads, and never when it writes.
			_, _ = io.Copy(io.Discard, r.Body)
			conn, _, err := http.NewResponseController(w).Hijack()
			if assert.NoError(t, err) {
				_ = conn.Close()
			}
			return
		}
		var err error
		got, err = io.ReadAll(r.Body)
		assert.NoError(t, err)
	}))
	defer s.Close()
	c := client(t, "zstd", viaMiddleware)
	post(t, c, s.URL, bytes.NewReader(bodies[0]))
	require.True(t, bytes.Equal(bodies[0], decode(t, "zstd", got)))

	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, bytes.NewReader(bodies[1]))
	require.NoError(t, err)
	req.Header.Set("X-Reset", "1")
	req.Header.Set("Idempotency-Key", "1") // Otherwise net/http sends no POST twice.
	response, err := c.Do(req)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.EqualValues(t, 2, resets.Load())
	assert.True(t, bytes.Equal(bodies[1], decode(t, "zstd", got)))
}

func TestARedirectionIsFollowedWithTheBody(t *testing.T) {
	body := otlpBody(t, 400_000, 1)
	end := serve(t, nil)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, end.URL, http.StatusTemporaryRedirect)
	})
	post(t, client(t, "gzip", viaMiddleware), s.URL, bytes.NewReader(body))
	got := end.received()[0]
	assert.Equal(t, "gzip", got.encoding)
	assert.True(t, bytes.Equal(body, decode(t, "gzip", got.wire)))
}

// late is a transport that answers before it has read the body, as net/http may.
type late struct{ kept io.ReadCloser }

func (l *late) RoundTrip(req *http.Request) (*http.Response, error) {
	l.kept = req.Body
	return &http.Response{StatusCode: http.StatusTooEarly, Body: http.NoBody, Request: req}, nil
}

func TestABufferIsNotUsedAgainBeforeTheBodyIsClosed(t *testing.T) {
	e := newEncoders("zstd")
	var given []*bytes.Buffer
	e.buffers.New = func() any { given = append(given, new(bytes.Buffer)); return given[len(given)-1] }
	first, second := &late{}, &late{}
	want := otlpBody(t, 100_000, 1)
	send := func(next http.RoundTripper, body []byte) *http.Request {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost", bytes.NewReader(body))
		require.NoError(t, err)
		response, err := (&transport{next: next, encoders: e}).RoundTrip(req)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.Request
	}
	sent := send(first, want)
	send(second, otlpBody(t, 100_000, 2))
	require.Len(t, given, 2, "the first buffer is still being read")

	got, err := io.ReadAll(first.kept)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(want, decode(t, "zstd", got)))

	again, err := sent.GetBody()
	require.NoError(t, err, "one reader is open")
	require.NoError(t, first.kept.Close())
	require.NoError(t, first.kept.Close(), "closed twice counts once")
	assert.NotZero(t, given[0].Len(), "the other reader is open")
	require.NoError(t, again.Close())
	assert.Zero(t, given[0].Len(), "the buffer went back")

	_, err = first.kept.Read(make([]byte, 1))
	require.ErrorIs(t, err, errClosed)
	_, err = sent.GetBody()
	require.ErrorIs(t, err, errOver)
	require.NoError(t, second.kept.Close())
}

// net/http goes on reading a body, or closes it from another goroutine, when the server
// has answered early. Requests at the same time are not disturbed.
func TestAServerThatAnswersEarlyDisturbsNobody(t *testing.T) {
	noise := make([]byte, 1<<20) // Too much for the buffers of a connection.
	_, _ = rand.Read(noise)
	for _, protocol := range []int{1, 2} {
		t.Run(fmt.Sprint("HTTP/", protocol), func(t *testing.T) {
			var mu sync.Mutex
			got := map[string]int{}
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, protocol, r.ProtoMajor)
				if r.Header.Get("X-Early") != "" {
					w.WriteHeader(http.StatusRequestEntityTooLarge)
					return
				}
				wire, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				got[string(decode(t, "zstd", wire))]++
			}))
			s.EnableHTTP2 = protocol == 2
			s.Config.ErrorLog = log.New(io.Discard, "", 0) // Handshakes that were not needed.
			s.StartTLS()
			defer s.Close()
			under := s.Client()
			defer under.CloseIdleConnections()
			c := &http.Client{Transport: &transport{next: under.Transport, encoders: newEncoders("zstd")}}
			var wg sync.WaitGroup
			want := map[string]int{}
			for n := range 20 {
				body := otlpBody(t, 20_000, uint64(n))
				want[string(body)]++
				wg.Go(func() {
					req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, bytes.NewReader(noise))
					if err != nil {
						t.Error(err)
						return
					}
					req.Header.Set("X-Early", "1")
					if response, err := c.Do(req); err == nil { // The connection may end first.
						_ = response.Body.Close()
					}
					post(t, c, s.URL, bytes.NewReader(body))
				})
			}
			wg.Wait()
			assert.Len(t, got, len(want))
			for body := range got {
				assert.Equal(t, 1, want[body], "a body that nobody sent")
			}
		})
	}
}

func TestALargeBufferIsNotKept(t *testing.T) {
	e := newEncoders("zstd")
	large := bytes.NewBuffer(make([]byte, 1, maxPooledBytes+1))
	e.release(large)
	assert.NotSame(t, large, e.buffers.Get())
}
