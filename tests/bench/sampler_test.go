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

func TestAProcessIsWatched(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has /proc")
	}
	before, err := testkit.CPUTime(os.Getpid())
	require.NoError(t, err)
	s, err := watch(os.Getpid())
	require.NoError(t, err)
	// Work until the clock has moved on, however slow the machine is.
	var used time.Duration
	testkit.Eventually(t, testkit.StartTimeout, "40 ms of CPU time", func() bool {
		for n := range 1_000_000 {
			used = time.Duration(n)
		}
		used, err = testkit.CPUTime(os.Getpid())
		return err != nil || used-before >= 40*time.Millisecond
	})
	require.NoError(t, err)
	u, err := s.Stop()
	require.NoError(t, err)
	after, err := testkit.CPUTime(os.Getpid())
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

func TestAProcessThatIsNotThereIsNotWatched(t *testing.T) {
	// Above the largest that Linux gives.
	_, err := watch(1 << 23)
	require.Error(t, err)
}
