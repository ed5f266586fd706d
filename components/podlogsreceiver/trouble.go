// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"fmt"

	"go.uber.org/zap"

	"github.com/tributary-otel/tributary/components/internal/anomaly"
	"github.com/tributary-otel/tributary/components/internal/outlet"
	"github.com/tributary-otel/tributary/components/internal/rights"
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
	// unparsedLine is one of which the parser that the pod's owner has set makes nothing.
	unparsedLine tail.Trouble = "unparsed_line"
	// unknownPod is one of which nothing is known in time.
	unknownPod tail.Trouble = "unknown_pod"
	// badAnnotation is one of the owner's that is ignored.
	badAnnotation tail.Trouble = "bad_annotation"
	// longRecord is a record of several lines that is sent in pieces.
	longRecord tail.Trouble = "long_record"
	// unfinishedJoin is a line of which the last piece never came.
	unfinishedJoin tail.Trouble = "unfinished_line"
)

// kinds are all kinds, with what to do. Those of lines are only counted.
var kinds = []anomaly.Kind[tail.Trouble]{
	{Name: tail.NotRegular, Hint: "a name of a log file that is none; it is left alone"},
	{Name: tail.LinkOutside, Hint: "a link out of the log folders; it is not followed"},
	{Name: tail.Unreadable, Hint: "cannot be read; it is tried again"},
	{Name: tail.FewDescriptors, Hint: "there are more log files than the process may open; those that are delivered are closed meanwhile"},
	{Name: tail.Missing, Hint: "there is no such folder; it is looked for again. In a container it has to be mounted: hostPath in Kubernetes", Usual: true},
	{Name: tail.Truncated, Hint: "a file was truncated or written anew"},
	{Name: tail.DamagedArchive, Hint: "an archive is damaged; what is before the damage was read"},
	{Name: tail.Unfinished, Hint: "a last line without an end was sent as it is", Usual: true},
	{Name: tail.LongLine, Hint: "a line above max_line_bytes is sent in pieces"},
	{Name: tail.WatchFailed, Hint: "changes are not reported by the kernel; the folders are looked at instead. fs.inotify.max_user_watches or max_user_instances may be too small"},
	{Name: tail.WatchOverflow, Hint: "the kernel had more changes than it could report; all folders are looked at"},
	{Name: tail.Spilled, Hint: "a file was deleted before it was delivered; the rest of it was copied aside", Usual: true},
	{Name: tail.SpillFailed, Hint: "the rest of a deleted file could not be copied aside; while the collector runs it is still read"},
	{Name: tail.SpillDamaged, Hint: "a copy of a deleted file is damaged; what can be read of it is sent"},
	{Name: tail.Skipped, Hint: "a file is older than max_age and is not read", Usual: true},
	{Name: longRecord},
	{Name: unknownLine},
	{Name: badTime},
	{Name: badTag},
	{Name: invalidUTF8},
	{Name: unparsedLine},
	{Name: unknownPod, Hint: "nothing is known of a pod after metadata_timeout; its lines have the identity from the path until something is"},
	{Name: badAnnotation, Hint: "an annotation is wrong and ignored"},
}

// trouble counts what is unusual, and says so in the log, not too often.
type trouble struct {
	*anomaly.Book[tail.Trouble]
	health *outlet.Health
}

func newTrouble(logger *zap.Logger, health *outlet.Health) *trouble {
	return &trouble{Book: anomaly.NewBook(logger, "Container logs", kinds), health: health}
}

func (t *trouble) tell(kind tail.Trouble, path string, err error) {
	fields := []zap.Field{zap.String("file", path)}
	if err != nil {
		fields = append(fields, zap.Error(err))
	}
	if kind == tail.Unreadable || kind == tail.Missing {
		hint := t.Hint(kind)
		if needs := rights.Explain(path, err); needs != "" {
			hint += ". " + needs
			fields = append(fields, zap.String("needs", needs))
		}
		t.health.Read(fmt.Errorf("%w: %s", err, hint))
	}
	t.Tell(kind, fields...)
}
