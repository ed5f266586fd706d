// SPDX-License-Identifier: Apache-2.0

//go:build linux

package testkit

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	journaldPath = "/lib/systemd/systemd-journald"
	// journaldSettings is where systemd-journald looks for the settings of one namespace, besides /etc. A reboot empties
	// it, should a test be killed before it tidies up.
	journaldSettings = "/run/systemd/journald@%s.conf.d"
	// journaldWait bounds what journald does at once on a machine that is not busy.
	journaldWait = time.Minute
	// signalSync is SIGRTMIN+1, by which systemd-journald(8) writes everything to disk.
	signalSync = syscall.Signal(34 + 1)
)

// Journald is a systemd-journald of the test's own, with its own sockets and
// files. Methods may be called from several goroutines, apart from Stop and
// Restart; an error ends the test, so those that can fail belong into the
// goroutine of the test.
type Journald struct {
	// Process is the daemon.
	Process *Process

	t         testing.TB
	namespace string
	root      string
	// idle is a connection that is kept open: without any, journald ends after 30 s.
	idle   net.Conn
	native *net.UnixConn
	mu     sync.Mutex
}

// StartJournald starts a systemd-journald beside that of the machine, if there
// is any, and skips the test where the program is missing. Settings are lines of
// the section [Journal] in journald.conf(5), such as "SystemMaxFileSize=1M":
// with any, the test is skipped unless root runs it, since journald looks for
// them in a folder of the system.
func StartJournald(t testing.TB, settings ...string) *Journald {
	t.Helper()
	for _, program := range []string{journaldPath, "/usr/bin/journalctl"} {
		if _, err := os.Stat(program); err != nil {
			t.Skipf("this needs systemd-journald, of the Debian package systemd: %v", err)
		}
	}
	// The folders of the testing package have the name of the test in them: with a long one, the paths of the sockets
	// would not fit into an address.
	root, err := os.MkdirTemp("", "journald") //nolint:usetesting // For the reason above.
	if err != nil {
		t.Fatalf("create a folder for journald: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	j := &Journald{t: t, root: root, namespace: filepath.Base(root)}
	for _, dir := range []string{j.runDir(), j.Dir()} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatalf("create a folder for journald: %v", err)
		}
	}
	j.writeSettings(settings)
	t.Cleanup(j.disconnect)
	j.start()
	return j
}

// Dir is the folder of the journal files.
func (j *Journald) Dir() string { return filepath.Join(j.root, "log") }

// SyslogSocket is the path of the socket that syslog(3) would use.
func (j *Journald) SyslogSocket() string { return filepath.Join(j.runDir(), "dev-log") }

func (j *Journald) runDir() string { return filepath.Join(j.root, "run") }

func (j *Journald) writeSettings(settings []string) {
	if len(settings) == 0 {
		return
	}
	if os.Geteuid() != 0 {
		j.t.Skip("only root can give settings to systemd-journald")
	}
	dir := fmt.Sprintf(journaldSettings, j.namespace)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		j.t.Fatalf("write the settings of journald: %v", err)
	}
	j.t.Cleanup(func() { _ = os.RemoveAll(dir) })
	text := "[Journal]\n" + strings.Join(settings, "\n") + "\n"
	if err := os.WriteFile(filepath.Join(dir, "test.conf"), []byte(text), 0o644); err != nil {
		j.t.Fatalf("write the settings of journald: %v", err)
	}
}

func (j *Journald) start() {
	j.t.Helper()
	j.Process = Start(j.t, Options{Path: journaldPath, Args: []string{j.namespace}, Env: []string{
		"RUNTIME_DIRECTORY=" + j.runDir(), "LOGS_DIRECTORY=" + j.Dir(),
	}})
	Eventually(j.t, journaldWait, "the sockets of journald", func() bool {
		if j.Process.Exited() {
			j.t.Fatalf("journald ended at once:\n%s", j.Process.Stderr())
		}
		var err error
		if j.idle == nil {
			if j.idle, err = j.connect("idle"); err != nil {
				j.idle = nil
				return false
			}
		}
		address := &net.UnixAddr{Name: filepath.Join(j.runDir(), "socket"), Net: "unixgram"}
		if j.native == nil {
			if j.native, err = net.DialUnix("unixgram", nil, address); err != nil {
				j.native = nil
				return false
			}
		}
		return j.takesSignals()
	})
}

