// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// Rows mostly wait, so more of them run at once than there are cores, unless -parallel says otherwise.
const rowsAtOnce = "5"

func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", rowsAtOnce)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if reportPath != "" {
			if err := results.write(reportPath); err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = 1
			}
		}
		os.Exit(code)
	}))
}
