// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// How long a loaded machine may take; a test that waits this long has failed.
const (
	startTimeout   = 2 * time.Minute
	stopTimeout    = 20 * time.Second
	visibleTimeout = 30 * time.Second
)

// program is Loki in the version that server/go.mod pins.
var program = testkit.Pinned{
	Name: "loki", Module: "tests/loki/server", Require: "github.com/grafana/loki/v3", Command: "github.com/grafana/loki/v3/cmd/loki",
}

// Options says how a Loki differs from one with the default limits and without tenants.
type Options struct {
	// MultiTenant makes every request name a tenant (auth_enabled).
	MultiTenant bool
	// Limits are keys of limits_config and their values, for every tenant.
	Limits map[string]any
	// Tenants are further limits, by tenant. They need MultiTenant. SetTenants changes them later.
	Tenants map[string]map[string]any
	// Sections are further settings, by section of the configuration: {"ingester": {"max_chunk_age": "1h"}}.
	Sections map[string]map[string]any
}

// Loki is a running single-binary Loki. Its data outlives Stop, Kill and Restart, and is gone when the test has ended.
// Requests may be made from several goroutines; Stop, Kill and Restart may not.
type Loki struct {
	options            Options
	binary             string
	folder             string
	httpPort, grpcPort int
	client             *http.Client
	process            *testkit.Process
	// elsewhere is the URL of a Loki that is not ours.
	elsewhere string
	// arguments and env are those of a configuration that is not the harness's own.
	arguments, env []string
}

// StartLoki starts a Loki on free ports of 127.0.0.1, with its data in a folder of the test's own, and waits until it
// stores what it is sent. The test is skipped where Loki is not built, see testkit.Pinned. When the test ends, the process is
// killed, and its last output is logged if the test failed.
//
// It waits by storing and finding a line of a stream {readiness="probe"}, of the tenant "readiness-probe" when there are
// tenants. Limits that would refuse that line, or would be used up by it, must be given in Tenants.
func StartLoki(t testing.TB, options Options) *Loki {
	t.Helper()
	transport := &http.Transport{}
	l := &Loki{
		options:  options,
		binary:   program.Binary(t),
		folder:   t.TempDir(),
		httpPort: testkit.FreePort(t),
		grpcPort: testkit.FreePort(t),
		client:   &http.Client{Transport: transport, Timeout: time.Minute},
	}
	t.Cleanup(transport.CloseIdleConnections)
	l.writeConfig(t)
	l.start(t)
	return l
}

// start starts the process and waits until a push is stored.
func (l *Loki) start(t testing.TB) {
	t.Helper()
	// While it was down, the kernel may have lent its ports to outgoing connections.
	eventually(t, stopTimeout, "the ports of Loki to be free", func() bool { return free(l.httpPort) && free(l.grpcPort) },
		func() string { return fmt.Sprint(l.httpPort, l.grpcPort) })
	process := testkit.Start(t, testkit.Options{Path: l.binary, Args: append([]string{"-config.file=" + l.file("loki.yaml")}, l.arguments...), Env: l.env})
	l.process = process
	var last string
	eventually(t, startTimeout, "Loki to store a line and to find it", func() bool {
		if process.Exited() {
			t.Fatalf("Loki ended while it started:\n%s", process.Stderr())
		}
		err := l.probe()
		last = fmt.Sprint(err)
		return err == nil
	}, func() string { return last })
}

// probe stores a line and queries it. By its own endpoint Loki is ready ten seconds later than by this.
func (l *Loki) probe() error {
	const tenant = "readiness-probe"
	body := Encode(Stream{Labels: `{readiness="probe"}`, Entries: []StreamEntry{{Timestamp: time.Now(), Line: "probe"}}})
	answer, err := l.post(pushPath, pushHeader(tenant, protobufType, snappyEncoding), body)
	if err != nil {
		return err
	}
	if answer.Status != http.StatusNoContent {
		return fmt.Errorf("push: got %d: %s", answer.Status, answer.Body)
	}
	entries, err := l.TryQuery(tenant, `{readiness="probe"}`)
	if err == nil && len(entries) == 0 {
		err = errors.New("got no line")
	}
	return err
}

// URL is the base of every endpoint, such as "http://127.0.0.1:3100", without a slash at its end. It stays the same
// after Restart.
func (l *Loki) URL() string {
	if l.elsewhere != "" {
		return l.elsewhere
	}
	return fmt.Sprintf("http://127.0.0.1:%d", l.httpPort)
}

// PushURL is the address of the push endpoint, to which an exporter sends.
func (l *Loki) PushURL() string { return l.URL() + pushPath }

// Stop ends the process as an operator would, by SIGTERM, and returns when it has ended. It is killed when that takes
// longer than 20 s.
func (l *Loki) Stop() { terminate(l.process) }

