// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// pprofVariable holds the address of a collector's pprof extension.
const pprofVariable = "TRIBUTARY_BENCH_PPROF"

// profiles is the pipeline's own folder for profiles; empty means none are taken.
func (p pipeline) profiles(t testing.TB) string {
	t.Helper()
	folder := profileFolder()
	if folder == "" {
		return ""
	}
	folder, err := filepath.Abs(filepath.Join(folder, string(p)))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	return folder
}

// saveHeap writes the heap profile of a collector as it is now, if profiles are taken. The extension itself writes the
// CPU profile when the collector ends.
func (p pipeline) saveHeap(t testing.TB, c *testkit.Collector) {
	t.Helper()
	folder := p.profiles(t)
	if folder == "" {
		return
	}
	if err := download("http://"+c.Env[pprofVariable]+"/debug/pprof/heap", filepath.Join(folder, "heap.pprof")); err != nil {
		t.Error(err)
	}
}

func download(url, path string) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(url)
	if err != nil {
		return fmt.Errorf("get profile: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("get profile: status %s", answer.Status)
	}
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		return fmt.Errorf("get profile: %w", err)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		return fmt.Errorf("save profile: %w", err)
	}
	return nil
}
