// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// tailLines is how many lines of output a failure shows.
const tailLines = 60

// Stdout returns what the process wrote to its standard output so far.
func (p *Process) Stdout() string { return p.stdout.String() }

// Stderr returns what the process wrote to its standard error so far. That is
// where a collector logs.
func (p *Process) Stderr() string { return p.stderr.String() }

// WaitOutput waits until stdout or stderr contains substring. It ends the test,
// with the tail of both, when that does not happen within timeout or the process
// ends without it.
func (p *Process) WaitOutput(t testing.TB, substring string, timeout time.Duration) {
	t.Helper()
	p.waitStream(t, substring, timeout, &p.stdout, &p.stderr)
}

// WaitReady waits until the collector has logged to stderr that every pipeline
// runs. It fails as WaitOutput does.
func (p *Process) WaitReady(t testing.TB, timeout time.Duration) {
	t.Helper()
	p.waitStream(t, ReadyMessage, timeout, &p.stderr)
}

func (p *Process) waitStream(t testing.TB, substring string, timeout time.Duration, streams ...*capture) {
	t.Helper()
	found := false
	over := poll(timeout, func() bool {
		// The order matters: what comes before the end is in the streams after it.
		ended := p.Exited()
		for _, stream := range streams {
			found = found || stream.contains(substring)
		}
		return found || ended
	})
	switch {
	case found:
	case over:
		t.Fatalf("process %d ended with exit code %d before it wrote %q\n%s", p.Pid(), p.exitCode, substring, p.tails())
	default:
		t.Fatalf("timed out after %s waiting for process %d to write %q\n%s", timeout, p.Pid(), substring, p.tails())
	}
}

// tails describes the end of both streams for a failure.
func (p *Process) tails() string {
	return fmt.Sprintf("stdout ends with:\n%s\nstderr ends with:\n%s",
		tail(p.Stdout(), tailLines), tail(p.Stderr(), tailLines))
}

// tail returns the last lines of a text.
func tail(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// capture keeps one stream of a process.
type capture struct {
	mu   sync.Mutex
	data bytes.Buffer
}

// Write implements io.Writer.
func (c *capture) Write(chunk []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.data.Write(chunk)
}

// String returns what was written so far.
func (c *capture) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.data.String()
}

func (c *capture) contains(substring string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Contains(c.data.Bytes(), []byte(substring))
}
