// SPDX-License-Identifier: Apache-2.0

package residency

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// mapping is a part of the address space.
type mapping struct {
	start, end uint64
	// private is a mapping of a file of which nothing is shared with others, writable
	// one that the process may change.
	private, writable bool
	inode             uint64
	// anonymous is how much of it is no copy of the file, in KiB: somebody has written to
	// it, although the process may not. That is how breakpoints are set.
	anonymous uint64
}

// contains reports whether an address lies in it.
func (m mapping) contains(address uint64) bool { return m.start <= address && address < m.end }

// parseMappings reads the text of /proc/<pid>/smaps (proc_pid_smaps(5)).
func parseMappings(smaps io.Reader) (list []mapping, err error) {
	lines := bufio.NewScanner(smaps)
	for lines.Scan() {
		key, rest, _ := strings.Cut(lines.Text(), " ")
		if !strings.HasSuffix(key, ":") {
			m, err := parseHeader(key, strings.Fields(rest))
			if err != nil {
				return nil, fmt.Errorf("read mappings: %q: %w", lines.Text(), err)
			}
			list = append(list, m)
			continue
		}
		if key != "Anonymous:" || len(list) == 0 {
			continue
		}
		size, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		if list[len(list)-1].anonymous, err = strconv.ParseUint(size, 10, 64); err != nil {
			return nil, fmt.Errorf("read mappings: %q: %w", lines.Text(), err)
		}
	}
	return list, lines.Err()
}

// parseHeader takes a line such as "00400000-04432000 r-xp 00000000 fe:00 1234 /bin/x".
func parseHeader(addresses string, fields []string) (m mapping, err error) {
	start, end, found := strings.Cut(addresses, "-")
	if !found || len(fields) < 4 || len(fields[0]) != 4 {
		return m, fmt.Errorf("no mapping")
	}
	if m.start, err = strconv.ParseUint(start, 16, 64); err != nil {
		return m, err
	}
	if m.end, err = strconv.ParseUint(end, 16, 64); err != nil {
		return m, err
	}
	if m.inode, err = strconv.ParseUint(fields[3], 10, 64); err != nil {
		return m, err
	}
	m.writable, m.private = fields[0][1] == 'w', fields[0][3] == 'p'
	return m, nil
}
