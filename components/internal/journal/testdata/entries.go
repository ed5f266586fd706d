// SPDX-License-Identifier: Apache-2.0

//go:build ignore

// Command entries prints the entries of the fixtures in the Journal Export
// Format (https://systemd.io/JOURNAL_EXPORT_FORMATS/): what generate.sh feeds to
// systemd-journal-remote.
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
)

var (
	out   = bufio.NewWriter(os.Stdout)
	count uint64
)

// entry prints an entry of fields NAME=value, all of them in the binary form.
func entry(fields ...string) {
	count++
	boot, since := "b0000000000000000000000000000001", count*1_000_003
	if count > 60 {
		boot, since = "b0000000000000000000000000000002", (count-60)*2_000_003
	}
	fmt.Fprintf(out, "__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=%s\n", 1_700_000_000_000_000+count*3_000_001, since, boot)
	for _, field := range append(fields, "_BOOT_ID="+boot) {
		name, value, _ := strings.Cut(field, "=")
		var length [8]byte
		binary.LittleEndian.PutUint64(length[:], uint64(len(value)))
		fmt.Fprintf(out, "%s\n%s%s\n", name, length[:], value)
	}
	fmt.Fprintln(out)
}

func main() {
	for i := range 80 {
		entry(fmt.Sprintf("MESSAGE=request %d took %d ms", i, i*i%97), fmt.Sprintf("PRIORITY=%d", i%8),
			fmt.Sprintf("_SYSTEMD_UNIT=unit-%d.service", i%5), "SYSLOG_IDENTIFIER=web", fmt.Sprintf("_PID=%d", 100+i%5), "_HOSTNAME=fixture")
	}
	entry("MESSAGE=two\nlines and \x00, \xff", "BINARY=\x00\x01\x02\xfe\xff\n")
	entry("MESSAGE=invalid \xc3\x28 \xe2\x82 UTF-8")
	entry("MESSAGE=one name several times", "TAG=a", "TAG=b", "TAG=c", "TAG=a")
	entry("MESSAGE=", "EMPTY=")
	entry("NO_MESSAGE=there is none", "PRIORITY=3")
	entry("MESSAGE=" + strings.Repeat("a message long enough to be compressed, ", 200))
	entry("MESSAGE=again the long one", "COPY="+strings.Repeat("a message long enough to be compressed, ", 200))
	entry("MESSAGE=a value of 2 MiB", "LARGE="+strings.Repeat("0123456789abcdef", 2<<20/16))
	many := []string{"MESSAGE=150 fields"}
	for i := range 150 {
		many = append(many, fmt.Sprintf("FIELD_%03d=value %d", i, i))
	}
	entry(many...)
	for i := range 20 {
		entry(fmt.Sprintf("MESSAGE=and on it goes, %d", i), "_SYSTEMD_UNIT=unit-1.service", "X_"+strings.Repeat("LONG_", 12)+"=name")
	}
	if err := out.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
