// SPDX-License-Identifier: Apache-2.0

//go:build linux

package testkit

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestJournaldTakesWhatIsSentOnEachSocket(t *testing.T) {
	j := StartJournald(t)
	j.Send("MESSAGE=native", "SOME_FIELD=a", "SOME_FIELD=b", "EMPTY=")
	j.Syslog("<27>cron[12]: by syslog")
	j.Print("web", "web.service", "first line", "second line")
	j.Send("MESSAGE=two\nlines", "BINARY=\x00\xff\n")
	j.Sync()

	got := j.Export()
	for _, want := range []string{
		"MESSAGE=native\n", "SOME_FIELD=a\n", "SOME_FIELD=b\n", "EMPTY=\n",
		"MESSAGE=by syslog\n", "SYSLOG_IDENTIFIER=cron\n", "SYSLOG_PID=12\n", "PRIORITY=3\n",
		"MESSAGE=first line\n", "MESSAGE=second line\n", "SYSLOG_IDENTIFIER=web\n",
		"MESSAGE\n\x09\x00\x00\x00\x00\x00\x00\x00two\nlines\n", "BINARY\n\x03\x00\x00\x00\x00\x00\x00\x00\x00\xff\n\n",
	} {
		assert.Contains(t, got, want)
	}
}

func TestJournaldTakesTheUnitsOfServices(t *testing.T) {
	j := StartJournald(t)
	j.NeedUnits()
	// journald 252 does not find out what process it was now and then.
	Eventually(t, journaldWait, "journald to take the units", func() bool {
		j.Print("web", "web.service", "one", "two")
		j.Print("db", "db.service", "three")
		return j.Export("_SYSTEMD_UNIT=web.service") != "" && j.Export("_SYSTEMD_UNIT=db.service") != ""
	})
	assert.NotContains(t, j.Export("_SYSTEMD_UNIT=web.service"), "MESSAGE=three\n")
	assert.NotContains(t, j.Export("_SYSTEMD_UNIT=db.service"), "MESSAGE=one\n")
}

func TestJournaldTakesEntriesLargerThanADatagram(t *testing.T) {
	j := StartJournald(t)
	large := strings.Repeat("0123456789abcdef", 2<<20/16)
	j.Send("MESSAGE=large", "LARGE="+large)
	j.Sync()
	assert.Contains(t, j.Export("MESSAGE=large"), "LARGE="+large+"\n")
}

func TestJournaldSyncWaitsForEverything(t *testing.T) {
	j := StartJournald(t)
	const rounds, entries = 5, 200
	for round := range rounds {
		for i := range entries {
			j.Send("MESSAGE="+strconv.Itoa(i), "ROUND="+strconv.Itoa(round))
		}
		j.Sync()
		assert.Equal(t, entries, strings.Count(j.Export("ROUND="+strconv.Itoa(round)), "__CURSOR="))
	}
}

func TestJournaldRotatesAndVacuums(t *testing.T) {
	j := StartJournald(t)
	for i := range 4 {
		j.Send("MESSAGE=" + strconv.Itoa(i))
		j.Sync()
		j.Rotate()
	}
	archived := func() []string {
		names, err := filepath.Glob(filepath.Join(j.Dir(), "system@*.journal"))
		require.NoError(t, err)
		return names
	}
	assert.Len(t, archived(), 4)
	j.Vacuum(2)
	assert.LessOrEqual(t, len(archived()), 2)
	assert.Contains(t, j.Export(), "MESSAGE=3\n")
	assert.NotContains(t, j.Export(), "MESSAGE=0\n")
}

func TestJournaldPutsAFileAsideThatWasNotClosed(t *testing.T) {
	j := StartJournald(t)
	j.Send("MESSAGE=before")
	// A Sync would leave the file in good order.
	Eventually(t, journaldWait, "the entry", func() bool { return strings.Contains(j.Export(), "MESSAGE=before\n") })
	j.Process.Kill()
	j.Restart()
	j.Send("MESSAGE=after")
	j.Sync()
	torn, err := filepath.Glob(filepath.Join(j.Dir(), "*.journal~"))
	require.NoError(t, err)
	assert.Len(t, torn, 1)
	assert.Contains(t, j.Export(), "MESSAGE=before\n")
	assert.Contains(t, j.Export(), "MESSAGE=after\n")

	j.Stop()
	assert.True(t, j.Process.Exited())
}

func TestJournaldIsTunedByRoot(t *testing.T) {
	j := StartJournald(t, "SystemMaxFileSize=1M", "SystemMaxFiles=3", "RateLimitIntervalSec=0")
	settings := filepath.Join("/run/systemd", "journald@"+j.namespace+".conf.d")
	assert.DirExists(t, settings)
	for i := range 6000 {
		j.Send("MESSAGE="+strconv.Itoa(i), "FILLER="+strings.Repeat(strconv.Itoa(i), 60))
	}
	j.Sync()
	names, err := filepath.Glob(filepath.Join(j.Dir(), "system@*.journal"))
	require.NoError(t, err)
	assert.NotEmpty(t, names)
	assert.LessOrEqual(t, len(names), 3)
	t.Run("inner", func(t *testing.T) {
		settings = filepath.Join("/run/systemd", "journald@"+StartJournald(t, "SystemMaxFiles=3").namespace+".conf.d")
	})
	assert.NoDirExists(t, settings)
}
