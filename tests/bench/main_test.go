// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// results are those of this run of the benchmarks.
var results table

// header is written by the first benchmark: the load is that before the run.
var header string

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := publish(code == 0); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		os.Exit(code)
	}))
}

// describe notes the circumstances before anything is measured.
func describe(b *testing.B) {
	if header == "" {
		header = circumstances(testkit.Binary(b), backlogRecords(b))
	}
}

// publish prints the table, and writes it to a file when nothing failed, nothing is missing and no profiles were taken.
func publish(passed bool) error {
	if results.empty() {
		return nil
	}
	text := header + "\n" + results.String()
	fmt.Println("\n" + text)
	if !passed || !results.complete() || profileFolder() != "" {
		return nil
	}
	path := filepath.Join(testkit.Root(), "tests", "bench", "RESULTS.txt")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	return nil
}
