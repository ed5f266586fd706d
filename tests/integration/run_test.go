// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// run starts what `make run` starts after the build.
func run(t *testing.T, c *testkit.Collector, backend string) *testkit.Process {
	return testkit.Start(t, runOptions(t, c, backend))
}

func runOptions(t *testing.T, c *testkit.Collector, backend string) testkit.Options {
	testkit.Binary(t)
	opts := c.Options()
	opts.Path, opts.Args = filepath.Join(testkit.Root(), "distro", "run.sh"), []string{backend}
	return opts
}

func appendLine(t *testing.T, file, line string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	require.NoError(t, err)
	_, err = f.WriteString(line + "\n")
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

func TestRunPrintsEveryLineOnce(t *testing.T) {
	c := testkit.NewCollector(t)
	logs := c.Env["TRIBUTARY_LOGS"]
	pod := testkit.OpenPod(t, c.PodLogs(), testkit.Pod{Namespace: "shop", Name: "web-0", UID: "b1c2", Container: "main"})
	pod.Write(testkit.Line{Text: "a line of a pod"})
	appendLine(t, filepath.Join(logs, "dpkg.log"), "a line from before")
	appendLine(t, filepath.Join(logs, "nginx", "access.log.1"), "a line of a rotated file")
	appendLine(t, filepath.Join(logs, "messages"), "\ta line of a file without an ending  ")
	appendLine(t, filepath.Join(logs, "wtmp"), "binary")
	appendLine(t, filepath.Join(logs, "old.log.2.gz"), "compressed")
	appendLine(t, filepath.Join(logs, "journal", "abc", "system.journal"), "journal")
	require.NoError(t, os.Symlink(filepath.Join(logs, "nowhere"), filepath.Join(logs, "README")))

	p := run(t, c, "debug")
	for _, line := range []string{"a line from before", "a line of a rotated file", "\ta line of a file without an ending  ", "a line of a pod"} {
		p.WaitOutput(t, line, testkit.StartTimeout)
	}
	appendLine(t, filepath.Join(logs, "new", "app.log"), "a line written while it runs")
	p.WaitOutput(t, "a line written while it runs", testkit.DeliverTimeout)
	p.Stop(t)
	for _, never := range []string{"binary", "compressed", "journal "} {
		assert.NotContains(t, p.Stdout(), never)
	}
	assert.Equal(t, 1, strings.Count(p.Stdout(), "a line from before"))
	assert.Contains(t, p.Stdout(), "k8s.pod.name=web-0")
	assert.Empty(t, strings.TrimSpace(strings.Replace(p.Stderr(), firstLine(p.Stderr()), "", 1)), "nothing to complain about")

	again := run(t, c, "debug")
	appendLine(t, filepath.Join(logs, "dpkg.log"), "a line for the second start")
	again.WaitOutput(t, "a line for the second start", testkit.StartTimeout)
	again.Stop(t)
	assert.NotContains(t, again.Stdout(), "a line from before")
	assert.NotContains(t, again.Stdout(), "a line of a pod")
	assert.NotContains(t, again.Stdout(), "a line written while it runs")
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

func TestRunSendsToABackend(t *testing.T) {
	backend := testkit.StartBackend(t)
	c := testkit.NewCollector(t).Set("TRIBUTARY_OTLP_URL=" + backend.HTTPURL())
	appendLine(t, filepath.Join(c.Env["TRIBUTARY_LOGS"], "dpkg.log"), "to the backend")
	p := run(t, c, "otlp")
	got := backend.WaitRecords(t, 1, testkit.DeliverTimeout)[0]
	p.Stop(t)
	assert.Equal(t, "to the backend", got.Body)
	assert.Equal(t, filepath.Join(c.Env["TRIBUTARY_LOGS"], "dpkg.log"), got.Attributes["log.file.path"])
	host, err := os.Hostname()
	require.NoError(t, err)
	assert.Equal(t, host, got.Resource["host.name"])
}

func TestRunSaysThatABackendIsAway(t *testing.T) {
	c := testkit.NewCollector(t).Set(fmt.Sprintf("TRIBUTARY_OTLP_URL=http://127.0.0.1:%d", testkit.FreePort(t)))
	appendLine(t, filepath.Join(c.Env["TRIBUTARY_LOGS"], "dpkg.log"), "to nobody")
	p := run(t, c, "otlp")
	p.WaitOutput(t, "connection refused", testkit.StartTimeout)
	p.Stop(t)
}

func TestRunKnowsItsBackends(t *testing.T) {
	p := run(t, testkit.NewCollector(t), "elsewhere")
	code, _ := p.Wait(t, testkit.StartTimeout)
	assert.Equal(t, 2, code)
	assert.Contains(t, p.Stderr(), `there is no backend "elsewhere"`)
	assert.Contains(t, p.Stderr(), "make run BACKEND=victorialogs")
}

func TestRunNamesOnceWhatItCannotRead(t *testing.T) {
	c := testkit.NewCollector(t)
	logs := c.Env["TRIBUTARY_LOGS"]
	appendLine(t, filepath.Join(logs, "secret.log"), "not for everybody")
	appendLine(t, filepath.Join(logs, "closed", "inner.log"), "not for everybody")
	appendLine(t, filepath.Join(logs, "open.log"), "for everybody")
	require.NoError(t, os.Chmod(filepath.Join(logs, "secret.log"), 0))
	require.NoError(t, os.Symlink(filepath.Join(logs, "nowhere"), filepath.Join(logs, "dangling.log")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(logs, "pipe.log"), 0o666))
	require.NoError(t, syscall.Mkfifo(filepath.Join(logs, "another.log"), 0o666))
	require.NoError(t, os.Chmod(filepath.Join(logs, "closed"), 0))
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(logs, "closed"), 0o700) })

	p := testkit.Start(t, testkit.AsSomebody(t, runOptions(t, c, "debug"), logs, c.Env["TRIBUTARY_STATE"]))
	p.WaitOutput(t, "for everybody log.file.path", testkit.StartTimeout)
	p.WaitOutput(t, filepath.Join(logs, "secret.log"), testkit.StartTimeout)
	// Several polls later it is still named once.
	for _, line := range []string{"one", "two", "three"} {
		appendLine(t, filepath.Join(logs, "open.log"), line)
		p.WaitOutput(t, line+" log.file.path", 10*time.Second)
	}
	p.Stop(t)
	assert.NotContains(t, p.Stdout(), "not for everybody")
	assert.Equal(t, 1, strings.Count(p.Stderr(), "unreadable"), p.Stderr())
	assert.Equal(t, 1, strings.Count(p.Stderr(), `"original_path": "`+filepath.Join(logs, "dangling.log")), p.Stderr())
	assert.Equal(t, 1, strings.Count(p.Stderr(), filepath.Join(logs, "closed")), p.Stderr())
	assert.Equal(t, 1, strings.Count(p.Stderr(), filepath.Join(logs, "pipe.log")), p.Stderr())
}
