// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The README is what a user reads.
func TestTheREADMENamesEachAnomaly(t *testing.T) {
	raw, err := os.ReadFile("README.md")
	require.NoError(t, err)
	source, err := os.ReadFile(filepath.Join("..", "internal", "journal", "stats.go"))
	require.NoError(t, err)
	hints := map[string]string{}
	for _, kind := range kinds {
		hints[string(kind.Name)] = kind.Hint
		assert.Contains(t, string(raw), "\n| `"+string(kind.Name)+"` | ")
	}
	found := regexp.MustCompile(`\w+ Trouble = "(\w+)"`).FindAllStringSubmatch(string(source), -1)
	require.NotEmpty(t, found)
	for _, kind := range found {
		assert.NotEmpty(t, hints[kind[1]], kind[1])
	}
}

func TestTheREADMENamesMetricsThatExist(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	metrics, err := os.ReadFile("documentation.md")
	require.NoError(t, err)
	named := regexp.MustCompile("`(receiver_journald_[a-z_]+)`").FindAllStringSubmatch(string(readme), -1)
	require.NotEmpty(t, named)
	for _, match := range named {
		assert.Contains(t, string(metrics), "### otelcol_"+match[1]+"\n")
	}
}
