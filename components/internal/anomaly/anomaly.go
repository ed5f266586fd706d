// SPDX-License-Identifier: Apache-2.0

// Package anomaly counts what is unusual, by kind, and says so in the log, not too often.
package anomaly

import (
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Kind says how an anomaly is told.
type Kind[K ~string] struct {
	Name K
	// Hint says what it is and what to do. A kind without one is only counted.
	Hint string
	// Usual is one that somebody wants to know of and that is no reason to worry.
	Usual bool
}

// Book counts the anomalies of one component. It may be used by several goroutines.
type Book[K ~string] struct {
	logger *zap.Logger
	// subject begins each message.
	subject string
	kinds   map[K]*entry[K]

	mu sync.Mutex
}

type entry[K ~string] struct {
	Kind[K]
	count atomic.Int64
	// since and logged say how much was said of it lately.
	since  time.Time
	logged int
}

const (
	quotaInterval = time.Minute
	maxLogged     = 10
)

// NewBook returns a book of these kinds.
func NewBook[K ~string](logger *zap.Logger, subject string, kinds []Kind[K]) *Book[K] {
	b := &Book[K]{logger: logger, subject: subject, kinds: make(map[K]*entry[K], len(kinds))}
	for _, kind := range kinds {
		b.kinds[kind.Name] = &entry[K]{Kind: kind}
	}
	return b
}

// Count adds one. It is for what may happen millions of times. A kind that is not in the
// book is not counted.
func (b *Book[K]) Count(kind K) { b.Add(kind, 1) }

// Add adds several.
func (b *Book[K]) Add(kind K, n int64) {
	if e := b.kinds[kind]; e != nil {
		e.count.Add(n)
	}
}

// Of returns how often it was counted.
func (b *Book[K]) Of(kind K) int64 {
	if e := b.kinds[kind]; e != nil {
		return e.count.Load()
	}
	return 0
}

// Hint returns that of a kind, "" if it has none.
func (b *Book[K]) Hint(kind K) string {
	if e := b.kinds[kind]; e != nil {
		return e.Hint
	}
	return ""
}

// Tell counts and logs, at most ten times a minute for each kind.
func (b *Book[K]) Tell(kind K, fields ...zap.Field) {
	e := b.kinds[kind]
	if e == nil {
		return
	}
	e.count.Add(1)
	if !b.mayLog(e) {
		return
	}
	level := zapcore.WarnLevel
	if e.Usual {
		level = zapcore.InfoLevel
	}
	b.logger.Log(level, b.subject+": "+e.Hint, append([]zap.Field{zap.String("kind", string(kind))}, fields...)...)
}

func (b *Book[K]) mayLog(e *entry[K]) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now := time.Now(); now.Sub(e.since) > quotaInterval {
		e.since, e.logged = now, 0
	}
	e.logged++
	return e.logged <= maxLogged
}
