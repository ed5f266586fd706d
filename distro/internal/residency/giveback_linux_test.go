// SPDX-License-Identifier: Apache-2.0

package residency

import (
	"os"
	"strings"
	"testing"
	"time"
	"unsafe"

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

// touchAll makes all code and constants resident.
func touchAll(t *testing.T) {
	t.Helper()
	for _, m := range mappings(t) {
		if disposable(m) {
			_, _, err := unix.Syscall(unix.SYS_MADVISE, uintptr(m.start), uintptr(m.end-m.start), unix.MADV_POPULATE_READ)
			if err == unix.EINVAL {
				t.Skip("the kernel is older than 5.14")
			}
			require.Zero(t, err)
		}
	}
}

// unused is a constant that nothing uses, of 8 MiB. Around the code that runs, and up to
// 2 MiB from it, the kernel may map more than what is touched.
const (
	unused64K = unused4K + unused4K + unused4K + unused4K + unused4K + unused4K + unused4K + unused4K +
		unused4K + unused4K + unused4K + unused4K + unused4K + unused4K + unused4K + unused4K
	unused4K = unused256 + unused256 + unused256 + unused256 + unused256 + unused256 + unused256 + unused256 +
		unused256 + unused256 + unused256 + unused256 + unused256 + unused256 + unused256 + unused256
	unused256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" +
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" +
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" +
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	unused1M = unused64K + unused64K + unused64K + unused64K + unused64K + unused64K + unused64K + unused64K +
		unused64K + unused64K + unused64K + unused64K + unused64K + unused64K + unused64K + unused64K
)

var unused = unused1M + unused1M + unused1M + unused1M + unused1M + unused1M + unused1M + unused1M

// residentPages is how many pages of the middle of unused are resident, of how many.
func residentPages(t *testing.T) (resident, all int) {
	t.Helper()
	const far = 2 << 20
	page := uintptr(os.Getpagesize())
	begin := uintptr(unsafe.Pointer(unsafe.StringData(unused)))
	first, last := (begin+far)/page, (begin+uintptr(len(unused))-far)/page
	all = int(last - first)
	entries := make([]byte, 8*all)
	pagemap, err := os.Open("/proc/self/pagemap")
	require.NoError(t, err)
	defer pagemap.Close()
	_, err = pagemap.ReadAt(entries, int64(8*first))
	require.NoError(t, err)
	for i := range all {
		resident += int(entries[8*i+7] >> 7)
	}
	return resident, all
}

func requireResident(t *testing.T) {
	t.Helper()
	resident, all := residentPages(t)
	require.Equal(t, all, resident)
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
	touchAll(t)
	requireResident(t)
	require.NoError(t, GiveBack())
	resident, _ := residentPages(t)
	assert.Zero(t, resident)
	for at := 0; at < len(unused); at += 16 {
		require.Equal(t, "0123456789abcdef", unused[at:at+16])
	}
	requireResident(t)
}

func TestKeepGivesBackFromTheStartOnUntilItIsStopped(t *testing.T) {
	given := func() bool {
		resident, _ := residentPages(t)
		return resident == 0
	}
	touchAll(t)
	stop := Keep()
	require.Eventually(t, given, time.Minute, time.Millisecond)
	touchAll(t)
	require.Eventually(t, given, time.Minute, time.Millisecond, "again and again")
	stop()
}
