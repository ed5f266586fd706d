// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRecordsFromReturnsWhatCameSince(t *testing.T) {
	b := StartBackend(t)
	b.keep([]Record{{Body: "one"}, {Body: "two"}})
	seen := b.RecordsFrom(0)
	b.keep([]Record{{Body: "three"}})

	assert.Equal(t, []Record{{Body: "one"}, {Body: "two"}}, seen, "what was returned does not grow")
	assert.Equal(t, []Record{{Body: "three"}}, b.RecordsFrom(2))
	assert.Empty(t, b.RecordsFrom(3))
}
