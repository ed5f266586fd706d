// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// circumstances says when, where and what was measured. What cannot be found out is a question mark.
func circumstances(binary string, records int) string {
	return fmt.Sprintf("date      %s\nmachine   %s\nload      %s\nbinary    %s\nbacklog   %d records\nsettings  %s\n",
		time.Now().UTC().Format("2006-01-02 15:04 UTC"),
		testkit.Machine(), testkit.Load(), version(binary), records, given())
}

// version is what the binary says of itself, the revision included.
func version(binary string) string {
	said, err := exec.Command(binary, "--version").Output()
	if err != nil {
		return "?"
	}
	return strings.TrimSpace(string(said))
}

// given are the settings of this run that change figures.
func given() string {
	if env := collectorEnv(); len(env) > 0 {
		return strings.Join(env, " ")
	}
	return "as shipped"
}
