// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// The thread of Go's runtime that looks after the others wakes up for nothing; the kernel may let it, and all others, sleep on for
// 4 ms.
func TestThreadsMayBeWokenLate(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: the kernel says the timer slack of another process to nobody else")
	}
	mine, err := os.ReadFile("/proc/self/timerslack_ns")
	require.NoError(t, err)
	if strings.TrimSpace(string(mine)) != "50000" {
		t.Skip("needs the timer slack that the kernel gives: whoever started the tests has set another one, which the collector keeps")
	}
	backend := testkit.StartBackend(t)
	p := kubernetes(t, "otlp").Set("TRIBUTARY_OTLP_URL=" + backend.HTTPURL()).Start(t)
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", p.Pid()))
	require.NoError(t, err)
	require.Greater(t, len(threads), 2)
	for _, thread := range threads {
		slack, err := os.ReadFile(filepath.Join("/proc", filepath.Base(thread), "timerslack_ns"))
		if os.IsNotExist(err) {
			continue // It has ended since.
		}
		require.NoError(t, err)
		assert.Equal(t, "4000000", strings.TrimSpace(string(slack)), "thread %s", filepath.Base(thread))
	}
	p.Stop(t)
}
