// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

// Names kubelet gives to rotated files: a stamp of whole seconds, then a suffix
// while it compresses the file and another when it has.
const (
	rotatedLayout = "20060102-150405"
	tmpSuffix     = ".tmp"
	gzipSuffix    = ".gz"
)

// LogWriter writes the log file of one container in CRI format. Each line
// reaches the file in one write, without a buffer, so a collector that follows
// the file sees it at once. Methods may be called from several goroutines; an
// error marks the test as failed and does not stop it.
type LogWriter struct {
	// Chunk is the number of bytes after which a line is cut into pieces; 0 means
	// 16 KiB. It is set before the first Write.
	Chunk int

	t    testing.TB
	path string

	mu       sync.Mutex
	file     *os.File
	lastTime time.Time
}

// OpenPod opens the log file of a container below root to append to it, and
// creates the file and its folders when they are missing. The writer is closed
// when the test ends.
func OpenPod(t testing.TB, root string, pod Pod) *LogWriter {
	t.Helper()
	w := &LogWriter{t: t, path: pod.LogPath(root)}
	if err := os.MkdirAll(filepath.Dir(w.path), 0o750); err != nil {
		t.Fatalf("create log folder: %v", err)
	}
	if err := w.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// Path is the file that lines go to.
func (w *LogWriter) Path() string { return w.path }

// Write appends a line, as AppendCRI does.
func (w *LogWriter) Write(l Line) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if l.Time.IsZero() {
		l.Time = time.Now()
	}
	if err := AppendCRI(w.file, l, w.Chunk); err != nil {
		w.t.Errorf("append to %s: %v", w.path, err)
	}
	w.lastTime = l.Time
}

// writePieces appends pieces that were stamped already, in one write.
func (w *LogWriter) writePieces(pieces []piece) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	var out bytes.Buffer
	for _, p := range pieces {
		p.appendTo(&out)
		w.lastTime = p.time
	}
	if _, err := w.file.Write(out.Bytes()); err != nil {
		w.t.Errorf("append to %s: %v", w.path, err)
	}
}

// Rotate does what kubelet does when a file has grown too large. Every older
// rotated file that is still plain is compressed to a ".tmp" file, which is then
// renamed to end in ".gz" in place of the plain one. The current N.log becomes
// N.log.YYYYMMDD-hhmmss, and a new N.log is opened. The stamp is that of the
// last line, in UTC, or the present time when this writer wrote none; it is moved
// on where needed to be later than every rotated file of this log. kubelet's
// deletion of the oldest files is left to the test.
func (w *LogWriter) Rotate() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.rotate(); err != nil {
		w.t.Errorf("rotate %s: %v", w.path, err)
	}
}

// Close closes the file. Further calls do nothing.
func (w *LogWriter) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file != nil {
		_ = w.file.Close()
		w.file = nil
	}
}

func (w *LogWriter) open() error {
	file, err := os.OpenFile(w.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return fmt.Errorf("open log file: %w", err)
	}
	w.file = file
	return nil
}

func (w *LogWriter) rotate() error {
	if w.file == nil {
		return os.ErrClosed
	}
	rotated, err := rotatedFiles(w.path)
	if err != nil {
		return err
	}
	var newest time.Time
	for _, r := range rotated {
		if r.stamp.After(newest) {
			newest = r.stamp
		}
		if r.plain {
			if err := compressFile(r.path); err != nil {
				return err
			}
		}
	}
	if err := os.Rename(w.path, w.path+"."+w.nextStamp(newest).Format(rotatedLayout)); err != nil {
		return fmt.Errorf("rename log file: %w", err)
	}
	if err := w.file.Close(); err != nil {
		return fmt.Errorf("close rotated file: %w", err)
	}
	return w.open()
}

// nextStamp is the stamp of the next rotated file, given the newest one so far.
func (w *LogWriter) nextStamp(newest time.Time) time.Time {
	stamp := w.lastTime
	if stamp.IsZero() {
		stamp = time.Now()
	}
	stamp = stamp.UTC().Truncate(time.Second)
	if !stamp.After(newest) {
		return newest.Add(time.Second)
	}
	return stamp
}

// rotatedFile is a log file that was put aside.
type rotatedFile struct {
	path  string
	stamp time.Time
	plain bool
}

// rotatedFiles lists what was put aside for the log file at path. Unfinished
// ".tmp" files are not among it.
func rotatedFiles(path string) ([]rotatedFile, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("list rotated files: %w", err)
	}
	var found []rotatedFile
	for _, entry := range entries {
		tail, ok := strings.CutPrefix(entry.Name(), filepath.Base(path)+".")
		if !ok {
			continue
		}
		digits, compressed := strings.CutSuffix(tail, gzipSuffix)
		stamp, err := time.Parse(rotatedLayout, digits)
		if err != nil {
			continue
		}
		full := filepath.Join(filepath.Dir(path), entry.Name())
		found = append(found, rotatedFile{path: full, stamp: stamp, plain: !compressed})
	}
	return found, nil
}

// compressFile replaces a file by its compressed copy. The copy gets its final
// name only when it is whole, so that no reader sees half of it.
func compressFile(path string) error {
	source, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open rotated file: %w", err)
	}
	defer source.Close()
	target, err := os.Create(path + tmpSuffix)
	if err != nil {
		return fmt.Errorf("create compressed file: %w", err)
	}
	compressor := gzip.NewWriter(target)
	_, err = io.Copy(compressor, source)
	if err := errors.Join(err, compressor.Close(), target.Close()); err != nil {
		return fmt.Errorf("compress rotated file: %w", err)
	}
	if err := os.Rename(path+tmpSuffix, path+gzipSuffix); err != nil {
		return fmt.Errorf("rename compressed file: %w", err)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove rotated file: %w", err)
	}
	return nil
}
