// SPDX-License-Identifier: Apache-2.0

// Package storageclient opens what a component keeps over restarts, in the extension that
// its setting `storage` names.
package storageclient

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// Walking is a client that can list what it holds.
type Walking interface {
	storage.Client
	storage.Walker
}

// Open returns the client of a component in the extension of this id. What is opened is for the
// error: "the positions".
func Open(ctx context.Context, host component.Host, kind component.Kind, own, id component.ID, what string) (storage.Client, error) {
	extension, ok := host.GetExtensions()[id].(storage.Extension)
	if !ok {
		return nil, fmt.Errorf("`storage` names %q, which is not a storage extension that the service has", id)
	}
	client, err := extension.GetClient(ctx, kind, own, "")
	if err != nil {
		return nil, fmt.Errorf("open %s in %q: %w", what, id, err)
	}
	return client, nil
}

// OpenWalking is Open for a component that has to list what is stored.
func OpenWalking(ctx context.Context, host component.Host, kind component.Kind, own, id component.ID, what string) (Walking, error) {
	client, err := Open(ctx, host, kind, own, id, what)
	if err != nil {
		return nil, err
	}
	walking, ok := client.(Walking)
	if !ok {
		return nil, errors.Join(
			fmt.Errorf("`storage` names %q, which cannot list what it holds; checkpoint_storage and file_storage can", id), client.Close(ctx))
	}
	return walking, nil
}
