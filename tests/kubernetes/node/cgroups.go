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
)

const cgroupMount = "/sys/fs/cgroup"

// cgroupPrefix begins the names of the cgroups that the pods of a node are in; the process of the test comes after it.
const cgroupPrefix = "tributary-node-"

// cgroup is the name of the cgroup of this process' node.
func cgroup() string { return fmt.Sprint(cgroupPrefix, os.Getpid()) }

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

// makeCgroups makes the cgroup of this node, and removes those of tests that were killed.
func makeCgroups() error {
	removeCgroups()
	for _, hierarchy := range hierarchies() {
		if err := os.Mkdir(filepath.Join(hierarchy, cgroup()), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// removeCgroups removes the cgroup of this node, and those of processes that are no more. It reports whether none is left.
func removeCgroups() bool {
	none := true
	for _, hierarchy := range hierarchies() {
		roots, _ := filepath.Glob(filepath.Join(hierarchy, cgroupPrefix+"*"))
		for _, root := range roots {
			pid := strings.TrimPrefix(filepath.Base(root), cgroupPrefix)
			if _, err := os.Stat("/proc/" + pid); err == nil && filepath.Base(root) != cgroup() {
				continue
			}
			none = removeTree(root) && none
		}
	}
	return none
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
