// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tributary-otel/tributary/tests/testkit"
)

const (
	startTimeout   = 30 * time.Second
	deliverTimeout = 60 * time.Second
)

// collector is what one test gives to the binary: files, environment and where its logs and its state are.
type collector struct {
	configs []string
	env     map[string]string
	args    []string
}

// newCollector names shipped configuration files below distro/config, and gives them a log folder, a state folder and
// free ports of the test's own.
func newCollector(t *testing.T, configs ...string) *collector {
	t.Helper()
	c := &collector{env: map[string]string{
		"TRIBUTARY_LOGS":            filepath.Join(t.TempDir(), "log"),
		"TRIBUTARY_POD_LOGS":        filepath.Join(t.TempDir(), "pods"),
		"TRIBUTARY_STATE":           filepath.Join(t.TempDir(), "state"),
		"TRIBUTARY_HEALTH_ENDPOINT": fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t)),
		"TRIBUTARY_METRICS_HOST":    "127.0.0.1",
		"TRIBUTARY_METRICS_PORT":    fmt.Sprint(testkit.FreePort(t)),
	}}
	for _, config := range configs {
		if !filepath.IsAbs(config) {
			config = filepath.Join(testkit.Root(), "distro", "config", config)
		}
		c.configs = append(c.configs, config)
	}
	return c
}

// set adds to the environment: KEY=VALUE.
func (c *collector) set(pairs ...string) *collector {
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		c.env[key] = value
	}
	return c
}

// noMetrics turns the collector's own metrics off, for configurations that leave the port at 8888.
func (c *collector) noMetrics() *collector {
	c.args = append(c.args, "--set=service.telemetry.metrics.level=none")
	return c
}

func (c *collector) pods() string { return c.env["TRIBUTARY_POD_LOGS"] }

func (c *collector) options() testkit.Options {
	opts := testkit.Options{Args: c.args}
	for _, config := range c.configs {
		opts.Args = append(opts.Args, "--config="+config)
	}
	for key, value := range c.env {
		opts.Env = append(opts.Env, key+"="+value)
	}
	return opts
}

// start starts the binary and waits until its pipelines run.
func (c *collector) start(t *testing.T) *testkit.Process {
	t.Helper()
	p := testkit.Start(t, c.options())
	p.WaitReady(t, startTimeout)
	return p
}

// stop ends the process as an operator would, and fails when it does not end cleanly.
func stop(t *testing.T, p *testkit.Process) {
	t.Helper()
	p.Interrupt()
	if code, _ := p.Wait(t, 20*time.Second); code != 0 {
		t.Errorf("exit code %d after an interrupt\n%s", code, p.Stderr())
	}
}
