// SPDX-License-Identifier: Apache-2.0

package zstdencoder

import (
	"bytes"
	"io"
	"os/exec"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// compress makes one frame with an encoder, which may have made others before.
func compress(t testing.TB, e *Encoder, body []byte) []byte {
	var out bytes.Buffer
	e.Reset(&out)
	n, err := e.ReadFrom(bytes.NewReader(body))
	require.NoError(t, err)
	require.Equal(t, int64(len(body)), n)
	require.NoError(t, e.Close())
	return out.Bytes()
}

// newDecoder allows no more than the window.
func newDecoder(t testing.TB) *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(WindowBytes))
	require.NoError(t, err)
	t.Cleanup(d.Close)
	return d
}

// reader is an encoder and both decoders. That of Zstandard itself reads all frames at once at the end, as one file.
type reader struct {
	encoder *Encoder
	decoder *zstd.Decoder
	wire    bytes.Buffer
	plain   bytes.Buffer
}

func newReader(t testing.TB) *reader {
	r := &reader{encoder: New(), decoder: newDecoder(t)}
	t.Cleanup(func() {
		program, err := exec.LookPath("zstd")
		if err != nil {
			t.Log("the Debian package zstd is not there: its decoder was not asked")
			return
		}
		command := exec.Command(program, "-dcq", "--memory=128KB")
		command.Stdin, command.Stderr = &r.wire, new(bytes.Buffer)
		got, err := command.Output()
		require.NoError(t, err, "%s", command.Stderr)
		same(t, r.plain.Bytes(), got)
	})
	return r
}

// check sends a body there and back, and returns how many bytes it was on the wire.
func (r *reader) check(t testing.TB, body []byte) int {
	frame := compress(t, r.encoder, body)
	got, err := r.decoder.DecodeAll(frame, nil)
	require.NoError(t, err)
	same(t, body, got)
	r.wire.Write(frame)
	r.plain.Write(body)
	return len(frame)
}

// same does not print them.
func same(t testing.TB, want, got []byte) {
	if !bytes.Equal(want, got) {
		at := 0
		for at < min(len(want), len(got)) && want[at] == got[at] {
			at++
		}
		require.Failf(t, "not what was compressed", "%d bytes instead of %d, from %d on", len(got), len(want), at)
	}
}

// onlyReader hides what else a reader can do.
type onlyReader struct{ io.Reader }
