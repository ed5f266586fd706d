// SPDX-License-Identifier: Apache-2.0

package severityprocessor

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestValuesOfLevelKeys(t *testing.T) {
	for want, values := range map[string]string{
		"TRACE":  "trace TRC trce TRAC finest silly T V TRACE1 10 INFO-8 DEBUG-4 DEBUG-99",
		"TRACE2": "TRACE2",
		"DEBUG":  "debug DBG dbug DEBU verbose finer D DEBUG1 DEBUG5 20 100 INFO-4",
		"DEBUG2": "fine DEBUG2 DEBUG+1",
		"DEBUG3": "config DEBUG3",
		"DEBUG4": "DEBUG4 INFO-1",
		"INFO":   "info INF information Informational log I INFO1 30 200 INFO+0",
		"INFO2":  "notice N INFO2 INFO+1 250",
		"INFO3":  "INFO3 INFO+2",
		"WARN":   "warn warning WRN W WARN1 40 300 INFO+4",
		"WARN4":  "WARN4 ERROR-1",
		"ERROR":  "error err eror ERRO severe E ERROR1 50 400 WARN+4",
		"ERROR2": "critical crit CRT C dpanic ERROR2 500",
		"ERROR3": "alert ERROR3 550 ERROR+2",
		"FATAL":  "fatal FATA ftl panic PANI PNC emerg emergency F FATAL1 60 600 ERROR+4",
		"FATAL4": "FATAL4 ERROR+7 ERROR+999 FATAL+9",
		"none": "x high low none ok success unknown default note system hint fail off all A B i e d X " +
			"0 1 7 8 11 25 41 70 99 101 700 800 1000 0x1e 30.0 -30 3O " +
			"INFO0 INFO5 WARN6 NOTICE2 CRITICAL2 ERROR10 DEBUG6 FINE2 ERR2 INFO+ INFO- INFO+x INFO+1000 +1 INFO*1 XINFO+1 FINE+1 NOTICE+1 " +
			"INFO,WARN [info] infos errors warn1ng informationals inf0 ínfo ERROR\x00 level",
	} {
		for value := range strings.FieldsSeq(values) {
			assert.Equal(t, shortNames[want], levelOfValue(1, value), value)
			assert.Equal(t, shortNames[want], levelOfValue(1, "  "+value+" "), "%s within blanks", value)
			if len(value) > 1 {
				assert.Equal(t, shortNames[want], levelOfValue(1, strings.ToLower(value)), "%s in lower case", value)
				assert.Equal(t, shortNames[want], levelOfValue(1, strings.ToUpper(value)), "%s in upper case", value)
			}
		}
	}
	assert.Equal(t, none, levelOfValue(1, ""))
	assert.Equal(t, none, levelOfValue(1, "   "))
	assert.Equal(t, none, levelOfValue(severityRank, "30"), "scales of severity differ")
}

func TestKeysOfALevel(t *testing.T) {
	for _, key := range []string{
		"level", "severity", "log.level", "lvl", "levelname", "level_name", "@level", "@l", "severity_text", "severityText",
		"loglevel", "Level", "LEVEL", "Severity", "LogLevel", "logLevel", "Log.Level",
	} {
		assert.Positive(t, keyRank(key), key)
	}
	for _, key := range []string{
		"", "l", "L", "@L", "lv", "lvx", "levels", "level1", "a.level", "log-level", "log_level", "logslevel", "levelnames",
		"level.name", "level-name", "severities", "severity_number", "severity-text", "severitytexts", "sev", "priority",
		"levél", "loglevels", "@levels", "xlevel", "error", "logger", "message8", "message90", "message100", "message_1200",
		"lEvel ", "`evel", "level_value",
	} {
		assert.Zero(t, keyRank(key), key)
	}
}

func TestBetterKeysComeFirst(t *testing.T) {
	order := []string{"level", "severity", "log.level", "lvl", "levelname", "@level", "@l", "severitytext", "loglevel"}
	for i, key := range order[1:] {
		assert.Less(t, keyRank(order[i]), keyRank(key), "%s before %s", order[i], key)
	}
	assert.Equal(t, keyRank("levelname"), keyRank("level_name"))
	assert.Equal(t, keyRank("severitytext"), keyRank("severity_text"))
}

func TestNameOfALevelIsThatOfItsRange(t *testing.T) {
	for short, l := range shortNames {
		if l != none {
			assert.Equal(t, strings.TrimRight(short, "234"), l.name())
		}
	}
	assert.Empty(t, none.name())
	assert.Empty(t, (highestLevel + 1).name())
	assert.Empty(t, level(-1).name())
}

func TestSeveritiesOfSyslog(t *testing.T) {
	for n, want := range []string{"FATAL", "ERROR3", "ERROR2", "ERROR", "WARN", "INFO2", "INFO", "DEBUG"} {
		assert.Equal(t, shortNames[want], levelOfSyslog(n), n)
	}
	assert.Equal(t, none, levelOfSyslog(-1))
	assert.Equal(t, none, levelOfSyslog(8))
}
