// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// How long a loaded machine may take; a test that waits this long has failed.
const (
	StartTimeout   = 30 * time.Second
	DeliverTimeout = 60 * time.Second
)

// Collector is what one test gives to the binary: configuration files, further arguments and the environment.
type Collector struct {
	// Path is the program; empty means Binary.
	Path    string
	Configs []string
	Args    []string
	Env     map[string]string
	// Through, if set, changes how the binary is started, as AsSomebody does.
	Through func(Options) Options
}

// NewCollector takes configuration files, those that are shipped by their name below distro/config, and gives them a log
// folder, a folder for pod logs, a state folder and free ports of the test's own.
func NewCollector(t testing.TB, configs ...string) *Collector {
	t.Helper()
	c := &Collector{Env: map[string]string{
		"TRIBUTARY_LOGS":     filepath.Join(t.TempDir(), "log"),
		"TRIBUTARY_POD_LOGS": filepath.Join(t.TempDir(), "pods"),
		// An empty one, not that of the machine.
		"TRIBUTARY_JOURNAL": t.TempDir(),
		"TRIBUTARY_STATE":   filepath.Join(t.TempDir(), "state"),
		// Shorter than Stop waits.
		"TRIBUTARY_SHUTDOWN_TIMEOUT":   "3s",
		"TRIBUTARY_HEALTH_ENDPOINT":    fmt.Sprintf("127.0.0.1:%d", FreePort(t)),
		"TRIBUTARY_READINESS_ENDPOINT": fmt.Sprintf("127.0.0.1:%d", FreePort(t)),
		"TRIBUTARY_METRICS_HOST":       "127.0.0.1",
		"TRIBUTARY_METRICS_PORT":       strconv.Itoa(FreePort(t)),
	}}
	for _, config := range configs {
		if !filepath.IsAbs(config) {
			config = filepath.Join(Root(), "distro", "config", config)
		}
		c.Configs = append(c.Configs, config)
	}
	return c
}

// Set adds to the environment: KEY=VALUE.
func (c *Collector) Set(pairs ...string) *Collector {
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		c.Env[key] = value
	}
	return c
}

// NoMetrics turns the collector's own metrics off, for configurations that leave their port at 8888.
func (c *Collector) NoMetrics() *Collector {
	c.Args = append(c.Args, "--set=service.telemetry.metrics.level=none")
	return c
}

// PodLogs is the folder that stands for /var/log/pods.
func (c *Collector) PodLogs() string { return c.Env["TRIBUTARY_POD_LOGS"] }

// Options are the arguments and the environment of the process.
func (c *Collector) Options() Options {
	opts := Options{Path: c.Path, Args: c.Args}
	for _, config := range c.Configs {
		opts.Args = append(opts.Args, "--config="+config)
	}
	for key, value := range c.Env {
		opts.Env = append(opts.Env, key+"="+value)
	}
	if c.Through != nil {
		opts = c.Through(opts)
	}
	return opts
}

// Start starts the binary and waits until its pipelines run.
func (c *Collector) Start(t testing.TB) *Process {
	t.Helper()
	p := Start(t, c.Options())
	p.WaitReady(t, StartTimeout)
	return p
}

// Stop ends the process as an operator would. The test fails when it does not end cleanly within 20 s.
func (p *Process) Stop(t testing.TB) {
	t.Helper()
	p.Interrupt()
	if code, _ := p.Wait(t, 20*time.Second); code != 0 {
		t.Errorf("exit code %d after an interrupt\n%s", code, p.Stderr())
	}
}
