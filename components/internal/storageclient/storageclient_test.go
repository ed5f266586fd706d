// SPDX-License-Identifier: Apache-2.0

package storageclient

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

// extension is a storage whose clients can list nothing.
type extension struct {
	component.StartFunc
	component.ShutdownFunc
	err    error
	closed int
}

func (e *extension) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return client{storage.NewNopClient(), e}, e.err
}

type client struct {
	storage.Client
	of *extension
}

func (c client) Close(context.Context) error { c.of.closed++; return nil }

func TestWhatCannotBeOpenedIsNamed(t *testing.T) {
	id, own := component.MustNewID("disk"), component.MustNewID("pod_logs")
	good := &extension{}
	for name, tt := range map[string]struct {
		host host
		want string
	}{
		"nobody has the name": {host{}, "`storage` names \"disk\", which is not a storage extension that the service has"},
		"it is no storage":    {host{id: struct{ component.Component }{}}, "`storage` names \"disk\", which is not a storage extension that the service has"},
		"it fails":            {host{id: &extension{err: errors.New("no room")}}, "open the positions in \"disk\": no room"},
		"it can list nothing": {host{id: good}, "`storage` names \"disk\", which cannot list what it holds; checkpoint_storage and file_storage can"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := OpenWalking(t.Context(), tt.host, component.KindReceiver, own, id, "the positions")
			assert.EqualError(t, err, tt.want)
		})
	}
	assert.Equal(t, 1, good.closed, "a client that is of no use is closed")
	c, err := Open(t.Context(), host{id: good}, component.KindReceiver, own, id, "the positions")
	require.NoError(t, err)
	require.NoError(t, c.Close(t.Context()))
}