// takesSignals reports whether a signal is a request by now. The sockets are there
// earlier; until then a signal ends journald.
func (j *Journald) takesSignals() bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", j.Process.Pid()))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(status), "\nSigBlk:")
	line, _, _ := strings.Cut(rest, "\n")
	blocked, err := strconv.ParseUint(strings.TrimSpace(line), 16, 64)
	return err == nil && blocked&(1<<(signalSync-1)) != 0
}

// Stop ends journald, as the system does when it shuts down.
func (j *Journald) Stop() {
	j.t.Helper()
	j.disconnect()
	j.Process.Terminate()
	if code, _ := j.Process.Wait(j.t, journaldWait); code != 0 {
		j.t.Fatalf("journald ended with exit code %d:\n%s", code, j.Process.Stderr())
	}
}

// Restart starts journald again, after Stop or after a SIGKILL to Process. If
// anything was written between the last Sync and the SIGKILL, it finds a file
// that was not closed, and puts that aside with a name that ends in "~".
func (j *Journald) Restart() {
	j.t.Helper()
	j.disconnect()
	j.Process.Wait(j.t, journaldWait)
	// What is left of the last run would pass for the sockets of this one.
	if err := os.RemoveAll(j.runDir()); err != nil {
		j.t.Fatalf("empty the folder of journald: %v", err)
	}
	if err := os.Mkdir(j.runDir(), 0o755); err != nil {
		j.t.Fatalf("create a folder for journald: %v", err)
	}
	j.start()
}

func (j *Journald) disconnect() {
	if j.idle != nil {
		_ = j.idle.Close()
	}
	if j.native != nil {
		_ = j.native.Close()
	}
	j.idle, j.native = nil, nil
}

// Rotate makes journald put its files aside and begin new ones, and waits until
// it has. What was sent before it may be in either, unless Sync came between.
func (j *Journald) Rotate() { j.t.Helper(); j.ask(syscall.SIGUSR2, "rotated") }

// Sync waits until everything that was sent before is in the files.
func (j *Journald) Sync() { j.t.Helper(); j.ask(signalSync, "synced") }

// ask sends a signal and waits for the answer, a file with the time at which
// journald has done what the signal asks for.
func (j *Journald) ask(signal syscall.Signal, answer string) {
	j.t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	path := filepath.Join(j.runDir(), answer)
	before, _ := os.ReadFile(path)
	j.Process.signal(signal)
	Eventually(j.t, journaldWait, "journald to have "+answer, func() bool {
		after, err := os.ReadFile(path)
		return err == nil && len(after) > 0 && !bytes.Equal(before, after)
	})
}

// Vacuum deletes the oldest files that were put aside, so that this many are
// left, as journald does by itself when its space is used up.
func (j *Journald) Vacuum(files int) {
	j.t.Helper()
	j.journalctl(fmt.Sprintf("--vacuum-files=%d", files))
}

// Export is what journalctl reads, in the Journal Export Format. Args choose
// entries.
func (j *Journald) Export(args ...string) string {
	j.t.Helper()
	return j.journalctl(append([]string{"--output=export", "--no-pager"}, args...)...)
}

func (j *Journald) journalctl(args ...string) string {
	j.t.Helper()
	command := exec.Command("/usr/bin/journalctl", append([]string{"--quiet", "--directory=" + j.Dir()}, args...)...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		j.t.Fatalf("%s: %v\n%s", command, err, stderr.String())
	}
	return string(out)
}
