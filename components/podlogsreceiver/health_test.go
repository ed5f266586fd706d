// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
)

func TestTheStatusRecoversWhenTheFolderComes(t *testing.T) {
	n := newNode(t)
	n.config.Path += "/later"
	n.start()
	require.Eventually(t, func() bool { return len(n.statuses()) == 1 }, patience, 5*time.Millisecond)
	n.mu.Lock()
	require.ErrorContains(t, n.status[0].Err(), n.config.Path)
	require.ErrorContains(t, n.status[0].Err(), "it has to be mounted")
	n.mu.Unlock()
	require.NoError(t, os.Mkdir(n.config.Path, 0o700))
	want := []componentstatus.Status{componentstatus.StatusRecoverableError, componentstatus.StatusOK}
	require.Eventually(t, func() bool { return assert.ObjectsAreEqual(want, n.statuses()) }, patience, 5*time.Millisecond)
}
