// SPDX-License-Identifier: Apache-2.0

package fastcompressionextension

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheDefaultIsZstd(t *testing.T) {
	config := createDefaultConfig().(*Config)
	require.NoError(t, config.Validate())
	assert.Equal(t, &Config{Compression: "zstd"}, config)
}

func TestOnlyThreeCompressionsExist(t *testing.T) {
	for _, good := range []string{"zstd", "gzip", "none"} {
		require.NoError(t, (&Config{Compression: good}).Validate(), good)
	}
	for _, bad := range []string{"", "snappy", "ZSTD", "br"} {
		require.EqualError(t, (&Config{Compression: bad}).Validate(),
			"`compression` must be `zstd`, `gzip` or `none`, got \""+bad+"\"")
	}
}
