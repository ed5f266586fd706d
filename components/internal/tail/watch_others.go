// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package tail

import (
	"errors"
	"time"
)

// watcher does not exist here: changes are found by looking.
type watcher struct{ changes chan []change }

func newWatcher(time.Duration) (*watcher, error) { return nil, errors.ErrUnsupported }

func (*watcher) add(string, watchKind) (watchID, error) { return 0, errors.ErrUnsupported }

func (*watcher) close() {}
