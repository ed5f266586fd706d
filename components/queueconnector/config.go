// SPDX-License-Identifier: Apache-2.0

package queueconnector

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
)

// Config is what a user sets. The names and meanings are those of every exporter.
type Config struct {
	// QueueConfig is the queue. `storage` has no default and is required. Default: up
	// to 1 GiB, the source waits when it is full, batches of 1 to 4 MiB that leave after
	// 500ms at the latest, 8 of them at a time.
	QueueConfig configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`
	// RetryConfig says how a batch is tried again (default: for ever, up to 30s apart).
	RetryConfig configretry.BackOffConfig `mapstructure:"retry_on_failure"`

	// prevent unkeyed literal initialization
	_ struct{}
}

var _ component.Config = (*Config)(nil)

func createDefaultConfig() component.Config {
	queue := exporterhelper.NewDefaultQueueConfig()
	queue.Sizer = exporterhelper.RequestSizerTypeBytes
	queue.QueueSize = 1 << 30
	queue.BlockOnOverflow = true
	queue.NumConsumers = 8
	queue.Batch = configoptional.Some(exporterhelper.BatchConfig{
		Sizer:        exporterhelper.RequestSizerTypeBytes,
		MinSize:      1 << 20,
		MaxSize:      4 << 20,
		FlushTimeout: 500 * time.Millisecond,
	})
	retry := configretry.NewDefaultBackOffConfig()
	retry.MaxInterval = 30 * time.Second
	retry.MaxElapsedTime = 0 // Nothing is given up.
	return &Config{QueueConfig: configoptional.Some(queue), RetryConfig: retry}
}

// Validate refuses every setting with which the queue could lose data. Whoever wants to
// lose some has the queue of the exporter.
func (c *Config) Validate() error {
	var errs []error
	if !c.QueueConfig.HasValue() {
		errs = append(errs, errors.New("`sending_queue::enabled` must be true; leave the connector out where no queue is wanted"))
	} else {
		queue := c.QueueConfig.Get()
		if queue.StorageID == nil {
			errs = append(errs, errors.New("`sending_queue::storage` must name a storage extension, such as file_storage; a queue in memory is gone with the process"))
		}
		if !queue.BlockOnOverflow {
			errs = append(errs, errors.New("`sending_queue::block_on_overflow` must be true; a full queue that refuses data loses it"))
		}
	}
	if !c.RetryConfig.Enabled {
		errs = append(errs, errors.New("`retry_on_failure::enabled` must be true; without it the first failure loses a batch"))
	} else if c.RetryConfig.MaxElapsedTime != 0 {
		errs = append(errs, fmt.Errorf("`retry_on_failure::max_elapsed_time` must be 0, which is for ever, got %s", c.RetryConfig.MaxElapsedTime))
	}
	return errors.Join(errs...)
}
