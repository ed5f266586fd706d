// SPDX-License-Identifier: Apache-2.0

package fastcompressionextension

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEveryDecoderReadsWhatIsSent(t *testing.T) {
	noise := make([]byte, 300_000)
	_, _ = rand.Read(noise)
	for _, tt := range []struct {
		name string
		body []byte
	}{
		{"the smallest body that is compressed", bytes.Repeat([]byte("a"), minBytes)},
		{"logs", otlpBody(t, 400_000, 1)},
		{"logs over many windows", otlpBody(t, 4<<20, 2)},
		{"what cannot be compressed", noise},
		{"zeros only", make([]byte, 1<<20)},
	} {
		for coding, readers := range decoders {
			t.Run(tt.name+" in "+coding, func(t *testing.T) {
				s := serve(t, nil)
				post(t, client(t, coding, viaMiddleware), s.URL, bytes.NewReader(tt.body))
				got := s.received()[0]
				assert.Equal(t, coding, got.encoding)
				assert.EqualValues(t, len(got.wire), got.length, "Content-Length")
				for name, open := range readers {
					r, err := open(bytes.NewReader(got.wire))
					require.NoError(t, err, name)
					out, err := io.ReadAll(r)
					require.NoError(t, err, name)
					assert.True(t, bytes.Equal(tt.body, out), name)
				}
			})
		}
	}
}

// The aim: within 5 % of what zstd's fastest level makes of it with a large window.
func TestTheBytesOnTheWireAreFew(t *testing.T) {
	reference, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest))
	require.NoError(t, err)
	defer reference.Close()
	for _, size := range []int{400_000, 4 << 20} {
		body := otlpBody(t, size, 3)
		s := serve(t, nil)
		post(t, client(t, "zstd", viaMiddleware), s.URL, bytes.NewReader(body))
		want := len(reference.EncodeAll(body, nil))
		t.Logf("%d bytes: %d, with a large window %d", len(body), s.received()[0].length, want)
		assert.LessOrEqual(t, float64(s.received()[0].length), 1.05*float64(want))
	}
}

func TestWhatIsLeftAlone(t *testing.T) {
	long := strings.Repeat("a line\n", 1000)
	for _, tt := range []struct {
		name     string
		coding   string
		body     io.Reader
		header   string
		trailer  http.Header
		encoding string
		length   int64
	}{
		{name: "a request without a body", coding: "zstd", body: nil},
		{name: "http.NoBody", coding: "zstd", body: http.NoBody},
		{name: "a short body", coding: "zstd", body: strings.NewReader(long[:minBytes-1]), length: minBytes - 1},
		{name: "a body that has an encoding", coding: "zstd", body: strings.NewReader(long), header: "snappy", encoding: "snappy", length: int64(len(long))},
		{name: "a body with trailers", coding: "gzip", body: strings.NewReader(long), trailer: http.Header{"Sum": {"1"}}, length: int64(len(long))},
		{name: "everything, with `none`", coding: "none", body: strings.NewReader(long), length: int64(len(long))},
		{name: "an empty body of unknown length", coding: "zstd", body: onlyReader{strings.NewReader("")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, nil)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, tt.body)
			require.NoError(t, err)
			req.Trailer = tt.trailer
			if tt.header != "" {
				req.Header.Set("Content-Encoding", tt.header)
			}
			response, err := client(t, tt.coding, viaMiddleware).Do(req)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			got := s.received()[0]
			assert.Equal(t, tt.encoding, got.encoding)
			assert.Equal(t, tt.length, got.length)
			if tt.length > 0 {
				assert.Equal(t, long[:tt.length], string(got.wire))
			}
		})
	}
}

func TestABodyOfUnknownLengthIsCompressed(t *testing.T) {
	s := serve(t, nil)
	post(t, client(t, "zstd", viaMiddleware), s.URL, onlyReader{strings.NewReader("short")})
	got := s.received()[0]
	assert.Equal(t, "zstd", got.encoding)
	assert.EqualValues(t, len(got.wire), got.length)
	assert.Equal(t, "short", string(decode(t, "zstd", got.wire)))
}

