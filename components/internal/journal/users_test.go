// SPDX-License-Identifier: Apache-2.0

//go:build linux

package journal

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// asUser makes a program of these tests send what it reads, line by line, as a user of
// this number, to the socket of the other variable.
const (
	asUser   = "JOURNAL_TEST_USER"
	asSocket = "JOURNAL_TEST_SOCKET"
)

func init() {
	uid, err := strconv.Atoi(os.Getenv(asUser))
	if err != nil {
		return
	}
	if err := sendAs(uid, os.Getenv(asSocket)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func sendAs(uid int, socket string) error {
	connection, err := net.Dial("unixgram", socket)
	if err != nil {
		return err
	}
	if err := syscall.Setgid(uid); err != nil {
		return err
	}
	if err := syscall.Setuid(uid); err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if _, err := fmt.Fprintf(connection, "MESSAGE=%s\nMARK=users\n", lines.Text()); err != nil {
			return err
		}
	}
	return lines.Err()
}

// journald gives each user a file. Their entries and those of the system are numbered
// together, and come in that order; none of them is missing in the other files.
func TestTheFilesOfUsersAreReadWithTheSystems(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can send as several users")
	}
	j := testkit.StartJournald(t)
	var told troubles
	r := live(t, j, &told)
	self, err := os.Executable()
	require.NoError(t, err)
	var inputs []io.WriteCloser
	var commands []*exec.Cmd
	for _, uid := range []int{0, 1500, 1501} {
		c := exec.Command(self)
		c.Env = []string{asUser + "=" + strconv.Itoa(uid), asSocket + "=" + filepath.Join(filepath.Dir(j.Dir()), "run", "socket")}
		c.Stderr = os.Stderr
		input, err := c.StdinPipe()
		require.NoError(t, err)
		require.NoError(t, c.Start())
		inputs, commands = append(inputs, input), append(commands, c)
	}
	const entries = 3000
	var numbers []uint64
	count := 0
	use := func(e *Entry) {
		numbers = append(numbers, e.Cursor.Seqnum)
		if mark, _ := e.Get("MARK"); mark == "users" {
			count++
		}
	}
	for n := range entries {
		_, err := fmt.Fprintln(inputs[n%3], n)
		require.NoError(t, err)
		if n%10 == 0 {
			each(t, r, use)
		}
	}
	for i := range inputs {
		require.NoError(t, inputs[i].Close())
		require.NoError(t, commands[i].Wait())
	}
	j.Send("MESSAGE=the end")
	until(t, r, use)
	assert.Equal(t, entries, count)
	assert.IsIncreasing(t, numbers)
	assert.Empty(t, told)
	assert.Zero(t, r.Stats().Lost)
	assert.FileExists(t, filepath.Join(j.Dir(), "user-1501.journal"))
}
