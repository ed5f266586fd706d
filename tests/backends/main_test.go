// SPDX-License-Identifier: Apache-2.0

package backends

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tributary-otel/tributary/tests/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shipped is a path below deploy.
func shipped(path ...string) string {
	return filepath.Join(append([]string{testkit.Root(), "deploy"}, path...)...)
}

// server is a path below the folder of the servers.
func server(path ...string) string {
	return shipped(append([]string{"kubernetes", "backends"}, path...)...)
}

func read(t testing.TB, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(raw)
}
