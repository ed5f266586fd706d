// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/tributary-otel/tributary/components/checkpointstorageextension/internal/metadata"
)

// sayAgain is how often a trouble that lasts, or comes and goes, is named in the log.
const sayAgain = time.Minute

// troubles tells people what happens to the state: the log, the metrics, and the
// status of the extension, which is a recoverable error as long as the newest state
// of anybody is in memory only. It may be used by several goroutines.
type troubles struct {
	directory string
	logger    *zap.Logger
	telemetry *metadata.TelemetryBuilder

	mu sync.Mutex
	// host is nil until the extension starts.
	host component.Host
	// unsaved holds the owners whose last write failed.
	unsaved map[string]bool
	// ill is true from the first report of an error until the one that all is well.
	ill bool
	// said is when the log last named a trouble; told is true when it named this one.
	said time.Time
	told bool
}

// started takes the host, and what is wrong with the folder already, or nil.
func (ts *troubles) started(host component.Host, err error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.host = host
	if err != nil {
		ts.reportLocked(err)
	}
}

// opened tells about snapshots that could not be used.
func (ts *troubles) opened(o owner, newest *snapshot, bad []unusable) {
	for _, b := range bad {
		ts.telemetry.ExtensionCheckpointStorageDamagedSnapshots.Add(context.Background(), 1,
			metric.WithAttributes(attribute.String("reason", b.damage.reason)))
		ts.logger.Error("A checkpoint is damaged", zap.String("component", o.label), zap.String("directory", ts.directory),
			zap.String("file", b.file), zap.String("reason", b.damage.reason), zap.Error(b.damage))
	}
	switch {
	case len(bad) == 0:
	case newest != nil:
		ts.logger.Warn("The other checkpoint is good. It may be one write older", zap.String("component", o.label),
			zap.String("directory", ts.directory))
	default:
		ts.telemetry.ExtensionCheckpointStorageEmptyStarts.Add(context.Background(), 1)
		ts.logger.Error("No checkpoint can be used. The component begins as on its first start: what it has delivered may be delivered again",
			zap.String("component", o.label), zap.String("directory", ts.directory))
	}
}

// keptAside tells where a damaged snapshot is now.
func (ts *troubles) keptAside(o owner, file, name string, err error) {
	if err != nil {
		ts.logger.Warn("The damaged checkpoint cannot be kept aside. A later write replaces it", zap.String("component", o.label),
			zap.String("directory", ts.directory), zap.String("file", file), zap.Error(err))
		return
	}
	ts.logger.Info("The damaged checkpoint is kept", zap.String("component", o.label),
		zap.String("directory", ts.directory), zap.String("file", file), zap.String("as", name))
}

// large warns of a state that this storage is not made for.
func (ts *troubles) large(o owner, size int) {
	ts.logger.Warn("The state is large, and each change writes all of it. file_storage suits this component better",
		zap.String("component", o.label), zap.Int("bytes", size))
}

// wrote tells how a write went.
func (ts *troubles) wrote(o owner, size int, took time.Duration, err error) {
	outcome := "saved"
	if err != nil {
		outcome = "failed"
	}
	ts.telemetry.ExtensionCheckpointStorageWriteDuration.Record(context.Background(), took.Seconds(),
		metric.WithAttributes(attribute.String("outcome", outcome)))
	if err == nil {
		ts.telemetry.ExtensionCheckpointStorageWritten.Add(context.Background(), int64(size))
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if err == nil {
		ts.wellLocked(o)
		return
	}
	if !ts.unsaved[o.name] {
		ts.unsaved[o.name] = true
		ts.telemetry.ExtensionCheckpointStorageUnsaved.Add(context.Background(), 1)
	}
	ts.reportLocked(err)
}

// closed forgets an owner.
func (ts *troubles) closed(o owner) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.unsaved[o.name] {
		ts.wellLocked(o)
	}
}

func (ts *troubles) wellLocked(o owner) {
	if ts.unsaved[o.name] {
		delete(ts.unsaved, o.name)
		ts.telemetry.ExtensionCheckpointStorageUnsaved.Add(context.Background(), -1)
	}
	if !ts.ill || len(ts.unsaved) > 0 {
		return
	}
	if ts.told {
		ts.logger.Info("The checkpoints are on the disk again", zap.String("directory", ts.directory))
	}
	ts.ill, ts.told = false, false
	ts.statusLocked(componentstatus.NewEvent(componentstatus.StatusOK))
}

func (ts *troubles) reportLocked(err error) {
	now := time.Now()
	begins, says := !ts.ill, now.Sub(ts.said) >= sayAgain
	ts.ill = true
	if begins || says {
		ts.statusLocked(componentstatus.NewRecoverableErrorEvent(err))
	}
	if !says {
		return
	}
	ts.said, ts.told = now, true
	ts.logger.Error("Checkpoints are in memory only. After a restart, what was delivered since may be delivered again",
		zap.String("directory", ts.directory), zap.Error(err))
}

func (ts *troubles) statusLocked(event *componentstatus.Event) {
	if ts.host != nil {
		componentstatus.ReportStatus(ts.host, event)
	}
}
