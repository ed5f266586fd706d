// SPDX-License-Identifier: Apache-2.0

package runtimelog

// Stream is where a container wrote a line.
type Stream uint8

// The streams of a container. None is that of a line that does not say it.
const (
	None Stream = iota
	Stdout
	Stderr
)

// String is "stdout", "stderr", or "" for None.
func (s Stream) String() string {
	switch s {
	case Stdout:
		return "stdout"
	case Stderr:
		return "stderr"
	}
	return ""
}

// Format is the form of a line.
type Format uint8

// The forms of lines. Unknown is a line that no runtime has written in this way.
const (
	Unknown Format = iota
	CRI
	Docker
)

// String is "cri", "docker" or "unknown".
func (f Format) String() string {
	switch f {
	case CRI:
		return "cri"
	case Docker:
		return "docker"
	}
	return "unknown"
}

// Line is what a runtime wrote about a piece of a container's output.
type Line struct {
	// Time is when the runtime saw it, in nanoseconds since 1970 UTC. It is 0 when the
	// line has no time between 1970 and 2262; then BadTime is set, unless the format is
	// Unknown.
	Time   int64
	Stream Stream
	Format Format
	// Partial says that the next line of the same stream goes on with this one.
	Partial bool
	// BadTime says that the time is missing, impossible, or out of range.
	BadTime bool
	// BadTag says that the tag is neither P nor F. Such a line is taken as a full one.
	BadTag bool
	// Body is the output, byte for byte, without the end of the line. It points into
	// the line that was parsed or into the Parser, and is valid until either changes.
	Body []byte
}
