// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/tributary-otel/tributary/components/lokiexporter/internal/metadata"
)

// trouble is the state of one call that cannot deliver: the status that it counts
// as waiting under, or "".
type trouble struct{ status string }

// troubles tells people what stands in the way: one message when it begins, changes
// or lasts, one when it is over, the component's status and a metric. It may be
// used by several goroutines.
type troubles struct {
	logger    *zap.Logger
	telemetry *metadata.TelemetryBuilder
	host      component.Host
	endpoint  string

	mu      sync.Mutex
	waiting int
	// began is zero when Loki takes everything; told is true when a message was
	// logged since.
	began time.Time
	told  bool
	// said is when each status was last named, also in a trouble before.
	said map[string]time.Time
}

// sayAgain is how often a trouble that lasts, or comes and goes, is named.
const sayAgain = time.Minute

// begin notes that a call could not deliver.
func (ts *troubles) begin(ctx context.Context, t *trouble, tenant string, a *answer) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if t.status != a.label() {
		ts.count(ctx, t.status, -1)
		t.status = a.label()
		ts.count(ctx, t.status, 1)
	}
	now := time.Now()
	begins, says := ts.began.IsZero(), now.Sub(ts.said[t.status]) >= sayAgain
	if begins {
		ts.began, ts.told = now, false
	}
	if begins || says {
		componentstatus.ReportStatus(ts.host, componentstatus.NewRecoverableErrorEvent(errors.New(a.Error())))
	}
	if !says {
		return
	}
	if ts.said == nil {
		ts.said = map[string]time.Time{}
	}
	ts.said[t.status], ts.told = now, true
	ts.logger.Warn("Loki does not take the logs. They wait and are sent again", zap.String("status", t.status),
		zap.String("answer", summary(a.text)), zap.String("tenant", tenant), zap.String("endpoint", ts.endpoint),
		zap.Int("waiting_requests", ts.waiting), zap.Duration("for", now.Sub(ts.began).Round(time.Second)))
}

// end notes that a call has nothing left that Loki did not take.
func (ts *troubles) end(ctx context.Context, t *trouble) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.count(ctx, t.status, -1)
	t.status = ""
	if ts.waiting > 0 || ts.began.IsZero() {
		return
	}
	if ts.told {
		ts.logger.Info("Loki takes the logs again", zap.String("endpoint", ts.endpoint),
			zap.Duration("after", time.Since(ts.began).Round(time.Millisecond)))
	}
	ts.began = time.Time{}
	componentstatus.ReportStatus(ts.host, componentstatus.NewEvent(componentstatus.StatusOK))
}

// leave notes that a call ends, perhaps without having delivered.
func (ts *troubles) leave(ctx context.Context, t *trouble) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.count(ctx, t.status, -1)
	t.status = ""
}

func (ts *troubles) count(ctx context.Context, status string, n int) {
	if status == "" {
		return
	}
	ts.waiting += n
	ts.telemetry.ExporterLokiWaitingRequests.Add(ctx, int64(n), metric.WithAttributes(statusAttribute(status)))
}

// quietLogger says the same thing at most once a minute.
type quietLogger struct {
	logger *zap.Logger
	mu     sync.Mutex
	said   map[string]time.Time
}

func (q *quietLogger) may(about string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	if now.Sub(q.said[about]) < sayAgain {
		return false
	}
	if q.said == nil {
		q.said = map[string]time.Time{}
	}
	q.said[about] = now
	return true
}

func (q *quietLogger) Warn(about, message string, fields ...zap.Field) {
	if q.may(about) {
		q.logger.Warn(message, fields...)
	}
}

func (q *quietLogger) Error(about, message string, fields ...zap.Field) {
	if q.may(about) {
		q.logger.Error(message, fields...)
	}
}
