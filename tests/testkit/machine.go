// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// Machine says where figures were measured: CPU, cores, kernel and Go. What cannot be found out is a question mark.
func Machine() string {
	return fmt.Sprintf("%s, %d cores, Linux %s, %s", cpuModel(readTrimmed("/proc/cpuinfo")), runtime.NumCPU(),
		readTrimmed("/proc/sys/kernel/osrelease"), runtime.Version())
}

func readTrimmed(path string) string {
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

// Load is how many processes wanted a CPU, on average over 1, 5 and 15 minutes: where it is high, others share the machine.
func Load() string { return loads(readTrimmed("/proc/loadavg")) }

// loads takes the text of /proc/loadavg.
func loads(average string) string {
	fields := strings.Fields(average)
	return strings.Join(fields[:min(3, len(fields))], " ")
}