// Kill ends the process as a crash would and returns when it has ended.
func (l *Loki) Kill(t testing.TB) {
	t.Helper()
	l.process.Kill()
	l.process.Wait(t, stopTimeout)
}

// Restart starts a stopped or killed Loki again on the same ports with the same data, and waits as StartLoki does.
func (l *Loki) Restart(t testing.TB) {
	t.Helper()
	if !l.process.Exited() {
		t.Fatal("restart Loki: it still runs; call Stop or Kill first")
	}
	l.start(t)
}

// Output is what the process has logged so far.
func (l *Loki) Output() string { return l.process.Stderr() }

// terminate stops a process that may have ended already.
func terminate(process *testkit.Process) {
	process.Terminate()
	if !within(stopTimeout, process.Exited) {
		process.Kill()
		within(stopTimeout, process.Exited)
	}
}

// free reports whether a port of 127.0.0.1 can be listened on.
func free(port int) bool {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	return err == nil && listener.Close() == nil
}

// file is the path of a file in the folder of this Loki.
func (l *Loki) file(name string) string { return filepath.Join(l.folder, name) }

// writeConfig writes the configuration, and the limits of tenants to a file that it names.
func (l *Loki) writeConfig(t testing.TB) {
	t.Helper()
	type section = map[string]any
	limits := section{
		// A query for a week would otherwise be cut into one for each hour.
		"split_queries_by_interval": "0s",
	}
	for key, value := range l.options.Limits {
		limits[key] = value
	}
	config := section{
		"auth_enabled": l.options.MultiTenant,
		// It would report to its makers over the network.
		"analytics": section{"reporting_enabled": false},
		"server": section{
			"http_listen_address": "127.0.0.1", "http_listen_port": l.httpPort,
			"grpc_listen_address": "127.0.0.1", "grpc_listen_port": l.grpcPort,
			"log_level": "warn",
			// A request that hangs on the way to the ingester, which has ended already, would hold up the end for 30 s.
			"graceful_shutdown_timeout": "1s",
		},
		"common": section{
			"instance_addr": "127.0.0.1", "path_prefix": l.file("data"), "replication_factor": 1,
			"ring":    section{"kvstore": section{"store": "inmemory"}},
			"storage": section{"filesystem": section{"chunks_directory": l.file("chunks"), "rules_directory": l.file("rules")}},
		},
		"schema_config": section{"configs": []section{{
			"from": "2020-01-01", "store": "tsdb", "object_store": "filesystem", "schema": "v13",
			"index": section{"prefix": "index_", "period": "24h"},
		}}},
		// With a scheduler between them, the first query would wait for two rings to settle.
		"frontend_worker": section{"frontend_address": fmt.Sprintf("127.0.0.1:%d", l.grpcPort), "dns_lookup_duration": "100ms"},
		// A query that fails would be tried five times.
		"query_range": section{"max_retries": 1},
		// Old lines too are in the memory of the ingester; by default a query looks there for those of the last hours.
		"ingester":      section{"query_store_max_look_back_period": "-1ns"},
		"limits_config": limits,
	}
	if len(l.options.Tenants) > 0 {
		l.writeYAML(t, "tenants.yaml", section{"overrides": l.options.Tenants})
		config["runtime_config"] = section{"file": l.file("tenants.yaml"), "period": "100ms"}
	}
	for name, settings := range l.options.Sections {
		if _, there := config[name]; !there {
			config[name] = section{}
		}
		maps.Copy(config[name].(section), settings)
	}
	l.writeYAML(t, "loki.yaml", config)
}

// SetTenants replaces the limits of all tenants, as an administrator does while Loki runs. It takes effect within some
// hundred milliseconds. There must have been limits of tenants from the start.
func (l *Loki) SetTenants(t testing.TB, tenants map[string]map[string]any) {
	t.Helper()
	if len(l.options.Tenants) == 0 {
		t.Fatal("set limits of tenants: Loki was started without any, and does not look for them")
	}
	// Loki may read the file at any time.
	l.writeYAML(t, "tenants.yaml.new", map[string]any{"overrides": tenants})
	if err := os.Rename(l.file("tenants.yaml.new"), l.file("tenants.yaml")); err != nil {
		t.Fatalf("set limits of tenants: %v", err)
	}
}

// writeYAML writes one file into the folder of this Loki.
func (l *Loki) writeYAML(t testing.TB, name string, content any) {
	t.Helper()
	raw, err := yaml.Marshal(content)
	if err != nil {
		t.Fatalf("render %s: %v", name, err)
	}
	if err := os.WriteFile(l.file(name), raw, 0o600); err != nil {
		t.Fatalf("configure Loki: %v", err)
	}
}

// tail returns the last lines of a text.
func tail(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
