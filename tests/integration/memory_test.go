// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// The start touches nearly half of the binary, and the kernel keeps it mapped for ever.
func TestCodeThatOnlyTheStartNeedsDoesNotStayInMemory(t *testing.T) {
	if _, err := os.Stat("/proc/self/smaps"); err != nil {
		t.Skip("needs Linux:", err)
	}
	backend := testkit.StartBackend(t)
	p := kubernetes(t, "otlp").Set("TRIBUTARY_OTLP_URL=" + backend.HTTPURL()).Start(t)
	binary, err := os.Stat(testkit.Binary(t))
	require.NoError(t, err)
	testkit.Eventually(t, testkit.StartTimeout, "less than a third of the binary is resident", func() bool {
		return residentFiles(t, p.Pid()) < binary.Size()/3
	})
	p.Stop(t)
}

// residentFiles is how much of files is in the memory of a process, in bytes.
func residentFiles(t *testing.T, pid int) (bytes int64) {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(raw), "RssFile:")
	require.True(t, found)
	_, err = fmt.Sscan(rest, &bytes)
	require.NoError(t, err)
	return bytes << 10
}
