// SPDX-License-Identifier: Apache-2.0

//go:build linux

package testkit

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Send writes an entry to the socket of journald's own protocol
// (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/). Fields are NAME=value, and the
// value may hold any bytes. journald adds fields of its own to them.
func (j *Journald) Send(fields ...string) {
	j.t.Helper()
	var entry []byte
	for _, field := range fields {
		name, value, found := strings.Cut(field, "=")
		if !found {
			j.t.Fatalf("the field %q has no \"=\"", field)
		}
		if !strings.Contains(value, "\n") {
			entry = append(append(entry, field...), '\n')
			continue
		}
		entry = append(append(entry, name...), '\n')
		entry = binary.LittleEndian.AppendUint64(entry, uint64(len(value)))
		entry = append(append(entry, value...), '\n')
	}
	_, err := j.native.Write(entry)
	if errors.Is(err, syscall.EMSGSIZE) || errors.Is(err, syscall.ENOBUFS) {
		err = j.sendFile(entry)
	}
	if err != nil {
		j.t.Fatalf("send an entry of %d bytes to journald: %v", len(entry), err)
	}
}

// sendFile sends an entry that no datagram has room for: as a file in memory that
// cannot be changed any more.
func (j *Journald) sendFile(entry []byte) error {
	fd, err := unix.MemfdCreate("entry", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return fmt.Errorf("create a file in memory: %w", err)
	}
	defer unix.Close(fd)
	for rest := entry; len(rest) > 0; {
		n, err := unix.Write(fd, rest)
		if err != nil {
			return fmt.Errorf("write to a file in memory: %w", err)
		}
		rest = rest[n:]
	}
	const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		return fmt.Errorf("seal a file in memory: %w", err)
	}
	return j.sendDescriptor(fd)
}

func (j *Journald) sendDescriptor(fd int) error {
	socket, err := j.native.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	err = socket.Write(func(to uintptr) bool {
		sent = unix.Sendmsg(int(to), nil, unix.UnixRights(fd), nil, 0)
		return !errors.Is(sent, unix.EAGAIN)
	})
	return errors.Join(err, sent)
}

// Print writes lines as a service does on its stdout: each is an entry with
// priority 6. The unit is believed where NeedUnits lets a test go on.
func (j *Journald) Print(identifier, unit string, lines ...string) {
	j.t.Helper()
	// journald keeps one unit for each process, so every service is one. The test's own program is at hand for that.
	self, err := os.Executable()
	if err != nil {
		j.t.Fatalf("find the program of the test: %v", err)
	}
	text := streamHeader(identifier, unit) + strings.Join(lines, "\n") + "\n"
	command := exec.Command(self)
	command.Env = []string{printVariable + "=" + filepath.Join(j.runDir(), "stdout"), lengthVariable + "=" + strconv.Itoa(len(text))}
	input, err := command.StdinPipe()
	if err != nil {
		j.t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		j.t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		j.t.Fatalf("start a service: %v", err)
	}
	_, err = io.WriteString(input, text)
	if err == nil {
		_, err = io.ReadFull(output, make([]byte, 1))
	}
	if err != nil {
		j.t.Errorf("write to journald: %v", err)
	}
	j.Sync() // What journald says of a process, it finds out as long as the process is there.
	_ = input.Close()
	if err := command.Wait(); err != nil {
		j.t.Fatalf("write to journald: %v", err)
	}
}

// printVariable makes a program of tests copy its input to the socket that the variable
// names, in place of running tests: as many bytes as lengthVariable says. It writes one
// when they are there, and ends with its input.
const (
	printVariable  = "TESTKIT_PRINT"
	lengthVariable = "TESTKIT_PRINT_BYTES"
)

func init() {
	path := os.Getenv(printVariable)
	if path == "" {
		return
	}
	length, err := strconv.ParseInt(os.Getenv(lengthVariable), 10, 64)
	var connection net.Conn
	if err == nil {
		connection, err = net.Dial("unix", path)
	}
	if err == nil {
		_, err = io.CopyN(connection, os.Stdin, length)
	}
	if err == nil {
		_, err = os.Stdout.WriteString("\n")
	}
	if err == nil {
		_, err = io.Copy(io.Discard, os.Stdin)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// NeedUnits skips the test where journald does not believe the unit given to
// Print: unless root runs the test, and where the processes of the test are in a
// unit already, which journald learns from the kernel.
func (j *Journald) NeedUnits() {
	j.t.Helper()
	if os.Geteuid() != 0 {
		j.t.Skip("journald believes only root that it prints for a unit")
	}
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		j.t.Skipf("it is not known whether journald believes a unit: %v", err)
	}
	for line := range strings.Lines(string(groups)) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		if controllers, path, _ := strings.Cut(rest, ":"); (controllers == "" || controllers == "name=systemd") && path != "/" {
			j.t.Skipf("the test runs in the control group %s, of which journald takes the unit", path)
		}
	}
}

// streamHeader is what sd_journal_stream_fd(3) writes first: identifier, unit,
// priority, and four switches.
func streamHeader(identifier, unit string) string {
	return identifier + "\n" + unit + "\n6\n0\n0\n0\n0\n"
}

// connect makes a connection such as a service gets for its stdout.
func (j *Journald) connect(identifier string) (net.Conn, error) {
	connection, err := net.Dial("unix", filepath.Join(j.runDir(), "stdout"))
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(connection, streamHeader(identifier, "")); err != nil {
		_ = connection.Close()
		return nil, err
	}
	return connection, nil
}

// Syslog writes a message as syslog(3) does, such as "<30>cron[12]: done".
func (j *Journald) Syslog(message string) {
	j.t.Helper()
	connection, err := net.Dial("unixgram", j.SyslogSocket())
	if err != nil {
		j.t.Fatalf("connect to journald: %v", err)
	}
	defer connection.Close()
	if _, err := connection.Write([]byte(message)); err != nil {
		j.t.Fatalf("write to journald: %v", err)
	}
}
