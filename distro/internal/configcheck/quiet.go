// SPDX-License-Identifier: Apache-2.0

package configcheck

import (
	"slices"

	"go.uber.org/zap/zapcore"
)

// startErrors are the log lines with which the service repeats the error that it also returns. They have a
// stack trace, no setting, and whatever secret the error quotes.
var startErrors = []string{
	"error found during service initialization", "Failed to start component", "Failed to start extension",
}

// quietCore drops the start errors.
type quietCore struct{ zapcore.Core }

func withoutStartErrors(core zapcore.Core) zapcore.Core { return quietCore{core} }

func (c quietCore) With(fields []zapcore.Field) zapcore.Core { return quietCore{c.Core.With(fields)} }

func (c quietCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if entry.Level == zapcore.ErrorLevel && slices.Contains(startErrors, entry.Message) {
		return checked
	}
	return c.Core.Check(entry, checked)
}
