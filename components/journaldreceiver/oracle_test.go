// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/components/internal/journal"
)

// unpackFixtures unpacks the journals that several versions of systemd have made, each
// to a folder of its own.
func unpackFixtures(t *testing.T) (folders map[string]string) {
	t.Helper()
	packed, err := filepath.Glob("../internal/journal/testdata/*/fixture.journal.gz")
	require.NoError(t, err)
	require.NotEmpty(t, packed)
	folders = make(map[string]string)
	for _, path := range packed {
		file, err := os.Open(path)
		require.NoError(t, err)
		from, err := gzip.NewReader(file)
		require.NoError(t, err)
		folder := t.TempDir()
		to, err := os.Create(filepath.Join(folder, "fixture.journal"))
		require.NoError(t, err)
		_, err = io.Copy(to, from)
		require.NoError(t, err)
		require.NoError(t, to.Close())
		require.NoError(t, file.Close())
		folders[filepath.Base(filepath.Dir(path))] = folder
	}
	return folders
}

// What OpenTelemetry's receiver makes its body of is what journalctl prints. With --all
// it prints long values, and what it prints as a list of numbers is bytes.
func TestTheBodyIsWhatJournalctlPrints(t *testing.T) {
	journalctl, err := exec.LookPath("journalctl")
	if err != nil {
		t.Skip("journalctl is not installed")
	}
	read := 0
	for name, folder := range unpackFixtures(t) {
		printed, err := exec.Command(journalctl, "--directory", folder, "--output=json", "--all", "--no-pager").Output()
		if err != nil {
			t.Logf("%s: this journalctl cannot read it: %v", name, err)
			continue
		}
		config := configOf(t, "{max_field_bytes: 16777216, invalid_utf8: bytes}")
		r, err := journal.Open(journal.Options{Directories: []string{folder}, Merge: true, MaxFieldBytes: config.MaxFieldBytes})
		require.NoError(t, err)
		m := newMapper(config)
		for line := range bytes.Lines(printed) {
			var want map[string]any
			require.NoError(t, json.Unmarshal(line, &want))
			e, err := r.Next()
			require.NoError(t, err)
			require.NotNil(t, e, name)
			body := m.bodyMap(&held{cursor: e.Cursor, fields: e.Fields, file: e.File})
			for _, key := range []string{"__SEQNUM", "__SEQNUM_ID"} { // Since systemd 254.
				if want[key] == nil {
					delete(body, key)
				}
			}
			assert.Equal(t, want["__REALTIME_TIMESTAMP"], strconv.FormatUint(e.Cursor.Realtime, 10))
			delete(want, "__REALTIME_TIMESTAMP")
			for key, value := range want {
				want[key] = asBytes(value)
			}
			for key, value := range body {
				body[key] = textsAsBytes(value)
			}
			require.Equal(t, want, body, name)
		}
		e, err := r.Next()
		require.NoError(t, err)
		assert.Nil(t, e, name)
		require.NoError(t, r.Close())
		read++
	}
	assert.NotZero(t, read)
}

// asBytes makes bytes of the texts that journalctl prints, and of its lists of numbers.
func asBytes(value any) any {
	switch value := value.(type) {
	case string:
		return []byte(value)
	case []any:
		if _, numbers := value[0].(float64); !numbers {
			list := make([]any, len(value))
			for i := range value {
				list[i] = asBytes(value[i])
			}
			return list
		}
		text := make([]byte, len(value))
		for i := range value {
			text[i] = byte(value[i].(float64))
		}
		return text
	}
	return value
}

// textsAsBytes makes bytes of texts: what journalctl takes for printable is not what is
// UTF-8.
func textsAsBytes(value any) any {
	switch value := value.(type) {
	case string:
		return []byte(value)
	case []any:
		for i := range value {
			value[i] = textsAsBytes(value[i])
		}
	}
	return value
}
