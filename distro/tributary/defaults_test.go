// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/featuregate"
)

func gateEnabled(t *testing.T, id string) (enabled bool) {
	found := false
	featuregate.GlobalRegistry().VisitAll(func(g *featuregate.Gate) {
		if g.ID() == id {
			found, enabled = true, g.IsEnabled()
		}
	})
	require.True(t, found, "no gate %s", id)
	return enabled
}

func TestLinesAreDeliveredBeforeThePositionMoves(t *testing.T) {
	was := gateEnabled(t, deliverBeforeMoving)
	t.Cleanup(func() { _ = featuregate.GlobalRegistry().Set(deliverBeforeMoving, was) })

	require.NoError(t, setDefaults(featuregate.GlobalRegistry()))
	assert.True(t, gateEnabled(t, deliverBeforeMoving))
}

func TestADefaultThatIsGoneUpstreamIsAnError(t *testing.T) {
	require.ErrorContains(t, setDefaults(featuregate.NewRegistry()), deliverBeforeMoving)
}
