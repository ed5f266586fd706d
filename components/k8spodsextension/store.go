// SPDX-License-Identifier: Apache-2.0

package k8spodsextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/tributary-otel/tributary/components/internal/pods"
	"github.com/tributary-otel/tributary/components/internal/storageclient"
)

var _ pods.Store = (*store)(nil)

// store keeps what is known in a storage extension.
type store struct {
	client storageclient.Walking
}

// openStore opens the storage; it returns nil when there is none.
func openStore(ctx context.Context, host component.Host, own component.ID, id *component.ID) (*store, error) {
	if id == nil {
		return nil, nil
	}
	client, err := storageclient.OpenWalking(ctx, host, component.KindExtension, own, *id, "what is known of pods")
	if err != nil {
		return nil, err
	}
	return &store{client: client}, nil
}

// Load gives all values.
func (s *store) Load(each func(key string, value []byte)) error {
	return s.client.Walk(context.Background(), func(key string, value []byte) ([]*storage.Operation, error) {
		each(key, value)
		return nil, nil
	})
}

// Save sets values and removes others.
func (s *store) Save(set map[string][]byte, remove []string) error {
	operations := make([]*storage.Operation, 0, len(set)+len(remove))
	for key, value := range set {
		operations = append(operations, storage.SetOperation(key, value))
	}
	for _, key := range remove {
		operations = append(operations, storage.DeleteOperation(key))
	}
	return s.client.Batch(context.Background(), operations...)
}

func (s *store) close(ctx context.Context) error {
	if s == nil {
		return nil
	}
	return s.client.Close(ctx)
}
