// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/tributary-otel/tributary/components/internal/tail"
)

// The kinds of anomalies in lines; those of files are in internal/tail.
const (
	// unknownLine is a line that no runtime writes. It is sent as it is.
	unknownLine tail.Trouble = "unknown_line"
	// badTime is a line whose time is missing or impossible.
	badTime tail.Trouble = "bad_time"
	// badTag is a CRI line that is neither full nor partial. It is taken as full.
	badTag tail.Trouble = "bad_tag"
	// invalidUTF8 is a line that is no UTF-8. See Config.InvalidUTF8.
	invalidUTF8 tail.Trouble = "invalid_utf8"
	// longJoin is a line that the runtime has split and that is sent in pieces, since
	// all of it would be too long.
	longJoin tail.Trouble = "long_line"
	// unfinishedJoin is a line of which the last piece never came.
	unfinishedJoin tail.Trouble = "unfinished_line"
)

var kinds = []tail.Trouble{
	tail.NotRegular, tail.LinkOutside, tail.Unreadable, tail.Missing, tail.Truncated, tail.DamagedArchive, tail.Unfinished,
	tail.LongLine, tail.WatchFailed, tail.WatchOverflow, tail.Spilled, tail.SpillFailed, tail.SpillDamaged, tail.Skipped,
	unknownLine, badTime, badTag, invalidUTF8,
}

// trouble counts what is unusual, and says so in the log, not too often.
type trouble struct {
	logger *zap.Logger
	health *health
	counts map[tail.Trouble]*atomic.Int64

	mu     sync.Mutex
	logged map[tail.Trouble]*quota
}

// quota is how much may still be said of a kind.
type quota struct {
	since time.Time
	n     int
}

const (
	quotaInterval = time.Minute
	maxLogged     = 10
)

// hints say what to do.
var hints = map[tail.Trouble]string{
	tail.NotRegular:     "a name of a log file that is none; it is left alone",
	tail.LinkOutside:    "a link out of the log folders; it is not followed",
	tail.Unreadable:     "cannot be read; it is tried again. The collector needs the right to read it: root, group 0, or CAP_DAC_READ_SEARCH",
	tail.Missing:        "there is no such folder; it is looked for again. In a container it has to be mounted",
	tail.Truncated:      "a file was truncated or written anew",
	tail.DamagedArchive: "an archive is damaged; what is before the damage was read",
	tail.Unfinished:     "a last line without an end was sent as it is",
	tail.LongLine:       "a line above max_line_bytes is sent in pieces",
	tail.WatchFailed:    "changes are not reported by the kernel; the folders are looked at instead. fs.inotify.max_user_watches or max_user_instances may be too small",
	tail.WatchOverflow:  "the kernel had more changes than it could report; all folders are looked at",
	tail.Spilled:        "a file was deleted before it was delivered; the rest of it was copied aside",
	tail.SpillFailed:    "the rest of a deleted file could not be copied aside; while the collector runs it is still read",
	tail.SpillDamaged:   "a copy of a deleted file is damaged; what can be read of it is sent",
	tail.Skipped:        "a file is older than max_age and is not read",
}

func newTrouble(logger *zap.Logger, health *health) *trouble {
	t := &trouble{logger: logger, health: health, counts: map[tail.Trouble]*atomic.Int64{}, logged: map[tail.Trouble]*quota{}}
	for _, kind := range kinds {
		t.counts[kind] = &atomic.Int64{}
	}
	return t
}

// count is for what happens in lines, which may be millions.
func (t *trouble) count(kind tail.Trouble) {
	if n := t.counts[kind]; n != nil {
		n.Add(1)
	}
}

// Trouble counts and logs.
func (t *trouble) Trouble(kind tail.Trouble, path string, err error) {
	t.count(kind)
	if kind == tail.Unreadable || kind == tail.Missing {
		t.health.read(fmt.Errorf("%w: %s", err, hints[kind]))
	}
	if !t.mayLog(kind) {
		return
	}
	log := t.logger.Warn
	switch kind {
	case tail.Missing, tail.Spilled, tail.Skipped, tail.Unfinished:
		log = t.logger.Info
	}
	fields := []zap.Field{zap.String("kind", string(kind)), zap.String("file", path)}
	if err != nil {
		fields = append(fields, zap.Error(err))
	}
	log("Container logs: "+hints[kind], fields...)
}

func (t *trouble) mayLog(kind tail.Trouble) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.logged[kind]
	if q == nil || time.Since(q.since) > quotaInterval {
		q = &quota{since: time.Now()}
		t.logged[kind] = q
	}
	q.n++
	return q.n <= maxLogged
}
