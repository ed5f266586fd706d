// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package ownership

import (
	"errors"
	"fmt"
)

// Give does nothing where there is no Linux.
func Give(folder string, _ Owner) (Report, error) {
	return Report{}, fmt.Errorf("give %s to a user: %w on this system", folder, errors.ErrUnsupported)
}
