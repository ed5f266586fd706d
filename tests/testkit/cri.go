// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// defaultChunk is the number of bytes after which containerd cuts a line.
const defaultChunk = 16 << 10

// pieceGap lies between the stamps of two pieces. containerd stamps each piece
// when it writes it, so no two of them are alike.
const pieceGap = 3 * time.Nanosecond

// Pod names one container of a pod, and hence one log file.
type Pod struct {
	// Namespace, Name and UID are those of the pod. The collector reads them from
	// the path, so UID must be made of hexadecimal digits and dashes.
	Namespace, Name, UID string
	// Container is the name of the container.
	Container string
	// Restart is how often the container was restarted, 0 for the first run.
	Restart int
}

// LogPath is the file kubelet keeps for the container below root, which is
// /var/log/pods on a node: <root>/<namespace>_<name>_<uid>/<container>/<restart>.log.
func (p Pod) LogPath(root string) string {
	folder := strings.Join([]string{p.Namespace, p.Name, p.UID}, "_")
	return filepath.Join(root, folder, p.Container, strconv.Itoa(p.Restart)+".log")
}

// Line is what a container printed up to a line break.
type Line struct {
	// Time is when it was printed; the zero Time means now.
	Time time.Time
	// Stream is "stdout" or "stderr"; empty means "stdout".
	Stream string
	// Text is the line without its line break.
	Text string
}

// filled returns the line with its defaults.
func (l Line) filled() (Line, error) {
	if strings.Contains(l.Text, "\n") {
		return l, fmt.Errorf("write line: text %s holds a line break", abbreviate(l.Text))
	}
	if l.Time.IsZero() {
		l.Time = time.Now()
	}
	if l.Stream == "" {
		l.Stream = "stdout"
	}
	return l, nil
}

// AppendCRI writes a line the way containerd does, as
// "<RFC3339Nano, UTC> <stream> <P|F> <text>\n", in a single call of Write. Text
// of more than chunk bytes is cut into pieces of at most chunk bytes, also in
// the middle of a character; all but the last carry P, the last carries F. The
// first piece has the stamp of the line, each other one that of its predecessor
// plus 3 ns. A chunk of 0 means 16 KiB, as containerd has it.
func AppendCRI(w io.Writer, l Line, chunk int) error {
	l, err := l.filled()
	if err != nil {
		return err
	}
	var out bytes.Buffer
	for i, p := range cut(l, chunk) {
		p.time = l.Time.Add(time.Duration(i) * pieceGap)
		p.appendTo(&out)
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write cri line: %w", err)
	}
	return nil
}

// piece is one line of a CRI file.
type piece struct {
	time   time.Time
	stream string
	last   bool
	text   string
}

// cut splits a line into pieces, which all have the stamp of the line still.
func cut(l Line, chunk int) []piece {
	if chunk <= 0 {
		chunk = defaultChunk
	}
	var pieces []piece
	text := l.Text
	for len(text) > chunk {
		pieces = append(pieces, piece{time: l.Time, stream: l.Stream, text: text[:chunk]})
		text = text[chunk:]
	}
	return append(pieces, piece{time: l.Time, stream: l.Stream, text: text, last: true})
}

func (p piece) appendTo(out *bytes.Buffer) {
	out.Write(p.time.UTC().AppendFormat(out.AvailableBuffer(), time.RFC3339Nano))
	out.WriteByte(' ')
	out.WriteString(p.stream)
	if p.last {
		out.WriteString(" F ")
	} else {
		out.WriteString(" P ")
	}
	out.WriteString(p.text)
	out.WriteByte('\n')
}

// AppendDocker writes a line the way Docker's json-file driver does, as
// {"log":"<text>\n","stream":"<stream>","time":"<RFC3339Nano, UTC>"} and a line
// break, in a single call of Write. It does not split long lines.
func AppendDocker(w io.Writer, l Line) error {
	l, err := l.filled()
	if err != nil {
		return err
	}
	encoded, err := json.Marshal(struct {
		Log    string `json:"log"`
		Stream string `json:"stream"`
		Time   string `json:"time"`
	}{l.Text + "\n", l.Stream, l.Time.UTC().Format(time.RFC3339Nano)})
	if err != nil {
		return fmt.Errorf("encode docker line: %w", err)
	}
	if _, err := w.Write(append(encoded, '\n')); err != nil {
		return fmt.Errorf("write docker line: %w", err)
	}
	return nil
}
