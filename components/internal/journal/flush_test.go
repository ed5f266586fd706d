// SPDX-License-Identifier: Apache-2.0

//go:build linux

package journal

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// flushScript starts a journald that keeps its journal in memory, in a place of its own,
// and runs the test in it.
const flushScript = `set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
mkdir -p /run/systemd/journal /run/log/journal
printf '[Journal]\nStorage=auto\nReadKMsg=no\nAudit=no\nRateLimitIntervalSec=0\n' >/run/journald.conf
mount --bind /run/journald.conf /etc/systemd/journald.conf
/lib/systemd/systemd-journald &
export JOURNALD=$!
status=0
"$0" -test.run '^TestTheJournalIsCopiedToTheDisk$' -test.v || status=$?
kill $JOURNALD
exit $status`

// journald keeps the journal in memory until the disk is there, and copies it then.
func TestTheJournalIsCopiedToTheDisk(t *testing.T) {
	if process := os.Getenv("JOURNALD"); process != "" {
		followTheCopying(t, process)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can start a journald with the default folders in a mount namespace")
	}
	for _, need := range []string{"/lib/systemd/systemd-journald", "/usr/bin/unshare", "/usr/bin/logger", "/etc/systemd/journald.conf"} {
		if _, err := os.Stat(need); err != nil {
			t.Skipf("it needs systemd and util-linux: %v", err)
		}
	}
	if err := exec.Command("unshare", "-m", "true").Run(); err != nil {
		t.Skipf("a mount namespace cannot be made here: %v", err)
	}
	self, err := os.Executable()
	require.NoError(t, err)
	out, err := exec.Command("unshare", "-m", "/bin/sh", "-c", flushScript, self).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func followTheCopying(t *testing.T, process string) {
	require.Eventually(t, func() bool {
		_, err := os.Stat("/run/systemd/journal/socket")
		return err == nil
	}, time.Minute, 10*time.Millisecond)
	say := func(from, to int) {
		var entries strings.Builder
		for n := from; n < to; n++ {
			entries.WriteString("MESSAGE=" + strconv.Itoa(n) + "\nMARK=flush\n\n")
		}
		for entry := range strings.SplitSeq(strings.TrimSpace(entries.String()), "\n\n") {
			command := exec.Command("logger", "--journald")
			command.Stdin = strings.NewReader(entry + "\n")
			require.NoError(t, command.Run())
		}
	}
	var told troubles
	r := open(t, Options{Filter: Has("MARK", "flush"), Trouble: told.tell})
	var got []string
	follow := func(count int) {
		deadline := time.Now().Add(time.Minute)
		for len(got) < count && time.Now().Before(deadline) {
			e, err := r.Next()
			require.NoError(t, err)
			if e == nil {
				require.NoError(t, r.Wait(t.Context()))
				continue
			}
			message, _ := e.Get("MESSAGE")
			got = append(got, message)
		}
	}
	say(0, 20)
	follow(10) // Some are read before, some are not.
	require.NoError(t, os.MkdirAll("/var/log/journal", 0o755))
	require.NoError(t, exec.Command("/bin/kill", "-USR1", process).Run())
	say(20, 40)
	follow(40)
	assert.Equal(t, texts(upTo(0, 39)...), got)
	assert.GreaterOrEqual(t, r.Stats().Duplicates, int64(20), "the copies were seen: %v", told)
	assert.Zero(t, r.Stats().Lost)
	marks := r.Marks()
	require.NoError(t, r.Close())
	again := open(t, Options{Filter: Has("MARK", "flush"), Trouble: told.tell})
	again.SeekMarks(marks)
	say(40, 41)
	got, r = nil, again
	follow(1)
	assert.Equal(t, texts(40), got)
}
