// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// What the environment can change, for long runs and for failures that are to be seen again. doc.go lists it.
var (
	// seedGiven is the seed of every row; 0 means one of the clock.
	seedGiven = setting("TRIBUTARY_FAULT_SEED", 0, unsigned)
	// everyRow runs the deep rows too.
	everyRow = os.Getenv("TRIBUTARY_FAULTS") == "all"
	// times multiplies the number of repetitions in a row.
	times = setting("TRIBUTARY_FAULT_TIMES", 1, strconv.Atoi)
	// patience is how long a healthy pipeline may take to deliver what is left.
	patience = setting("TRIBUTARY_FAULT_WAIT", 60*time.Second, time.ParseDuration)
	// lineMiB is the size of the line without an end, in MiB.
	lineMiB = setting("TRIBUTARY_FAULT_LINE_MIB", 200, strconv.Atoi)
	// extraArgs are further arguments of the collector, separated by blanks.
	extraArgs = strings.Fields(os.Getenv("TRIBUTARY_FAULT_ARGS"))
)

// Numbers that are promised, and therefore no settings.
const (
	// readable is how long a line has to be readable to be delivered: 2 s are promised, and a machine that runs other
	// tests at the same time gets as much again.
	readable = 2 * 2 * time.Second
	// windowBytes is what may be on its way when a crash comes, and come twice because of it.
	windowBytes = 32 << 20
	// exitLimit is how long an exit may take while the backend answers.
	exitLimit = 15 * time.Second
	// recovery is how long it may take until lines flow again, once what stood in the way is gone.
	recovery = 60 * time.Second
	// graceLimit is how long an exit may take while it does not: kubelet kills after 30 s.
	graceLimit = 30 * time.Second
	// memoryLimit is how much the collector may hold beyond what it holds when idle, in MiB.
	memoryLimit = 150
)

func setting[T any](name string, otherwise T, parse func(string) (T, error)) T {
	given := os.Getenv(name)
	if given == "" {
		return otherwise
	}
	value, err := parse(given)
	if err != nil {
		panic(fmt.Errorf("read %s: %w", name, err))
	}
	return value
}

func unsigned(text string) (uint64, error) { return strconv.ParseUint(text, 10, 64) }
