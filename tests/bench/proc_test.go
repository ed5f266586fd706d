// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

const status = "Name:\ttributary\nVmPeak:\t 2000000 kB\nVmHWM:\t  125000 kB\nVmRSS:\t   62500 kB\nRssAnon:\t   31250 kB\nRssFile:\t   31250 kB\nThreads:\t9\n"

func TestMemoryIsReadInMegabytes(t *testing.T) {
	m, err := parseMemory(status)
	require.NoError(t, err)
	assert.Equal(t, memory{RSS: 64, Anonymous: 32, HighWater: 128}, m)
}

func TestAStatusWithoutMemoryIsAnError(t *testing.T) {
	for name, text := range map[string]string{
		"a process that has ended": "Name:\ttributary\nState:\tZ (zombie)\n",
		"another unit":             "VmHWM:\t1 kB\nRssAnon:\t1 kB\nVmRSS:\t5 MB\n",
		"no number":                "VmHWM:\t1 kB\nRssAnon:\t1 kB\nVmRSS:\tmany kB\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseMemory(text)
			assert.ErrorContains(t, err, "read memory: ")
		})
	}
}

func TestAProcessIsWatched(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has /proc")
	}
	before, err := cpuTime(os.Getpid())
	require.NoError(t, err)
	s, err := watch(os.Getpid())
	require.NoError(t, err)
	// Work until the clock has moved on, however slow the machine is.
	var used time.Duration
	testkit.Eventually(t, testkit.StartTimeout, "40 ms of CPU time", func() bool {
		for n := range 1_000_000 {
			used = time.Duration(n)
		}
		used, err = cpuTime(os.Getpid())
		return err != nil || used-before >= 40*time.Millisecond
	})
	require.NoError(t, err)
	u, err := s.Stop()
	require.NoError(t, err)
	after, err := cpuTime(os.Getpid())
	require.NoError(t, err)
	assert.Positive(t, u.CPU)
	assert.Less(t, u.CPU, after-before, "what was used before is left out")
	assert.InDelta(t, u.CPU.Seconds()/u.Wall.Seconds()*100, u.Percent(), 1e-6)
	assert.Greater(t, u.OpenFiles, 3)
	assert.GreaterOrEqual(t, u.PeakRSS, u.MeanRSS)
	assert.GreaterOrEqual(t, u.PeakAnonymous, u.MeanAnonymous)
	assert.Greater(t, u.MeanRSS, u.MeanAnonymous)
	assert.Greater(t, u.MeanAnonymous, 1.0)
}

func TestAProcessThatIsNotThereIsAnError(t *testing.T) {
	// Above the largest that Linux gives.
	const nobody = 1 << 23
	_, err := watch(nobody)
	require.Error(t, err)
	_, err = readMemory(nobody)
	require.Error(t, err)
	_, err = openFiles(nobody)
	require.Error(t, err)
}
