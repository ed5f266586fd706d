// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package tail

import "errors"

// watcher does not exist here: changes are found by looking.
type watcher struct{ changes chan []change }

func newWatcher() (*watcher, error) { return nil, errors.ErrUnsupported }

func (*watcher) add(string, bool) (watchID, error) { return 0, errors.ErrUnsupported }

func (*watcher) close() {}
