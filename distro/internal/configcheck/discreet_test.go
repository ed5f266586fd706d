// SPDX-License-Identifier: Apache-2.0

package configcheck_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"go.opentelemetry.io/collector/confmap"

	"github.com/tributary-otel/tributary/distro/internal/configcheck"
)

// discreet returns a logger as the Collector makes it after it has read the files, and what it writes.
func discreet(t *testing.T, files ...string) (*zap.Logger, *bytes.Buffer) {
	set := settings(files...)
	checker := configcheck.New(set.Factories)
	checker.Install(&set)
	var written bytes.Buffer
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m", LevelKey: "l", EncodeLevel: zapcore.LowercaseLevelEncoder}),
		zapcore.AddSync(&written), zapcore.InfoLevel)
	logger := zap.New(core, set.LoggingOptions...)
	resolver, err := confmap.NewResolver(set.ConfigProviderSettings.ResolverSettings)
	require.NoError(t, err)
	_, err = resolver.Resolve(t.Context())
	require.NoError(t, err)
	return logger, &written
}

func TestTheLogKeepsSecrets(t *testing.T) {
	t.Setenv("TOKEN", "hunter2-env")
	files := write(t, good, `
exporters:
  otlp_http/a: {endpoint: "http://user:hunter2-url@h:1/?key=hunter2-query", headers: {x-honeycomb-team: "hunter2-header", X-Scope-OrgID: shop}}
  otlp_http/b: {endpoint: "http://h:1", headers: {authorization: "Bearer ${env:TOKEN}"}}
extensions:
  basicauth: {client_auth: {username: u, password_file: c.yaml}}
  bearertokenauth: {filename: d.yaml}
`, "hunter2-passwordfile", "hunter2-tokenfile\n")
	logger, written := discreet(t, files[:2]...)
	const all = "hunter2-url hunter2-query hunter2-header hunter2-env hunter2-passwordfile hunter2-tokenfile"
	logger.Info(all)
	logger.Info("m", zap.String("a", all), zap.Error(errors.New(all)), zap.Error(fmt.Errorf("x: %w", errors.Join(errors.New(all), errors.New(all)))))
	logger.Info("m", zap.Any("a", map[string][]string{"x-api-key": {"hunter2-header"}}), zap.Strings("b", []string{all}), zap.ByteString("c", []byte(all)))
	logger.Info("m", zap.Dict("a", zap.String("b", all)), zap.Stringer("c", bytes.NewBufferString(all)))
	logger.With(zap.String("a", all)).Info("m")
	logger.Info("Authorization: Bearer hunter2-unknown, Basic aHVudGVyMjpodW50ZXIy, Post http://hunter2@h:1/")
	logger.Debug("not wanted")
	assert.NotContains(t, written.String(), "hunter2")
	assert.NotContains(t, written.String(), "aHVudGVyMjpodW50ZXIy")
	assert.NotContains(t, written.String(), "not wanted")
	assert.Equal(t, 6, bytes.Count(written.Bytes(), []byte("\n")))
}

func TestTheLogSaysEverythingElseAsItIs(t *testing.T) {
	files := write(t, good, `exporters: {otlp_http: {endpoint: "http://h:1", headers: {X-Scope-OrgID: production, b: other-header}}}`)
	logger, written := discreet(t, files...)
	logger.Warn("production", zap.Int("n", 1), zap.String("endpoint", "http://h:1/v1/logs"), zap.Any("config", map[string]any{"a": []int{1}}),
		zap.Namespace("ns"), zap.Error(fmt.Errorf("read: %w", os.ErrNotExist)), zap.Bool("b", true))
	assert.Equal(t, `{"l":"warn","m":"production","n":1,"endpoint":"http://h:1/v1/logs","config":{"a":[1]},"ns":{"error":"read: file does not exist","b":true}}`+"\n",
		written.String())
}
