// SPDX-License-Identifier: Apache-2.0

package journaltest

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// Compression is how values are compressed. The numbers are those of the flag of
// an object.
type Compression byte

// The compressions, and none.
const (
	None Compression = 0
	XZ   Compression = 1
	LZ4  Compression = 2
	Zstd Compression = 4
)

// String names it as journald.conf(5) does.
func (c Compression) String() string {
	return map[Compression]string{None: "none", XZ: "xz", LZ4: "lz4", Zstd: "zstd"}[c]
}

// property is the incompatible flag of files in which it is used.
func (c Compression) property() uint32 {
	return map[Compression]uint32{None: 0, XZ: 1, LZ4: 2, Zstd: 8}[c]
}

// Compress returns data as the payload of an object: an .xz stream without
// checks, a block of LZ4 behind the length of the data, or a frame of Zstandard
// that says the length.
func (c Compression) Compress(data []byte) ([]byte, error) {
	switch c {
	case XZ:
		var out bytes.Buffer
		w, err := xz.WriterConfig{NoCheckSum: true}.NewWriter(&out)
		if err != nil {
			return nil, fmt.Errorf("compress by xz: %w", err)
		}
		if _, err := w.Write(data); err != nil {
			return nil, fmt.Errorf("compress by xz: %w", err)
		}
		if err := w.Close(); err != nil {
			return nil, fmt.Errorf("compress by xz: %w", err)
		}
		return out.Bytes(), nil
	case LZ4:
		out := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
		block := make([]byte, lz4.CompressBlockBound(len(data)))
		n, err := lz4.CompressBlock(data, block, nil)
		if err != nil {
			return nil, fmt.Errorf("compress by lz4: %w", err)
		}
		return append(out, block[:n]...), nil
	case Zstd:
		encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
		if err != nil {
			return nil, fmt.Errorf("compress by zstd: %w", err)
		}
		defer encoder.Close()
		return encoder.EncodeAll(data, nil), nil
	}
	return data, nil
}
