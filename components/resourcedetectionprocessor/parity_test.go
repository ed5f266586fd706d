// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"testing"

	upstream "github.com/open-telemetry/opentelemetry-collector-contrib/processor/resourcedetectionprocessor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

// The processor of upstream is the oracle of these tests.

func TestDefaultsEqualUpstream(t *testing.T) {
	want, got := confmap.New(), confmap.New()
	require.NoError(t, want.Marshal(upstream.NewFactory().CreateDefaultConfig()))
	require.NoError(t, got.Marshal(NewFactory().CreateDefaultConfig()))
	assert.Equal(t, want.ToStringMap(), got.ToStringMap())
}

func TestTypesEqualUpstream(t *testing.T) {
	assert.Equal(t, upstream.NewFactory().Type(), NewFactory().Type())
}
