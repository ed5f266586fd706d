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
	// seed is that of every row.
	seed = setting("TRIBUTARY_FAULT_SEED", uint64(time.Now().UnixNano())%1_000_000, unsigned)
	// wanted are the columns that run with all their rows, in place of a selection of rows and columns.
	wanted = setting("TRIBUTARY_FAULTS", 0, func(text string) (columns, error) {
		switch text {
		case "ours":
			return ours, nil
		case "all":
			return ours | upstream, nil
		default:
			return 0, fmt.Errorf("%q is neither \"ours\" nor \"all\"", text)
		}
	})
	// reportPath is the document whose table is written; none without it.
	reportPath = os.Getenv("TRIBUTARY_FAULT_REPORT")
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
	// journalWindowBytes is the same for the journal, of which one batch is on its way at a time.
	journalWindowBytes = 2 << 20
	// lagLimit is how far behind a collector may be that has recovered.
	lagLimit = 5 * time.Second
	// neighbourLimit is the same while only others are in trouble; a machine that runs other tests gets as much again.
	neighbourLimit = 2 * lagLimit
	// resignation is after how much silence a pipeline of others is taken to have lost what is missing. It pauses for 5 s at
	// most.
	resignation = 15 * time.Second
	// exitLimit is how long an exit may take while the backend answers.
	exitLimit = 15 * time.Second
	// recovery is how long it may take until lines flow again, once what stood in the way is gone.
	recovery = 60 * time.Second
	// graceLimit is how long an exit may take while it does not: kubelet kills after 30 s.
	graceLimit = 30 * time.Second
	// memoryLimit is how much memory the collector may have, in MiB.
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
