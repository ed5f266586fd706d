// SPDX-License-Identifier: Apache-2.0

// Package spill keeps copies of what was not yet read of log files that were deleted.
//
// A copy is one file of compressed frames, each with a checksum, which
// docs/formats/spill.md describes. It is seen when it is whole and on the disk, and not
// before. What is read from it is what was written, or an error: damage costs what lies
// behind it, and never changes a byte. All copies of a folder have one bound.
package spill
