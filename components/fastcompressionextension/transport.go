// SPDX-License-Identifier: Apache-2.0

package fastcompressionextension

import (
	"io"
	"net/http"
)

// minBytes is the smallest body that is compressed, in bytes. A smaller one is sent in
// one packet as it is.
const minBytes = 1024

// transport compresses the body of each request before it hands it on.
type transport struct {
	next     http.RoundTripper
	encoders *encoders
}

// RoundTrip sends a copy of the request with a compressed body. Errors of the body
// reader come back as they are, wrapped; nothing was sent then. It leaves alone what has
// no body, what has an encoding already, what is short, and what announces trailers,
// which need a body of unknown length.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body == nil || req.Body == http.NoBody || len(req.Trailer) > 0 ||
		req.Header.Get("Content-Encoding") != "" || (req.ContentLength > 0 && req.ContentLength < minBytes) {
		return t.next.RoundTrip(req)
	}
	compressed, length, err := t.encoders.compress(req.Context(), req.Body)
	_ = req.Body.Close() // A round tripper closes it always. All that was in it is read.
	if err != nil {
		return nil, err
	}

	// For the time of this call the payload is held, so that the transport can send it a
	// second time on another connection.
	held := newPayload(compressed, t.encoders)
	defer held.letGo()
	out := req.Clone(req.Context())
	out.TransferEncoding = nil
	out.Header.Del("Content-Length")
	if length == 0 {
		out.Body, out.GetBody, out.ContentLength = http.NoBody, func() (io.ReadCloser, error) { return http.NoBody, nil }, 0
		return t.next.RoundTrip(out)
	}
	out.Header.Set("Content-Encoding", t.encoders.coding)
	out.ContentLength = int64(compressed.Len())
	out.GetBody = held.open
	if out.Body, err = held.open(); err != nil {
		return nil, err
	}
	return t.next.RoundTrip(out)
}
