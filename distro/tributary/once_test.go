// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestAFileThatCannotBeOpenedIsNamedOnce(t *testing.T) {
	core, logs := observer.New(zapcore.InfoLevel)
	logger := zap.New(core, zap.WrapCore(nameOnce))
	receiver := logger.With(zap.String("otelcol.component.id", "file_log"))
	for range 3 {
		receiver.Error(cannotOpen, zap.String("original_path", "/var/log/a"))
		logger.Error(cannotOpen, zap.String("original_path", "/var/log/a"))
		logger.Error(cannotOpen, zap.String("original_path", "/var/log/b"))
		logger.Info("Another message", zap.String("original_path", "/var/log/a"))
		logger.Debug(cannotOpen, zap.String("original_path", "/var/log/c"))
	}
	assert.Equal(t, 2, logs.FilterMessage(cannotOpen).Len(), "one line for each path")
	assert.Equal(t, 3, logs.FilterMessage("Another message").Len(), "nothing else is dropped")
	assert.Equal(t, "file_log", logs.FilterMessage(cannotOpen).All()[0].ContextMap()["otelcol.component.id"])
}
