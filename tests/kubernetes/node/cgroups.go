// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
)

const cgroupMount = "/sys/fs/cgroup"

// cgroupPrefix begins the names of the cgroups that the pods of a node are in. The process of the test comes after it, and which
// of its nodes it is.
const cgroupPrefix = "tributary-node-"

var nodes atomic.Int64

// newCgroup is a name that no other node has.
func newCgroup() string { return fmt.Sprintf("%s%d-%d", cgroupPrefix, os.Getpid(), nodes.Add(1)) }

// hierarchies are the folders that a cgroup has to be made in: one for each controller, or a single one with the second version.
func hierarchies() []string {
	if _, err := os.Stat(cgroupMount + "/cgroup.controllers"); err == nil {
		return []string{cgroupMount}
	}
	all, _ := filepath.Glob(cgroupMount + "/*/cgroup.procs")
	for i, file := range all {
		all[i] = filepath.Dir(file)
	}
	return all
}

// makeCgroup makes the cgroup of a node, and removes those of tests that were killed.
func makeCgroup(name string) error {
	for _, hierarchy := range hierarchies() {
		others, _ := filepath.Glob(filepath.Join(hierarchy, cgroupPrefix+"*"))
		for _, other := range others {
			pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(other), cgroupPrefix), "-")
			if _, err := os.Stat("/proc/" + pid); errors.Is(err, fs.ErrNotExist) {
				removeTree(other)
			}
		}
		if err := os.Mkdir(filepath.Join(hierarchy, name), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// removeCgroup removes the cgroup of a node, and reports whether it is gone.
func removeCgroup(name string) bool {
	gone := true
	for _, hierarchy := range hierarchies() {
		gone = removeTree(filepath.Join(hierarchy, name)) && gone
	}
	return gone
}

// removeTree removes a cgroup with all below it, the deepest first.
func removeTree(root string) bool {
	var folders []string
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			folders = append(folders, path)
		}
		return nil
	})
	gone := true
	for _, folder := range slices.Backward(folders) {
		err := os.Remove(folder)
		gone = gone && (err == nil || errors.Is(err, fs.ErrNotExist))
	}
	return gone
}
