// SPDX-License-Identifier: Apache-2.0

// Package rights says why a path may not be read, and what gives the right to, in the words of Kubernetes: whoever reads
// it has a pod in front of him that finds nothing.
//
// Reading order: rights.go (which part of the path refuses), label.go (what else may).
package rights

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// who is who asks.
type who struct {
	user   int
	groups []int
	// label is what the kernel's security module calls the process, "" for none.
	label string
}

func self() who {
	groups, _ := os.Getgroups()
	groups = append([]int{os.Getegid()}, groups...)
	slices.Sort(groups)
	return who{user: os.Geteuid(), groups: slices.Compact(groups), label: label("/proc/self/attr")}
}

// Explain says what a process needs to read a path, after an error. It is empty if the error is not about rights.
func Explain(path string, err error) string {
	if !errors.Is(err, fs.ErrPermission) {
		return ""
	}
	return self().explain(path)
}

func (w who) explain(path string) string {
	part, info := w.refusing(path)
	if part == "" {
		return w.beyondMode(path)
	}
	owner, group := ownerOf(info)
	text := fmt.Sprintf("%s is %s of user %d, group %d; the collector is user %d, groups %s: ", part, info.Mode(), owner, group, w.user, list(w.groups))
	need := needed(part, path, info)
	var ways []string
	// A group that has the right is the smaller one.
	if mode := int(info.Mode().Perm()) >> 3; mode&need == need {
		ways = append(ways, fmt.Sprintf("give it group %d (Kubernetes: `supplementalGroups: [%d]`, or `runAsGroup: %d`)", group, group, group))
	}
	if mode := int(info.Mode().Perm()) >> 6; mode&need == need {
		ways = append(ways, fmt.Sprintf("run it as user %d (Kubernetes: `runAsUser: %d`, without any capability)", owner, owner))
	}
	if len(ways) == 0 {
		ways = append(ways, "change its mode")
	}
	return text + strings.Join(ways, ", or ")
}

// refusing returns the first part of a path whose mode keeps the process out, "" if none does.
func (w who) refusing(path string) (part string, info fs.FileInfo) {
	path = filepath.Clean(path)
	for at := range path {
		if at > 0 && path[at] != filepath.Separator {
			continue
		}
		part = path[:max(at, 1)]
		if info, err := os.Stat(part); err == nil && !w.may(info, needed(part, path, info)) {
			return part, info
		}
	}
	if info, err := os.Stat(path); err == nil && !w.may(info, needed(path, path, info)) {
		return path, info
	}
	return "", nil
}

// needed are the bits of a mode that it takes: to go through a folder, or to read what is at the end.
func needed(part, path string, info fs.FileInfo) int {
	switch {
	case part != filepath.Clean(path):
		return 1
	case info.IsDir():
		return 5
	}
	return 4
}

// may reports whether the mode lets the process.
func (w who) may(info fs.FileInfo, need int) bool {
	owner, group := ownerOf(info)
	mode := int(info.Mode().Perm())
	switch {
	case w.user == owner:
		mode >>= 6
	case slices.Contains(w.groups, group):
		mode >>= 3
	}
	return mode&need == need
}

func list(groups []int) string {
	texts := make([]string, len(groups))
	for i, g := range groups {
		texts[i] = strconv.Itoa(g)
	}
	return strings.Join(texts, ", ")
}
