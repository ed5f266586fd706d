// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"cmp"
	"path"
	"strconv"
	"strings"
)

// Container is a container of a pod, as its folder names it.
type Container struct {
	Namespace, Pod string
	// UID is the uid of the pod; for a static pod it is the hash of its manifest.
	UID  string
	Name string
}

// Folder is the path of its folder below that of all pods.
func (c Container) Folder() string {
	return path.Join(c.podFolder(), c.Name)
}

func (c Container) podFolder() string {
	return c.Namespace + "_" + c.Pod + "_" + c.UID
}

// parsePod reads the name of the folder of a pod. Kubernetes' names hold no `_`.
func parsePod(name string) (Container, bool) {
	part := strings.Split(name, "_")
	if len(part) != 3 || part[0] == "" || part[1] == "" || part[2] == "" {
		return Container{}, false
	}
	return Container{Namespace: part[0], Pod: part[1], UID: part[2]}, true
}

// ParseFolder reads what Folder has written.
func ParseFolder(folder string) (Container, bool) {
	pod, name, _ := strings.Cut(folder, "/")
	c, ok := parsePod(pod)
	c.Name = name
	return c, ok && name != "" && !strings.Contains(name, "/")
}

// logName is the name of a log file, taken apart.
type logName struct {
	// restart is how often the container had been restarted when the file began.
	restart int
	// rotated is what follows `.log`, without `.gz`; it is empty for the file that is
	// written to.
	rotated    string
	compressed bool
}

// parseLogName reads the name of a file in the folder of a container. An archive that
// is still being written ends in `.tmp` and is none yet.
func parseLogName(name string) (logName, bool) {
	digits, rest, found := strings.Cut(name, ".log")
	restart, err := strconv.ParseUint(digits, 10, 31)
	if !found || err != nil || strings.HasSuffix(rest, ".tmp") {
		return logName{}, false
	}
	if rest != "" && rest[0] != '.' && rest[0] != '-' {
		return logName{}, false
	}
	l := logName{restart: int(restart)}
	l.rotated, l.compressed = strings.CutSuffix(rest, ".gz")
	return l, true
}

// compare orders the files of a container by age, the oldest first.
func (l logName) compare(other logName) int {
	if c := cmp.Compare(l.restart, other.restart); c != 0 {
		return c
	}
	if (l.rotated == "") != (other.rotated == "") {
		if l.rotated == "" {
			return 1
		}
		return -1
	}
	// The kubelet appends a stamp, which grows; logrotate can append a number as
	// well, and that shrinks.
	a, aCounts := l.count()
	b, bCounts := other.count()
	if aCounts && bCounts {
		return cmp.Compare(b, a)
	}
	return cmp.Compare(l.rotated, other.rotated)
}

// count is the number that logrotate appends.
func (l logName) count() (n uint64, ok bool) {
	if len(l.rotated) < 2 || len(l.rotated) > 5 {
		return 0, false
	}
	n, err := strconv.ParseUint(l.rotated[1:], 10, 16)
	return n, err == nil
}

func (l logName) String() string {
	name := strconv.Itoa(l.restart) + ".log" + l.rotated
	if l.compressed {
		name += ".gz"
	}
	return name
}
