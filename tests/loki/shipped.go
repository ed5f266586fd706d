// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// Shipped is a configuration as users have it.
type Shipped struct {
	// Config is the text of the file. The folders /var/loki and /etc/loki-rules in it become folders of the test's own.
	Config string
	// Rules are files for /etc/loki-rules, by their path there.
	Rules map[string]string
	// Env are the variables that the text refers to: KEY=VALUE.
	Env []string
}

// StartShipped is StartLoki for a configuration of the user's. It listens on free ports of 127.0.0.1, whatever the text says,
// and logs at level info.
func StartShipped(t testing.TB, shipped Shipped) *Loki {
	t.Helper()
	transport := &http.Transport{}
	l := &Loki{
		binary:   program.Binary(t),
		folder:   t.TempDir(),
		httpPort: testkit.FreePort(t),
		grpcPort: testkit.FreePort(t),
		client:   &http.Client{Transport: transport, Timeout: time.Minute},
		env:      shipped.Env,
	}
	l.arguments = []string{
		"-config.expand-env=true", "-server.http-listen-address=127.0.0.1", fmt.Sprintf("-server.http-listen-port=%d", l.httpPort),
		"-server.grpc-listen-address=127.0.0.1", fmt.Sprintf("-server.grpc-listen-port=%d", l.grpcPort),
		"-log.level=info", "-server.graceful-shutdown-timeout=1s",
	}
	t.Cleanup(transport.CloseIdleConnections)
	files := map[string]string{"loki.yaml": strings.NewReplacer("/var/loki", l.file("data"), "/etc/loki-rules", l.file("rules")).Replace(shipped.Config)}
	for path, text := range shipped.Rules {
		files[filepath.Join("rules", path)] = text
	}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(l.file(name)), 0o750); err != nil {
			t.Fatalf("configure Loki: %v", err)
		}
		if err := os.WriteFile(l.file(name), []byte(text), 0o600); err != nil {
			t.Fatalf("configure Loki: %v", err)
		}
	}
	l.start(t)
	return l
}

// Verify asks Loki whether it takes a configuration, and returns what it says if not.
func Verify(t testing.TB, shipped Shipped) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "loki.yaml")
	if err := os.WriteFile(file, []byte(shipped.Config), 0o600); err != nil {
		t.Fatalf("configure Loki: %v", err)
	}
	process := testkit.Start(t, testkit.Options{
		Path: program.Binary(t), Env: shipped.Env,
		Args: []string{"-verify-config", "-config.expand-env=true", "-config.file=" + file},
	})
	if code, _ := process.Wait(t, startTimeout); code == 0 {
		return ""
	}
	return process.Stderr() + process.Stdout()
}

// Get asks any endpoint and returns the body of its answer, which is an error unless it is a 2xx.
func (l *Loki) Get(path string) (string, error) {
	request, err := http.NewRequest(http.MethodGet, l.URL()+path, http.NoBody)
	if err != nil {
		return "", err
	}
	answer, err := l.do(request)
	if err == nil && answer.Status/100 != 2 {
		err = fmt.Errorf("GET %s: got %d: %s", path, answer.Status, strings.TrimSpace(answer.Body))
	}
	return answer.Body, err
}
