// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// troubles collects what a reader tells.
type troubles []string

func (t *troubles) tell(kind Trouble, _ string, err error) {
	*t = append(*t, fmt.Sprintf("%s: %v", kind, err))
}

// of counts those of a kind.
func (t *troubles) of(kind Trouble) (n int) {
	for _, told := range *t {
		if strings.HasPrefix(told, string(kind)+":") {
			n++
		}
	}
	return n
}

// open opens a reader that is closed when the test ends.
func open(t testing.TB, o Options) *Reader {
	t.Helper()
	r, err := Open(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// drain reads until there is nothing more for now, and returns the messages.
func drain(t testing.TB, r *Reader) (messages []string) {
	t.Helper()
	each(t, r, func(e *Entry) {
		message, _ := e.Get("MESSAGE")
		messages = append(messages, message)
	})
	return messages
}

func each(t testing.TB, r *Reader, use func(*Entry)) {
	t.Helper()
	for {
		e, err := r.Next()
		require.NoError(t, err)
		if e == nil {
			return
		}
		use(e)
	}
}

// export writes an entry as journalctl does, in the Journal Export Format
// (https://systemd.io/JOURNAL_EXPORT_FORMATS/).
func export(out *bytes.Buffer, e *Entry) {
	c := &e.Cursor
	fmt.Fprintf(out, "__CURSOR=%s\n__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=%s\n", c, c.Realtime, c.Monotonic, c.BootID)
	for _, f := range e.Fields {
		if f.Name == "_BOOT_ID" {
			continue
		}
		if printable(f.Value) {
			fmt.Fprintf(out, "%s=%s\n", f.Name, f.Value)
			continue
		}
		length := binary.LittleEndian.AppendUint64(nil, uint64(len(f.Value)))
		fmt.Fprintf(out, "%s\n%s%s\n", f.Name, length, f.Value)
	}
	out.WriteByte('\n')
}

func printable(value string) bool {
	return utf8.ValidString(value) && !strings.ContainsFunc(value, func(r rune) bool {
		return r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0
	})
}

// gunzip reads a compressed file.
func gunzip(t testing.TB, path string) []byte {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	reader, err := gzip.NewReader(file)
	require.NoError(t, err)
	content, err := io.ReadAll(reader)
	require.NoError(t, err)
	return content
}
