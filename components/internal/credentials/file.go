// SPDX-License-Identifier: Apache-2.0

package credentials

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxBytes is more than any password or token has.
const maxBytes = 64 << 10

// read returns what is in a file, without the white space around it. The error says what to do.
func read(path string) (string, error) {
	content, err := readAll(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%w: %s", err, whatIsThere(filepath.Dir(path)))
	case errors.Is(err, fs.ErrPermission):
		return "", fmt.Errorf("%w: let user %d, group %d, of the collector read it", err, os.Geteuid(), os.Getegid())
	case err != nil:
		return "", err
	}
	value := strings.TrimSpace(string(content))
	if value == "" {
		return "", fmt.Errorf("read %s: the file is empty", path)
	}
	return value, nil
}

func readAll(path string) ([]byte, error) {
	// Opening a pipe would wait for somebody who writes.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read %s: it is no file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	if err == nil && len(content) > maxBytes {
		return nil, fmt.Errorf("read %s: it is larger than %d bytes, hence no password or token", path, maxBytes)
	}
	return content, err
}

// whatIsThere says what is in the folder of a file that is not: mostly it is the name that is wrong.
func whatIsThere(folder string) string {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Sprintf("there is no folder %s either; in Kubernetes mount the Secret there", folder)
	}
	if err != nil {
		return "create it"
	}
	var names []string
	for _, entry := range entries {
		// The kubelet's own: ..data and the folder behind it.
		if !strings.HasPrefix(entry.Name(), "..") {
			names = append(names, entry.Name())
		}
	}
	const most = 10
	switch {
	case len(names) == 0:
		return fmt.Sprintf("%s is empty; in Kubernetes create the Secret that is mounted there, with the key of this name", folder)
	case len(names) > most:
		return "create it"
	}
	return fmt.Sprintf("in %s there is %s; in Kubernetes the Secret needs the key of this name", folder, strings.Join(names, ", "))
}
