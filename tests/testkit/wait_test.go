// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestEventuallyReturnsWhenTheConditionHolds(t *testing.T) {
	looks := 0
	Eventually(t, time.Minute, "a third look", func() bool { looks++; return looks == 3 })
	assert.Equal(t, 3, looks)
}

func TestEventuallySaysWhatItWaitedFor(t *testing.T) {
	message := failureOf(t, func(t testing.TB) {
		Eventually(t, 30*time.Millisecond, "rain", func() bool { return false })
	})
	assert.Equal(t, "timed out after 30ms waiting for rain", message)
}