// closing notes when it is closed, and may fail before.
type closing struct {
	io.Reader
	closed int
}

func (c *closing) Close() error { c.closed++; return nil }

func TestTheRequestOfTheCallerStaysAsItIs(t *testing.T) {
	s := serve(t, nil)
	body := &closing{Reader: strings.NewReader(strings.Repeat("x", 5000))}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, body)
	require.NoError(t, err)
	req.ContentLength = 5000
	req.Header.Set("Content-Length", "5000")
	header := req.Header.Clone()
	under := http.DefaultTransport.(*http.Transport).Clone()
	defer under.CloseIdleConnections()
	response, err := (&transport{next: under, encoders: newEncoders("gzip")}).RoundTrip(req)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, header, req.Header)
	assert.EqualValues(t, 5000, req.ContentLength)
	assert.Same(t, body, req.Body)
	assert.Nil(t, req.GetBody)
	assert.Equal(t, 1, body.closed)
	assert.Len(t, decode(t, "gzip", s.received()[0].wire), 5000)
}

func TestAnErrorOfTheBodyComesBack(t *testing.T) {
	broken := errors.New("the disk is gone")
	s := serve(t, nil)
	for coding := range decoders {
		e := newEncoders(coding)
		tr := &transport{next: http.DefaultTransport, encoders: e}
		body := &closing{Reader: io.MultiReader(strings.NewReader(strings.Repeat("x", 500_000)), failing{broken})}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, body)
		require.NoError(t, err)
		_, err = tr.RoundTrip(req) //nolint:bodyclose // There is no response.
		require.ErrorIs(t, err, broken)
		require.EqualError(t, err, "compress the body of a request with "+coding+": the disk is gone")
		assert.Equal(t, 1, body.closed)
		assert.Empty(t, s.received(), "nothing was sent")
		assert.True(t, e.turns.TryAcquire(allTurns), "the encoder is free again")
		e.turns.Release(allTurns)

		// The encoder is none the worse for it.
		out, length, err := e.compress(t.Context(), strings.NewReader("good"))
		require.NoError(t, err)
		assert.EqualValues(t, 4, length)
		assert.Equal(t, "good", string(decode(t, coding, out.Bytes())))
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestARequestThatIsCancelledWaitsForNoEncoder(t *testing.T) {
	e := newEncoders("zstd")
	require.NoError(t, e.turns.Acquire(t.Context(), allTurns))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	body := &closing{Reader: strings.NewReader("x")}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost", body)
	require.NoError(t, err)
	_, err = (&transport{next: http.DefaultTransport, encoders: e}).RoundTrip(req) //nolint:bodyclose // There is no response.
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "wait for an encoder")
	assert.Equal(t, 1, body.closed)
}

// More requests than encoders, each with a body of its own, on shared encoders and
// buffers: no byte of one gets into another one.
func TestManyRequestsAtOnceDoNotMix(t *testing.T) {
	for coding := range decoders {
		t.Run(coding, func(t *testing.T) {
			s := serve(t, nil)
			c := client(t, coding, viaMiddleware)
			want := map[string]bool{}
			var wg sync.WaitGroup
			for g := range 16 {
				var bodies [][]byte
				for n := range 8 {
					body := append(fmt.Appendf(nil, "%d/%d ", g, n), otlpBody(t, 2000+g*3000, uint64(g*100+n))...)
					want[string(body)] = true
					bodies = append(bodies, body)
				}
				wg.Go(func() {
					for _, body := range bodies {
						post(t, c, s.URL, bytes.NewReader(body))
					}
				})
			}
			wg.Wait()
			for _, got := range s.received() {
				body := string(decode(t, coding, got.wire))
				assert.True(t, want[body], "a body that nobody sent, or twice")
				delete(want, body)
			}
			assert.Empty(t, want)
		})
	}
}
