// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"errors"
	"path/filepath"
)

// target returns the file that a link points to: an allowed folder, and the way from
// there.
func (t *Tail) target(link string) (root string, parts []string, err error) {
	path, err := t.fs.Resolve(link)
	if err != nil {
		return "", nil, err
	}
	for _, allowed := range t.options.LinkTargets {
		root, err := t.fs.Resolve(allowed)
		if err != nil {
			continue
		}
		rel, err := filepath.Rel(root, path)
		if err == nil && filepath.IsLocal(rel) && rel != "." {
			return root, splitPath(rel), nil
		}
	}
	return "", nil, errOutside
}

func splitPath(rel string) []string {
	dir, file := filepath.Split(rel)
	if dir == "" {
		return []string{file}
	}
	return append(splitPath(filepath.Clean(dir)), file)
}

var errOutside = errors.New("it points out of the allowed folders (link_targets)")
