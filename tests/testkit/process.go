// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

// ReadyMessage is what the collector logs when every pipeline runs.
const ReadyMessage = "Everything is ready. Begin running and processing data."

// lingering bounds the wait for output after the process has ended, for the case
// that a child of it still holds the streams.
const lingering = 2 * time.Second

// Options says what Start starts.
type Options struct {
	// Path is the program; empty means Binary.
	Path string
	// Args are its arguments, without the name of the program.
	Args []string
	// Env holds KEY=VALUE entries added to an environment of PATH, HOME and
	// TMPDIR, the latter two being new empty folders. Nothing else is inherited, so
	// the variables of a developer change nothing. A later entry wins.
	Env []string
	// Dir is the working directory; empty means that of the test.
	Dir string
}

// Process is a program started by Start. Its methods may be called from several
// goroutines, except those that take the test.
type Process struct {
	command *exec.Cmd
	stdout  capture
	stderr  capture
	started time.Time

	// done is closed when the process has ended; exitCode and ended are set then.
	done     chan struct{}
	exitCode int
	ended    time.Time

	mu         sync.Mutex
	lastSignal time.Time
}

// Start starts a program. When the test ends, it is killed if it still runs, and
// the last 60 lines of its stderr go to the log of the test if that failed. On
// Linux it also dies with the test process.
func Start(t testing.TB, opts Options) *Process {
	t.Helper()
	// A shell starts what it puts into the background with interrupts ignored, and children inherit that. A signal that
	// is handled here is not ignored there.
	if signal.Ignored(os.Interrupt) {
		signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	}
	if opts.Path == "" {
		opts.Path = Binary(t)
	}
	p := &Process{command: exec.Command(opts.Path, opts.Args...), done: make(chan struct{})}
	p.command.Dir = opts.Dir
	p.command.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TMPDIR=" + t.TempDir(),
	}, opts.Env...)
	p.command.Stdout, p.command.Stderr = &p.stdout, &p.stderr
	p.command.WaitDelay = lingering
	p.command.SysProcAttr = childAttributes()

	startErr := make(chan error)
	go p.run(startErr)
	if err := <-startErr; err != nil {
		t.Fatalf("start %s: %v", opts.Path, err)
	}
	t.Cleanup(func() { p.cleanUp(t) })
	return p
}

// run starts the process and waits for its end. It does both on one thread that
// it keeps to itself, because the child is killed when that thread ends.
func (p *Process) run(startErr chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p.started = time.Now()
	err := p.command.Start()
	startErr <- err
	if err != nil {
		return
	}
	// How it ended is in the state of the process; the error adds nothing.
	_ = p.command.Wait()
	p.ended = time.Now()
	p.exitCode = p.command.ProcessState.ExitCode()
	close(p.done)
}

func (p *Process) cleanUp(t testing.TB) {
	if !p.Exited() {
		p.Kill()
		<-p.done
	}
	if t.Failed() {
		t.Logf("stderr of %s ends with:\n%s", p.command.Path, tail(p.Stderr(), tailLines))
	}
}

// Pid is the process id.
func (p *Process) Pid() int { return p.command.Process.Pid }

// Interrupt sends SIGINT, as Ctrl-C does.
func (p *Process) Interrupt() { p.signal(os.Interrupt) }

// Terminate sends SIGTERM, as kubelet does to stop a container.
func (p *Process) Terminate() { p.signal(syscall.SIGTERM) }

// Hangup sends SIGHUP, upon which the collector reads its configuration again.
func (p *Process) Hangup() { p.signal(syscall.SIGHUP) }

// Kill sends SIGKILL, which leaves the process no chance to tidy up.
func (p *Process) Kill() { p.signal(os.Kill) }

// signal sends a signal; a process that has ended already takes no notice.
func (p *Process) signal(s os.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Exited() {
		return
	}
	now := time.Now()
	if err := p.command.Process.Signal(s); errors.Is(err, os.ErrProcessDone) {
		return
	}
	p.lastSignal = now
}

// Exited reports whether the process has ended and its output is complete.
func (p *Process) Exited() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Wait waits for the end of the process and ends the test when it does not come
// within timeout. It returns the exit code, -1 when a signal ended the process,
// and how long the process took to end: since the last signal sent through p, or
// since the start when there was none.
func (p *Process) Wait(t testing.TB, timeout time.Duration) (exitCode int, elapsed time.Duration) {
	t.Helper()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		t.Fatalf("timed out after %s waiting for the end of process %d\n%s", timeout, p.Pid(), p.tails())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	since := p.started
	if !p.lastSignal.IsZero() {
		since = p.lastSignal
	}
	return p.exitCode, p.ended.Sub(since)
}
