// SPDX-License-Identifier: Apache-2.0

package kafkareceiver

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
)

func load(settings map[string]any) (*Config, error) {
	config := NewFactory().CreateDefaultConfig().(*Config)
	if err := confmap.NewFromStringMap(settings).Unmarshal(config); err != nil {
		return nil, err
	}
	return config, confmap.Validate(config)
}

func TestSettingsAreUpstreamsAndOurs(t *testing.T) {
	config, err := load(map[string]any{
		"brokers": []any{"a:9092"}, "group_id": "g", "message_marking": map[string]any{"after": true, "on_error": true},
		"dead_letter": map[string]any{"path": "/tmp/kafka.jsonl"},
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"a:9092"}, config.ClientConfig.Brokers)
	assert.Equal(t, "g", config.ConsumerConfig.GroupID)
	assert.True(t, config.MessageMarking.OnPermanentError, "as upstream has it: what on_error says")
	assert.Equal(t, "/tmp/kafka.jsonl", config.DeadLetter.Path)
	assert.Equal(t, int64(100<<20), config.DeadLetter.MaxBytes)
	require.NoError(t, componenttest.CheckConfigStruct(config))
}

func TestWrongSettingsAreRefused(t *testing.T) {
	for name, settings := range map[string]map[string]any{
		"has invalid keys: brokrs":                           {"brokrs": "a:9092"},
		"has invalid keys: file":                             {"dead_letter": map[string]any{"file": "x"}},
		"`dead_letter::max_bytes` must be at least 1048576":  {"dead_letter": map[string]any{"max_bytes": 5}},
		"initial_offset should be one of":                    {"initial_offset": "middle"},
		"partition_processing.independent requires autocomm": {"partition_processing": map[string]any{"independent": true}, "autocommit": map[string]any{"enable": false}},
	} {
		_, err := load(settings)
		assert.ErrorContains(t, err, name)
	}
}
