// SPDX-License-Identifier: Apache-2.0

package severityprocessor

// level is a severity number of the OpenTelemetry log data model: 1 to 24, four to each of six ranges. Zero
// is none.
type level int8

const (
	none       level = 0
	traceLevel level = 1
	debugLevel level = 5
	infoLevel  level = 9
	warnLevel  level = 13
	errorLevel level = 17
	fatalLevel level = 21

	// What the table of example mappings in the data model's appendix puts between them.
	fineLevel     = debugLevel + 1
	configLevel   = debugLevel + 2
	noticeLevel   = infoLevel + 1
	criticalLevel = errorLevel + 1
	alertLevel    = errorLevel + 2

	lowestLevel  = traceLevel
	highestLevel = fatalLevel + 3
)

// rangeNames are the normal form of the severity text.
var rangeNames = [...]string{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}

// name is the normal form: the name of the range that the level is in. None has no name.
func (l level) name() string {
	if l < lowestLevel || l > highestLevel {
		return ""
	}
	return rangeNames[(l-lowestLevel)/4]
}

// syslogLevels are the severities of syslog, from emergency to debug.
var syslogLevels = [8]level{
	fatalLevel, alertLevel, criticalLevel, errorLevel, warnLevel, noticeLevel, infoLevel, debugLevel,
}
