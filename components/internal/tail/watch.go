// SPDX-License-Identifier: Apache-2.0

package tail

// watchID is a folder that is watched.
type watchID int32

// change is a name that has come or gone in a watched folder.
type change struct {
	id   watchID
	name string
	// ended says that the folder itself is gone, overflow that changes were not
	// reported.
	ended, overflow bool
}
