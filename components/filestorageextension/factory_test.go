// SPDX-License-Identifier: Apache-2.0

package filestorageextension

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	upstream "github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// started makes and starts an extension of a folder.
func started(t *testing.T, folder string) storage.Extension {
	f := NewFactory()
	config := f.CreateDefaultConfig().(*upstream.Config)
	config.Directory, config.CreateDirectory = folder, true
	require.NoError(t, confmap.Validate(config))
	set := extensiontest.NewNopSettings(f.Type())
	set.ID = component.NewID(f.Type())
	made, err := f.Create(t.Context(), set, config)
	require.NoError(t, err)
	require.NoError(t, made.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, made.Shutdown(context.Background())) })
	return made.(storage.Extension)
}

func keep(t *testing.T, e storage.Extension) error {
	client, err := e.GetClient(t.Context(), component.KindReceiver, component.MustNewID("some"), "")
	if err != nil {
		return err
	}
	require.NoError(t, client.Set(t.Context(), "key", []byte("value")))
	return client.Close(t.Context())
}

func TestAFolderIsCreated(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "state")
	require.NoError(t, keep(t, started(t, folder)))
	assert.FileExists(t, filepath.Join(folder, "receiver_some_"))
}

// /proc/self is a folder in which nobody may create one.
func TestAFolderThatCannotBeCreatedIsAnErrorForWhoNeedsIt(t *testing.T) {
	err := keep(t, started(t, "/proc/self/state"))
	require.ErrorContains(t, err, "mkdir /proc/self/state: ")
	require.ErrorContains(t, err, "set another extensions::file_storage::directory")
}

func TestAFolderThatCanBeCreatedLaterIsCreatedThen(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "disk")
	require.NoError(t, os.Symlink(filepath.Join(parent, "..", "mounted"), parent))
	e := started(t, filepath.Join(parent, "state"))
	require.Error(t, keep(t, e))
	require.NoError(t, os.Mkdir(filepath.Join(filepath.Dir(parent), "mounted"), 0o755))
	require.NoError(t, keep(t, e))
	assert.FileExists(t, filepath.Join(parent, "state", "receiver_some_"))
}
