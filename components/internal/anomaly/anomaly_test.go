// SPDX-License-Identifier: Apache-2.0

package anomaly

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestALogIsNotFloodedWithOneKind(t *testing.T) {
	core, logs := observer.New(zapcore.InfoLevel)
	b := NewBook(zap.New(core), "Files", []Kind[string]{
		{Name: "torn", Hint: "a file is torn"}, {Name: "old", Hint: "a file is old", Usual: true}, {Name: "odd"},
	})
	for range 100 {
		b.Tell("torn", zap.String("file", "/x"))
		b.Tell("old")
		b.Tell("not a kind")
		b.Count("odd")
		b.Count("not a kind")
	}
	for kind, want := range map[string]int64{"torn": 100, "old": 100, "odd": 100, "not a kind": 0} {
		assert.Equal(t, want, b.Of(kind), kind)
	}
	assert.Equal(t, "a file is torn", b.Hint("torn"))
	assert.Empty(t, b.Hint("not a kind"))
	torn, old := logs.FilterMessage("Files: a file is torn").All(), logs.FilterMessage("Files: a file is old").All()
	assert.Len(t, torn, 10)
	assert.Len(t, old, 10)
	assert.Equal(t, 20, logs.Len())
	assert.Equal(t, zapcore.WarnLevel, torn[0].Level)
	assert.Equal(t, map[string]any{"kind": "torn", "file": "/x"}, torn[0].ContextMap())
	assert.Equal(t, zapcore.InfoLevel, old[0].Level)
}
