// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// circumstances says when, where and what was measured. What cannot be found out is a question mark.
func circumstances(binary string, records int) string {
	return fmt.Sprintf("date      %s\nmachine   %s, %d cores, Linux %s, %s\nload      %s\nbinary    %s\nbacklog   %d records\nsettings  %s\n",
		time.Now().UTC().Format("2006-01-02 15:04 UTC"),
		cpuModel(read("/proc/cpuinfo")), runtime.NumCPU(), read("/proc/sys/kernel/osrelease"), runtime.Version(),
		loads(read("/proc/loadavg")), version(binary), records, given())
}

func read(path string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "?"
	}
	return strings.TrimSpace(string(raw))
}

// cpuModel takes the text of /proc/cpuinfo.
func cpuModel(info string) string {
	for line := range strings.Lines(info) {
		if key, value, _ := strings.Cut(line, ":"); strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "?"
}

// loads takes the text of /proc/loadavg; its first three fields are averages of 1, 5 and 15 minutes.
func loads(average string) string {
	fields := strings.Fields(average)
	return strings.Join(fields[:min(3, len(fields))], " ")
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
