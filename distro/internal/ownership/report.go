// SPDX-License-Identifier: Apache-2.0

package ownership

import (
	"errors"
	"fmt"
)

// maxErrors is how many errors are told; a folder has many files, and mostly one reason.
const maxErrors = 10

// Owner is to whom something is given.
type Owner struct {
	// User and Group are numbers.
	User, Group int
	// SELinuxLabel is what SELinux knows the files by afterwards: system_u:object_r:container_file_t:s0. Empty leaves it.
	SELinuxLabel string
}

// Report is what Give has done.
type Report struct {
	// Created tells that there was no folder.
	Created bool
	// Changed is how many files, links and folders have another owner now, the folder itself
	// among them, and Unchanged how many had the right one.
	Changed, Unchanged int
	// Left are the paths that were left alone on purpose, each with the reason.
	Left []string

	errs   []error
	failed int
}

func (r *Report) fail(err error) {
	if r.failed++; r.failed <= maxErrors {
		r.errs = append(r.errs, err)
	}
}

func (r *Report) err() error {
	if more := r.failed - len(r.errs); more > 0 {
		return errors.Join(append(r.errs, fmt.Errorf("and %d more", more))...)
	}
	return errors.Join(r.errs...)
}
