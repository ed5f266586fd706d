// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/otelcol"
)

func TestOwnNeedsNoComponent(t *testing.T) {
	cmd := newCommand(otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{Command: "tributary"},
		Factories: func() (otelcol.Factories, error) {
			t.Error("an init container makes every component before it changes an owner")
			return otelcol.Factories{}, nil
		},
	})
	folder := filepath.Join(t.TempDir(), "state")
	var printed bytes.Buffer
	cmd.SetOut(&printed)
	cmd.SetArgs([]string{"own", fmt.Sprintf("--user=%d", os.Getuid()), fmt.Sprintf("--group=%d", os.Getgid()), folder})
	require.NoError(t, cmd.ExecuteContext(t.Context()))
	assert.Equal(t, fmt.Sprintf("%s: created, 0 given to %d:%d, 1 belonged to it before\n", folder, os.Getuid(), os.Getgid()), printed.String())
	assert.DirExists(t, folder)
}
