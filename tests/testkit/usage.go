// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Memory is what a process occupies, in megabytes.
type Memory struct {
	// RSS is all that is resident: Anonymous, what the process allocated, and the pages of files, most of them the
	// binary's own, which the kernel can take back at any time.
	RSS, Anonymous float64
	// HighWater is the largest RSS since the start.
	HighWater float64
}

// ReadMemory reads the present state of a process.
func ReadMemory(pid int) (Memory, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return Memory{}, fmt.Errorf("read memory: %w", err)
	}
	return parseMemory(string(raw))
}

// parseMemory takes the text of /proc/<pid>/status.
func parseMemory(status string) (m Memory, err error) {
	for key, into := range map[string]*float64{"VmRSS": &m.RSS, "RssAnon": &m.Anonymous, "VmHWM": &m.HighWater} {
		if *into, err = statusField(status, key); err != nil {
			return Memory{}, err
		}
	}
	return m, nil
}

// statusField is one figure, in megabytes; the kernel writes KiB.
func statusField(status, key string) (float64, error) {
	for line := range strings.Lines(status) {
		value, found := strings.CutPrefix(line, key+":")
		if !found {
			continue
		}
		number, unit, _ := strings.Cut(strings.TrimSpace(value), " ")
		kib, err := strconv.ParseUint(number, 10, 64)
		if err != nil || unit != "kB" {
			return 0, fmt.Errorf("read memory: %s is %q", key, strings.TrimSpace(value))
		}
		return float64(kib) * 1024 / 1e6, nil
	}
	return 0, fmt.Errorf("read memory: no %s", key)
}

// OpenFiles is the number of descriptors that a process has open.
func OpenFiles(pid int) (int, error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return 0, fmt.Errorf("count open files: %w", err)
	}
	return len(entries), nil
}
