// SPDX-License-Identifier: Apache-2.0

package timerslack

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// asChild says that the test binary is to call Relax and to print the slack of its threads.
const asChild = "TIMERSLACK_OF_A_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(asChild) == "" {
		goleak.VerifyTestMain(m) // It ends the process.
	}
	if err := Relax(); err != nil {
		if errors.Is(err, syscall.ENOTSUP) {
			os.Exit(77)
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, name := range []string{"one", "other"} {
		said := make(chan string)
		go func() {
			// A thread for this goroutine alone: one of those that there were, or a new one.
			runtime.LockOSThread()
			slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
			said <- fmt.Sprint(name, " ", slack, " ", err)
			<-said
		}()
		fmt.Println(<-said)
	}
	// What the kernel says of the other threads it tells root only.
	tasks, _ := filepath.Glob("/proc/self/task/*")
	for _, task := range tasks {
		if raw, err := os.ReadFile("/proc/" + filepath.Base(task) + "/timerslack_ns"); err == nil {
			fmt.Println("thread", strings.TrimSpace(string(raw)), nil)
		}
	}
	os.Exit(0)
}

// slacks runs a process that calls Relax, with a slack that it has from the start, and returns that of its threads then.
func slacks(t *testing.T, before time.Duration) (all []time.Duration) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), asChild+"=1")
	// A child has that of the thread that starts it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	mine, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	require.NoError(t, err)
	require.NoError(t, unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(before), 0, 0, 0))
	out, err := child.Output()
	require.NoError(t, unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(mine), 0, 0, 0))
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 77 {
		t.Skip("needs a test binary without cgo")
	}
	require.NoError(t, err, "%s", out)
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		require.Len(t, fields, 3, line)
		require.Equal(t, "<nil>", fields[2], line)
		ns, err := strconv.ParseInt(fields[1], 10, 64)
		require.NoError(t, err, line)
		all = append(all, time.Duration(ns))
	}
	least := 2
	if os.Geteuid() == 0 {
		least = 5 // The runtime's own threads as well.
	}
	require.GreaterOrEqual(t, len(all), least, "%s", out)
	return all
}

func TestEveryThreadMayBeWokenLate(t *testing.T) {
	for _, slack := range slacks(t, usual) {
		assert.Equal(t, relaxed, slack)
	}
}

func TestWhatSomebodyHasSetIsLeftAlone(t *testing.T) {
	for _, slack := range slacks(t, 20*time.Microsecond) {
		assert.Equal(t, 20*time.Microsecond, slack)
	}
}
