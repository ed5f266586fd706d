// SPDX-License-Identifier: Apache-2.0

package filestorageextension

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	upstream "github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

type factory struct{ extension.Factory }

// NewFactory returns the factory of the extension `file_storage`.
func NewFactory() extension.Factory { return factory{upstream.NewFactory()} }

// Create implements extension.Factory. Upstream's creates the folder here.
func (f factory) Create(ctx context.Context, set extension.Settings, config component.Config) (extension.Extension, error) {
	made, err := f.Factory.Create(ctx, set, config)
	if err == nil {
		return made, nil
	}
	if _, ok := config.(*upstream.Config); !ok || !errors.As(err, new(*fs.PathError)) {
		return nil, err
	}
	return &later{make: func(ctx context.Context) (extension.Extension, error) { return f.Factory.Create(ctx, set, config) }, set: set}, nil
}

// later is an extension whose folder cannot be created. It is tried again when somebody wants to keep something.
type later struct {
	make func(context.Context) (extension.Extension, error)
	set  extension.Settings

	mu   sync.Mutex
	host component.Host
	made extension.Extension
}

var _ storage.Extension = (*later)(nil)

// Start remembers the host.
func (l *later) Start(_ context.Context, host component.Host) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.host = host
	return nil
}

// GetClient implements storage.Extension.
func (l *later) GetClient(ctx context.Context, kind component.Kind, id component.ID, name string) (storage.Client, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.made == nil {
		made, err := l.make(ctx)
		if err != nil {
			return nil, fmt.Errorf("%w; let user %d create it, or set another extensions::%s::directory", err, os.Geteuid(), l.set.ID)
		}
		if err := made.Start(ctx, l.host); err != nil {
			return nil, err
		}
		l.made = made
	}
	return l.made.(storage.Extension).GetClient(ctx, kind, id, name)
}

// Shutdown ends what was made.
func (l *later) Shutdown(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.made == nil {
		return nil
	}
	return l.made.Shutdown(ctx)
}
