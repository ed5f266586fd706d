// SPDX-License-Identifier: Apache-2.0

package queueconnector

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"
)

// grace is how long a shutdown waits for batches that are on their way. What has not
// arrived then stays in the queue, and may come twice.
const grace = 5 * time.Second

// queue answers its source when the data is in the queue, and takes it out when the next
// pipeline has taken it. It may be called from several goroutines.
type queue struct {
	exporter.Logs // The collector's queue and retry.

	next    consumer.Logs
	storage component.ID
	// sending ends when the batches on their way are given back to the queue.
	sending context.Context
	giveUp  context.CancelFunc
	grace   time.Duration

	once sync.Once
	err  error
}

func newQueue(ctx context.Context, set connector.Settings, config *Config, next consumer.Logs) (*queue, error) {
	q := &queue{next: next, grace: grace}
	q.sending, q.giveUp = context.WithCancel(context.Background())
	if c := config.QueueConfig.Get(); c != nil && c.StorageID != nil {
		q.storage = *c.StorageID
	}
	helper := exporter.Settings{ID: set.ID, TelemetrySettings: set.TelemetrySettings, BuildInfo: set.BuildInfo}
	var err error
	q.Logs, err = exporterhelper.NewLogs(ctx, helper, config, q.push,
		// The exporter behind has a timeout for each attempt, and tries for ever.
		exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{Timeout: 0}),
		exporterhelper.WithRetry(config.RetryConfig),
		exporterhelper.WithQueue(config.QueueConfig),
	)
	return q, err
}

// Start opens the storage. It is the only thing that can fail.
func (q *queue) Start(ctx context.Context, host component.Host) error {
	if _, ok := host.GetExtensions()[q.storage]; !ok && q.storage != (component.ID{}) {
		return fmt.Errorf("open storage client: storage extension '%s' not found", q.storage)
	}
	if err := q.Logs.Start(ctx, host); err != nil {
		return fmt.Errorf("open storage client: %w", err)
	}
	return nil
}

// push hands a batch on. It returns nil when the exporter behind has delivered it.
func (q *queue) push(ctx context.Context, ld plog.Logs) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(q.sending, cancel)()
	// A copy. The next pipeline may change what it gets, and has to get the same again;
	// and it counts who holds the data, which the queue has counted to its end already.
	handed := plog.NewLogs()
	ld.CopyTo(handed)
	err := q.next.ConsumeLogs(ctx, handed)
	if err != nil && q.sending.Err() != nil {
		return tryAgain{err} // Nobody was asked to the end, so nobody has refused it.
	}
	return verdict(err)
}

// Shutdown stops the queue. The exporter behind stops after it, and until then tries for
// ever: what has not arrived in the grace time is taken back. Further calls do nothing.
func (q *queue) Shutdown(ctx context.Context) error {
	q.once.Do(func() {
		defer q.giveUp()
		defer context.AfterFunc(ctx, q.giveUp)()
		defer time.AfterFunc(q.grace, q.giveUp).Stop()
		q.err = q.Logs.Shutdown(ctx)
	})
	return q.err
}
