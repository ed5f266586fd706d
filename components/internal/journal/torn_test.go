// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/components/internal/journal/journaltest"
)

// layouts are what a file can be like.
func layouts() (list []journaltest.Options) {
	for _, compression := range []journaltest.Compression{journaltest.None, journaltest.XZ, journaltest.LZ4, journaltest.Zstd} {
		for i := range 4 {
			list = append(list, journaltest.Options{Compression: compression, Compact: i&1 != 0, Keyed: i&2 != 0, HeaderSize: 208 + 16*i})
		}
	}
	return list
}

func describe(o journaltest.Options) string {
	return fmt.Sprintf("%s, compact %t, keyed %t, header %d", o.Compression, o.Compact, o.Keyed, o.HeaderSize)
}

// pieces cuts writes so that none is longer than eight bytes: longer ones reach
// the memory that a reader shares in any number of steps.
func pieces(writes []journaltest.Write) (list []journaltest.Write) {
	for _, w := range writes {
		for len(w.Data) > 8 {
			list = append(list, journaltest.Write{Offset: w.Offset, Data: w.Data[:8]})
			w.Offset, w.Data = w.Offset+8, w.Data[8:]
		}
		list = append(list, w)
	}
	return list
}

// Every beginning of what journald writes can be what a reader finds.
func TestEntriesThatAreBeingWrittenAreReadOnceAndWhole(t *testing.T) {
	for _, o := range layouts() {
		t.Run(describe(o), func(t *testing.T) {
			f := journaltest.Create(t, "", o)
			empty := len(f.Writes())
			var want []string
			for i := range 14 {
				message := strings.Repeat(fmt.Sprintf("message %d, ", i), 1+i%3*30)
				f.Append(journaltest.Entry{Fields: []journaltest.Field{{Name: "MESSAGE", Value: message}, {Name: "PRIORITY", Value: "6"}}})
				want = append(want, message)
			}
			f.SetState(journaltest.Archived)

			path := filepath.Join(t.TempDir(), "system.journal")
			file, err := os.Create(path)
			require.NoError(t, err)
			defer file.Close()
			for _, w := range f.Writes()[:empty] {
				require.NoError(t, w.Apply(file))
			}
			var told troubles
			following := open(t, Options{Files: []string{path}, Trouble: told.tell})
			var got []string
			for n, w := range pieces(f.Writes()[empty:]) {
				require.NoError(t, w.Apply(file))
				got = append(got, drain(t, following)...)
				require.Equal(t, want[:len(got)], append([]string{}, got...), "after write %d", n)
				if n%16 == 0 {
					late, err := Open(Options{Files: []string{path}, Trouble: told.tell})
					require.NoError(t, err)
					require.Equal(t, append([]string{}, got...), append([]string{}, drain(t, late)...), "opened after write %d", n)
					require.NoError(t, late.Close())
				}
			}
			assert.Equal(t, want, got)
			assert.Empty(t, told)
			assert.Zero(t, following.Stats().Damaged)
			assert.Zero(t, following.Stats().Lost)
		})
	}
}
