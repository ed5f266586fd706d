// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/tributary-otel/tributary/components/internal/journal"
)

// priorities are those of syslog(3), by number, with the severities that
// OpenTelemetry's data model gives them.
var priorities = []struct {
	name     string
	severity plog.SeverityNumber
}{
	{"emerg", plog.SeverityNumberFatal},
	{"alert", plog.SeverityNumberError3},
	{"crit", plog.SeverityNumberError2},
	{"err", plog.SeverityNumberError},
	{"warning", plog.SeverityNumberWarn},
	{"notice", plog.SeverityNumberInfo2},
	{"info", plog.SeverityNumberInfo},
	{"debug", plog.SeverityNumberDebug},
}

// info is the least important priority that is read when nobody says anything.
const info = 6

func parsePriority(text string) (int, error) {
	text = strings.TrimSpace(text)
	for n, p := range priorities {
		if text == p.name || text == strconv.Itoa(n) {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%q is no priority", text)
}

// priorityRange reads a priority, and all that are more important, or a range of them
// in either direction.
func priorityRange(setting string) (from, to int, err error) {
	first, last, isRange := strings.Cut(setting, "..")
	if !isRange {
		to, err = parsePriority(setting)
		return 0, to, err
	}
	if from, err = parsePriority(first); err != nil {
		return 0, 0, err
	}
	if to, err = parsePriority(last); err != nil {
		return 0, 0, err
	}
	return min(from, to), max(from, to), nil
}

// priorityFilter is nil when all are wanted.
func priorityFilter(setting string) (journal.Filter, error) {
	if setting == "" {
		return journal.Not{Filter: journal.Condition{Name: "PRIORITY", Test: func(value string) bool {
			n, err := strconv.Atoi(value)
			return err == nil && n > info
		}}}, nil
	}
	from, to, err := priorityRange(setting)
	if err != nil || from == 0 && to == len(priorities)-1 {
		return nil, err
	}
	var wanted []string
	for n := from; n <= to; n++ {
		wanted = append(wanted, strconv.Itoa(n))
	}
	return oneOf("PRIORITY", wanted), nil
}

// oneOf wants a field with one of these values.
func oneOf(name string, values []string) journal.Filter {
	return journal.Condition{Name: name, Test: func(value string) bool { return slices.Contains(values, value) }}
}

// facilities are those of syslog(3), by number.
var facilities = []string{
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
	"ntp", "security", "console", "solaris-cron", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
}

// parseFacility returns the number of a facility as the journal has it.
func parseFacility(text string) (string, error) {
	if n := slices.Index(facilities, text); n >= 0 {
		return strconv.Itoa(n), nil
	}
	// There may be more than have a name.
	if n, err := strconv.Atoi(text); err == nil && 0 <= n && n < 128 {
		return strconv.Itoa(n), nil
	}
	return "", fmt.Errorf("%q is no facility", text)
}
