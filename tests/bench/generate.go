// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tributary-otel/tributary/tests/testkit"
)

var namespaces = []string{"shop", "payments", "kube-system", "default"}

// podOf is the pod that writes the file of this number.
func podOf(file int) testkit.Pod {
	return testkit.Pod{
		Namespace: namespaces[file%len(namespaces)],
		Name:      fmt.Sprintf("app-%04d", file),
		UID:       fmt.Sprintf("%08x-0000-4000-8000-%012x", file+1, file+1),
		Container: "main",
	}
}

// openLog opens the log file of this number below root for appending.
func openLog(root string, file int) (*os.File, error) {
	path := podOf(file).LogPath(root)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make log folder: %w", err)
	}
	log, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return log, nil
}

// writeBacklog writes so many records, spread evenly, and returns how many each file got. The last ones are stamped now.
func writeBacklog(root string, files, records int) (written []int, err error) {
	const gap = 100 * time.Microsecond
	for file := range files {
		count := records / files
		if file < records%files {
			count++
		}
		if err := writeLog(root, file, count, gap); err != nil {
			return nil, err
		}
		written = append(written, count)
	}
	return written, nil
}

func writeLog(root string, file, count int, gap time.Duration) error {
	log, err := openLog(root, file)
	if err != nil {
		return err
	}
	defer log.Close()
	out := bufio.NewWriterSize(log, 1<<20)
	at := time.Now().UTC().Add(-time.Duration(count) * gap)
	source := newLines(file)
	for range count {
		// What is too large for the rest of the buffer is copied by Write.
		if _, err := out.Write(source.appendCRI(out.AvailableBuffer(), at)); err != nil {
			return fmt.Errorf("write log: %w", err)
		}
		at = at.Add(gap)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write log: %w", err)
	}
	return log.Close()
}
