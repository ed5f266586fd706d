// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// backlogRecords is the size of a backlog.
func backlogRecords(t testing.TB) int {
	return number(t, "TRIBUTARY_BENCH_RECORDS", 2_000_000)
}

// watchTime is how long a collector that has little to do is watched.
func watchTime(t testing.TB) time.Duration {
	return time.Duration(number(t, "TRIBUTARY_BENCH_SECONDS", 30)) * time.Second
}

// profileFolder is where profiles go; empty means none are taken.
func profileFolder() string { return os.Getenv("TRIBUTARY_BENCH_PROFILE") }

// collectorEnv is what is added to the environment of every collector.
func collectorEnv() []string { return strings.Fields(os.Getenv("TRIBUTARY_BENCH_ENV")) }

func number(t testing.TB, key string, otherwise int) int {
	t.Helper()
	given := os.Getenv(key)
	if given == "" {
		return otherwise
	}
	value, err := strconv.Atoi(given)
	if err != nil || value < 1 {
		t.Fatalf("%s is %q, not a positive number", key, given)
	}
	return value
}
