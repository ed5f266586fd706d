// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package journal

import (
	"context"
	"errors"
	"time"
)

// watcher does not exist here: what changes is found by looking.
type watcher struct{}

func newWatcher() (*watcher, error) { return nil, errors.ErrUnsupported }

func (*watcher) add(string) error { return errors.ErrUnsupported }

func (*watcher) changed() bool { return false }

func (*watcher) wait(ctx context.Context, longest time.Duration) { pause(ctx, longest) }

func (*watcher) close() error { return nil }
