// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package testkit

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shell starts a script.
func shell(t testing.TB, script string, env ...string) *Process {
	t.Helper()
	return Start(t, Options{Path: "/bin/sh", Args: []string{"-c", script}, Env: env})
}

// endless is a script that runs until a signal ends it. It says so once it is
// ready, and waits without a child that would outlive it.
const endless = "mkfifo $TMPDIR/never; echo begun; read x < $TMPDIR/never"

func TestProcessKeepsItsStreamsApart(t *testing.T) {
	p := shell(t, "echo to out; echo to err >&2; exit 3")
	code, elapsed := p.Wait(t, time.Minute)
	assert.Equal(t, 3, code)
	assert.Positive(t, elapsed)
	assert.True(t, p.Exited())
	assert.Equal(t, "to out\n", p.Stdout())
	assert.Equal(t, "to err\n", p.Stderr())
}

func TestProcessInheritsNothing(t *testing.T) {
	t.Setenv("TESTKIT_DEVELOPER", "yes")
	p := shell(t, `env; ls -A "$HOME" "$TMPDIR"`, "ADDED=a=b")
	p.Wait(t, time.Minute)
	env := map[string]string{}
	for line := range strings.Lines(p.Stdout()) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			env[name] = value
		}
	}
	assert.NotContains(t, env, "TESTKIT_DEVELOPER")
	assert.Equal(t, "a=b", env["ADDED"])
	assert.Equal(t, os.Getenv("PATH"), env["PATH"])
	assert.NotEqual(t, os.Getenv("HOME"), env["HOME"])
	assert.DirExists(t, env["HOME"])
	assert.DirExists(t, env["TMPDIR"])
	assert.NotEqual(t, env["HOME"], env["TMPDIR"])
}

func TestProcessRunsInItsFolder(t *testing.T) {
	folder, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	p := Start(t, Options{Path: "/bin/sh", Args: []string{"-c", "pwd -P"}, Dir: folder})
	p.Wait(t, time.Minute)
	assert.Equal(t, folder+"\n", p.Stdout())
}

func TestSignalsReachTheProcess(t *testing.T) {
	const script = `trap 'echo int; exit 4' INT; trap 'echo term; exit 5' TERM; ` + endless
	for _, c := range []struct {
		name string
		send func(*Process)
		code int
		out  string
	}{
		{"interrupt", (*Process).Interrupt, 4, "begun\nint\n"},
		{"terminate", (*Process).Terminate, 5, "begun\nterm\n"},
		{"kill", (*Process).Kill, -1, "begun\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := shell(t, script)
			p.WaitOutput(t, "begun", time.Minute)
			assert.False(t, p.Exited())
			running := time.Since(p.started)
			sent := time.Now()
			c.send(p)
			code, elapsed := p.Wait(t, time.Minute)
			assert.Equal(t, c.code, code)
			assert.Equal(t, c.out, p.Stdout())
			assert.LessOrEqual(t, elapsed, time.Since(sent), "counted from the signal, not from the start %s earlier", running)
			c.send(p)
		})
	}
}

func TestWaitReadyLooksForTheMessageOfTheCollector(t *testing.T) {
	p := shell(t, "echo '"+ReadyMessage+"' >&2; "+endless)
	p.WaitReady(t, time.Minute)
	assert.False(t, p.Exited())
}

func TestWaitReadyLooksAtStderrOnly(t *testing.T) {
	message := failureOf(t, func(t testing.TB) {
		shell(t, "echo '"+ReadyMessage+"'").WaitReady(t, time.Minute)
	})
	assert.Contains(t, message, "ended with exit code 0 before it wrote")
}

func TestWaitOutputShowsTheTailOfBothStreams(t *testing.T) {
	message := failureOf(t, func(t testing.TB) {
		p := shell(t, "echo this; echo that >&2; "+endless)
		p.WaitOutput(t, "begun", time.Minute)
		p.WaitOutput(t, "never", 20*time.Millisecond)
	})
	assert.Contains(t, message, `to write "never"`)
	assert.Contains(t, message, "stdout ends with:\nthis\nbegun\nstderr ends with:\nthat")
}

func TestWaitFailsWhenTheProcessStays(t *testing.T) {
	message := failureOf(t, func(t testing.TB) {
		p := shell(t, endless)
		p.Wait(t, 20*time.Millisecond)
	})
	assert.Contains(t, message, "waiting for the end of process")
}

func TestProcessDiesWithItsTest(t *testing.T) {
	var p *Process
	t.Run("inner", func(t *testing.T) {
		p = shell(t, endless)
		p.WaitOutput(t, "begun", time.Minute)
	})
	assert.True(t, p.Exited())
	assert.ErrorIs(t, syscall.Kill(p.Pid(), 0), syscall.ESRCH)
}

func TestStartFailsWithoutProgram(t *testing.T) {
	message := failureOf(t, func(t testing.TB) { Start(t, Options{Path: "/no/such/program"}) })
	assert.Contains(t, message, "start /no/such/program: ")
}

func TestOutputOfAChildThatStaysDoesNotBlock(t *testing.T) {
	p := shell(t, endless+" & echo $!; exit 0")
	code, _ := p.Wait(t, time.Minute)
	assert.Equal(t, 0, code)
	for line := range strings.Lines(p.Stdout()) {
		if pid, err := strconv.Atoi(strings.TrimSpace(line)); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

func TestTailIsTheLastLines(t *testing.T) {
	assert.Equal(t, "c\nd", tail("a\nb\nc\nd\n", 2))
	assert.Equal(t, "a", tail("a", 2))
	assert.Empty(t, tail("", 2))
}

func TestRootHoldsGoMod(t *testing.T) {
	assert.FileExists(t, filepath.Join(Root(), "go.mod"))
	assert.DirExists(t, filepath.Join(Root(), "tests", "testkit"))
}

func TestBinaryIsTheOneNamedByTheEnvironment(t *testing.T) {
	t.Setenv(binaryVariable, "process_test.go")
	path := Binary(t)
	assert.True(t, filepath.IsAbs(path))
	assert.FileExists(t, path)

	t.Setenv(binaryVariable, "/bin/sh")
	p := Start(t, Options{Args: []string{"-c", "exit 7"}})
	code, _ := p.Wait(t, time.Minute)
	assert.Equal(t, 7, code)

	t.Setenv(binaryVariable, "/no/such/binary")
	message := failureOf(t, func(t testing.TB) { Binary(t) })
	assert.Contains(t, message, "find collector binary: ")
}
