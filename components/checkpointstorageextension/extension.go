// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"

	"github.com/tributary-otel/tributary/components/checkpointstorageextension/internal/metadata"
)

var _ storage.Extension = (*checkpointStorage)(nil)

// checkpointStorage gives every component a client of its own. It may be used by
// several goroutines.
type checkpointStorage struct {
	folder    *folder
	disk      disk
	tell      *troubles
	telemetry *metadata.TelemetryBuilder

	mu      sync.Mutex
	clients map[string]*client
	shut    bool
}

func newStorage(set extension.Settings, config *Config) (*checkpointStorage, error) {
	// What runs later may change the working folder.
	directory, err := filepath.Abs(config.Directory)
	if err != nil {
		return nil, fmt.Errorf("find the folder %q: %w", config.Directory, err)
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	return &checkpointStorage{
		folder:    &folder{path: directory, create: config.CreateDirectory},
		disk:      realDisk(directory),
		tell:      &troubles{directory: directory, logger: set.Logger, telemetry: telemetry, unsaved: map[string]bool{}},
		telemetry: telemetry,
		clients:   map[string]*client{},
	}, nil
}

// Start takes the folder. It fails when another collector has it. A folder that
// cannot be written does not keep the collector from starting: the state is in
// memory until it can.
func (s *checkpointStorage) Start(_ context.Context, host component.Host) error {
	_, err := s.folder.ready()
	var inUse *inUseError
	if errors.As(err, &inUse) {
		return err
	}
	if err != nil {
		err = explain(err)
	}
	s.tell.started(host, err)
	return nil
}

// GetClient returns the state of a component, the newest that is on the disk. It
// fails when the component has a client of this name that is not closed.
func (s *checkpointStorage) GetClient(_ context.Context, kind component.Kind, id component.ID, name string) (storage.Client, error) {
	o := newOwner(kind, id, name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut {
		return nil, fmt.Errorf("open the state of %s: the extension is shut down", o.label)
	}
	if s.clients[o.name] != nil {
		return nil, fmt.Errorf("open the state of %s: it is open already; close the first client before", o.label)
	}
	c := &client{owner: o, folder: s.folder, tell: s.tell, slots: slots{disk: s.disk, owner: o}}
	c.closer = func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.clients, o.name)
	}
	c.open()
	s.clients[o.name] = c
	s.tell.logger.Debug("State opened", zap.String("component", o.label), zap.Int("keys", len(c.state.records)))
	return c, nil
}

// Shutdown closes the clients that are open, writes what is not on the disk yet, and
// gives the folder back. Further calls do nothing.
func (s *checkpointStorage) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	open := make([]*client, 0, len(s.clients))
	for _, c := range s.clients {
		open = append(open, c)
	}
	shut := s.shut
	s.shut = true
	s.mu.Unlock()
	if shut {
		return nil
	}
	var errs []error
	for _, c := range open {
		errs = append(errs, c.Close(ctx))
	}
	s.folder.close()
	s.telemetry.Shutdown()
	return errors.Join(errs...)
}
