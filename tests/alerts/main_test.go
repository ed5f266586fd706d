// SPDX-License-Identifier: Apache-2.0

package alerts

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// Faults mostly wait, so all of them run at once, unless -parallel says otherwise.
const faultsAtOnce = "8"

func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", faultsAtOnce)
	}
	goleak.VerifyTestMain(m)
}
