// SPDX-License-Identifier: Apache-2.0

package main

import (
	"sync"

	"go.uber.org/zap/zapcore"
)

// cannotOpen is what file_log logs at each poll, four times a second, about a file that is there but cannot be opened: a
// link to nowhere, a loop of links. (Missing permission it names once by itself.)
const cannotOpen = "Failed to open file"

// maxNamed bounds the memory for paths; beyond it files are named at each poll again.
const maxNamed = 10_000

// nameOnce makes the Collector's log name each file that cannot be opened once. All else passes unchanged.
func nameOnce(core zapcore.Core) zapcore.Core {
	return onceCore{Core: core, named: &named{paths: map[string]bool{}}}
}

// onceCore drops the repetitions of cannotOpen.
type onceCore struct {
	zapcore.Core
	named *named
}

func (c onceCore) With(fields []zapcore.Field) zapcore.Core {
	return onceCore{Core: c.Core.With(fields), named: c.named}
}

func (c onceCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if entry.Message != cannotOpen || !c.Enabled(entry.Level) {
		return c.Core.Check(entry, checked)
	}
	return checked.AddCore(entry, c)
}

func (c onceCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	for _, field := range fields {
		if field.Key == "original_path" && !c.named.first(field.String) {
			return nil
		}
	}
	return c.Core.Write(entry, fields)
}

// named is the set of paths that the log has named; several receivers share it.
type named struct {
	mu    sync.Mutex
	paths map[string]bool
}

func (n *named) first(path string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.paths[path] {
		return false
	}
	if len(n.paths) < maxNamed {
		n.paths[path] = true
	}
	return true
}
