// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/gzip" // Registers the gzip decoder of the gRPC endpoint.
)

// snappyFrame begins a snappy stream in the framing format; anything else is a
// bare block.
var snappyFrame = []byte("\xff\x06\x00\x00sNaPpY")

// zstdDecoder serves all requests: DecodeAll may be called concurrently and
// leaves no goroutines behind.
var zstdDecoder = mustZstdDecoder()

func mustZstdDecoder() *zstd.Decoder {
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(1<<30))
	if err != nil {
		panic(fmt.Errorf("make zstd decoder: %w", err))
	}
	return decoder
}

// encodingName puts the name of a content coding into one form; no coding at
// all is the empty string.
func encodingName(header string) string {
	name := strings.ToLower(strings.TrimSpace(header))
	if name == "identity" {
		return ""
	}
	return name
}

// Decompress undoes a content coding: gzip, deflate, zstd, snappy, or none.
func Decompress(coding string, raw []byte) ([]byte, error) {
	switch coding {
	case "":
		return raw, nil
	case "gzip":
		return readCoded(coding, raw, func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) })
	case "deflate":
		return readCoded(coding, raw, newDeflateReader)
	case "zstd":
		body, err := zstdDecoder.DecodeAll(raw, nil)
		if err != nil {
			return nil, fmt.Errorf("decompress %s: %w", coding, err)
		}
		return body, nil
	case "snappy":
		return decompressSnappy(raw)
	default:
		return nil, fmt.Errorf("unsupported content encoding %q", coding)
	}
}

func readCoded(coding string, raw []byte, open func(io.Reader) (io.Reader, error)) ([]byte, error) {
	reader, err := open(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("decompress %s: %w", coding, err)
	}
	body, err := io.ReadAll(reader)
	if err != nil {
		return nil, fmt.Errorf("decompress %s: %w", coding, err)
	}
	return body, nil
}

// newDeflateReader takes both things that senders call deflate: the zlib format
// the standard means, and the bare stream.
func newDeflateReader(r io.Reader) (io.Reader, error) {
	source, ok := r.(*bytes.Reader)
	if !ok {
		return zlib.NewReader(r)
	}
	head := make([]byte, 2)
	n, _ := source.ReadAt(head, 0)
	// A zlib header is a multiple of 31 and names method 8.
	if n == 2 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(source)
	}
	return flate.NewReader(source), nil
}

// decompressSnappy takes both formats that collectors send under this name.
func decompressSnappy(raw []byte) ([]byte, error) {
	if bytes.HasPrefix(raw, snappyFrame) {
		return readCoded("snappy", raw, func(r io.Reader) (io.Reader, error) { return snappy.NewReader(r), nil })
	}
	body, err := snappy.Decode(nil, raw)
	if err != nil {
		return nil, fmt.Errorf("decompress snappy: %w", err)
	}
	return body, nil
}

func init() {
	// The collector's own gRPC helpers register zstd too when they are linked
	// into the same test; whoever comes first serves both.
	if encoding.GetCompressor("zstd") == nil {
		encoding.RegisterCompressor(zstdCodec{})
	}
}

// zstdCodec is zstd for gRPC.
type zstdCodec struct{}

// Name implements encoding.Compressor.
func (zstdCodec) Name() string { return "zstd" }

// Compress implements encoding.Compressor.
func (zstdCodec) Compress(w io.Writer) (io.WriteCloser, error) {
	return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
}

// Decompress implements encoding.Compressor.
func (zstdCodec) Decompress(r io.Reader) (io.Reader, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read zstd message: %w", err)
	}
	body, err := zstdDecoder.DecodeAll(raw, nil)
	if err != nil {
		return nil, fmt.Errorf("decompress zstd: %w", err)
	}
	return bytes.NewReader(body), nil
}
