// SPDX-License-Identifier: Apache-2.0

package residency

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// mappings are those of this process.
func mappings(t *testing.T) []mapping {
	t.Helper()
	raw, err := os.ReadFile("/proc/self/smaps")
	require.NoError(t, err)
	list, err := parseMappings(strings.NewReader(string(raw)))
	require.NoError(t, err)
	return list
}

// touchAll makes all code and constants resident, and returns how much that is.
func touchAll(t *testing.T) (bytes uint64) {
	t.Helper()
	for _, m := range mappings(t) {
		if disposable(m) {
			_, _, err := unix.Syscall(unix.SYS_MADVISE, uintptr(m.start), uintptr(m.end-m.start), unix.MADV_POPULATE_READ)
			if err == unix.EINVAL {
				t.Skip("the kernel is older than 5.14")
			}
			require.Zero(t, err)
			bytes += m.end - m.start
		}
	}
	return bytes
}

// residentFile is how much of files is resident, in bytes.
func residentFile(t *testing.T) uint64 {
	t.Helper()
	raw, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(raw), "RssFile:")
	require.True(t, found)
	var kib uint64
	for _, c := range strings.TrimSpace(rest) {
		if c < '0' || c > '9' {
			break
		}
		kib = kib*10 + uint64(c-'0')
	}
	return kib << 10
}

func TestCodeAndConstantsAreDisposable(t *testing.T) {
	count := 0
	for _, m := range mappings(t) {
		if !disposable(m) {
			continue
		}
		count++
		changed := m
		changed.writable = true
		assert.False(t, disposable(changed), "not what the process writes to")
		changed = m
		changed.anonymous = 4
		assert.False(t, disposable(changed), "not where somebody has set a breakpoint")
		changed = m
		changed.private = false
		assert.False(t, disposable(changed), "not what is shared")
	}
	assert.Equal(t, 2, count)
}

func TestWhatWasTouchedIsGivenBackAndComesAgain(t *testing.T) {
	all := touchAll(t)
	require.Greater(t, residentFile(t), all*9/10)
	require.NoError(t, GiveBack())
	after := residentFile(t)
	assert.Less(t, after, all*3/4)
	touchAll(t)
	assert.Greater(t, residentFile(t), all*9/10)
}

func TestKeepGivesBackFromTheStartOnUntilItIsStopped(t *testing.T) {
	all := touchAll(t)
	stop := Keep()
	require.Eventually(t, func() bool { return residentFile(t) < all*3/4 }, time.Minute, time.Millisecond)
	touchAll(t)
	require.Eventually(t, func() bool { return residentFile(t) < all*3/4 }, time.Minute, time.Millisecond, "again and again")
	stop()
}
