// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const statusOfAProcess = "Name:\ttributary\nVmPeak:\t 2000000 kB\nVmHWM:\t  125000 kB\nVmRSS:\t   62500 kB\nRssAnon:\t   31250 kB\nRssFile:\t   31250 kB\nThreads:\t9\n"

func TestMemoryIsReadInMegabytes(t *testing.T) {
	m, err := parseMemory(statusOfAProcess)
	require.NoError(t, err)
	assert.Equal(t, Memory{RSS: 64, Anonymous: 32, HighWater: 128}, m)
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

func TestAProcessThatIsNotThereIsAnError(t *testing.T) {
	// Above the largest that Linux gives.
	const nobody = 1 << 23
	_, err := ReadMemory(nobody)
	require.Error(t, err)
	_, err = OpenFiles(nobody)
	require.Error(t, err)
	_, err = CPUTime(nobody)
	require.Error(t, err)
}

func TestAMachineSaysWhatItIs(t *testing.T) {
	assert.Equal(t, "Some CPU @ 2 GHz", cpuModel("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n"))
	assert.Equal(t, "?", cpuModel("processor\t: 0\n"))
	assert.Equal(t, "0.53 0.42 0.20", loads("0.53 0.42 0.20 1/270 9"))
	assert.Equal(t, "?", loads("?"))
	assert.Contains(t, Machine(), " cores, ")
}
