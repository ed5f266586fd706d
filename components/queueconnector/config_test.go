// SPDX-License-Identifier: Apache-2.0

package queueconnector

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
)

func TestOneSettingIsEnough(t *testing.T) {
	config := readConfig(t, "sending_queue: {storage: file_storage}")
	require.NoError(t, config.Validate())
	queue := config.QueueConfig.Get()
	assert.True(t, queue.BlockOnOverflow)
	assert.EqualValues(t, 1<<30, queue.QueueSize)
	assert.Equal(t, exporterhelper.RequestSizerTypeBytes, queue.Sizer)
	assert.EqualValues(t, 4<<20, queue.Batch.Get().MaxSize)
	assert.Equal(t, exporterhelper.RequestSizerTypeBytes, queue.Batch.Get().Sizer)
	assert.True(t, config.RetryConfig.Enabled)
	assert.Zero(t, config.RetryConfig.MaxElapsedTime)
	assert.Equal(t, 30*time.Second, config.RetryConfig.MaxInterval)
}

func TestWhatWouldLoseDataIsRefused(t *testing.T) {
	for _, tt := range []struct{ name, settings, err string }{
		{"no storage", "{}", "`sending_queue::storage` must name a storage extension"},
		{"no queue", "sending_queue: {enabled: false}", "`sending_queue::enabled` must be true"},
		{"a queue that refuses", "sending_queue: {storage: file_storage, block_on_overflow: false}", "`sending_queue::block_on_overflow` must be true"},
		{"no retry", "{sending_queue: {storage: file_storage}, retry_on_failure: {enabled: false}}", "`retry_on_failure::enabled` must be true"},
		{"a retry that ends", "{sending_queue: {storage: file_storage}, retry_on_failure: {max_elapsed_time: 5m}}", "`retry_on_failure::max_elapsed_time` must be 0, which is for ever, got 5m0s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.ErrorContains(t, readConfig(t, tt.settings).Validate(), tt.err)
		})
	}
	err := readConfig(t, "{sending_queue: {block_on_overflow: false}, retry_on_failure: {enabled: false}}").Validate()
	require.Error(t, err)
	for _, part := range []string{"storage", "block_on_overflow", "retry_on_failure"} {
		assert.ErrorContains(t, err, part, "all at once")
	}
}
