// SPDX-License-Identifier: Apache-2.0

package tail

// watchKind is what is reported of a watched folder.
type watchKind uint8

const (
	// names are those that come and go in it. It may not be a link.
	names watchKind = iota
	// rootNames are those in a folder that may be a link to one.
	rootNames
	// nextWrite is the next write to a file in it. With the report, the watch ends.
	nextWrite
)

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
