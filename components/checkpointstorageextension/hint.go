// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// explain adds to an error of the disk what to do about it. A full disk is
// storage.ErrStorageFull too, which is what components ask for.
func explain(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w; free space on the disk, or inodes, or raise the quota: %w", err, storage.ErrStorageFull)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w; mount the file system so that it can be written", err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w; let user %d write into the folder", err, os.Geteuid())
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w; create the folder, or set `create_directory: true`", err)
	case errors.Is(err, syscall.EIO):
		return fmt.Errorf("%w; the disk is failing", err)
	}
	return err
}
