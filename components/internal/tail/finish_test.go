// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// secretive does not say who has a file open, as the kernel does not to a user to whom the file does not belong.
type secretive struct{ FS }

type secretiveHandle struct{ Handle }

func (s secretive) Open(root string, parts ...string) (Handle, error) {
	h, err := s.FS.Open(root, parts...)
	return secretiveHandle{h}, err
}

func (secretiveHandle) Writer() (is, known bool) { return false, false }

// appender has a file open for writing until the test ends.
func (n *node) appender(container, name string) *os.File {
	n.t.Helper()
	f, err := os.OpenFile(n.path(container, name), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(n.t, err)
	n.t.Cleanup(func() { _ = f.Close() })
	return f
}

// files counts those that are known. The node has ended.
func (n *node) files() (count int) {
	for _, d := range n.tail.folders {
		count += len(d.files)
	}
	return count
}

// needsLeases skips a test where no kernel says who has a file open.
func needsLeases(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("needs leases of files, which Linux has")
	}
}

func TestAFileIsForgottenAsSoonAsNothingCanCome(t *testing.T) {
	const nobody, somebody, unknown = "nobody has it open", "somebody has it open", "nobody says who has it open"
	const elsewhere = "it has a name elsewhere"
	const file, rotated, folder = web + "/0.log", web + "/0.log.20261120-100000", "shop_web-0_uid"
	for _, tt := range []struct {
		removed, writer string
		after           time.Duration
		known           int
	}{
		// An archive of it may come into the folder.
		{file, nobody, 8 * time.Second, 1},
		{file, nobody, 12 * time.Second, 0},
		// The kubelet may not have noticed.
		{file, unknown, 18 * time.Second, 1},
		{file, unknown, 22 * time.Second, 0},
		{rotated, unknown, 12 * time.Second, 0},
		{folder, nobody, time.Second, 0},
		{folder, somebody, 18 * time.Second, 1},
		{folder, somebody, 22 * time.Second, 0},
		{folder, elsewhere, 4 * time.Second, 1},
		{folder, elsewhere, 7 * time.Second, 0},
		{folder, unknown, 4 * time.Second, 1},
		{folder, unknown, 7 * time.Second, 0},
	} {
		t.Run(tt.removed+" is gone, "+tt.writer+", "+tt.after.String(), func(t *testing.T) {
			needsLeases(t)
			atOnce(t, func(t *testing.T, n *node) {
				if tt.writer == unknown {
					n.options.FS = secretive{OS}
				}
				name := "0.log"
				if tt.removed == rotated {
					name = filepath.Base(rotated)
				}
				n.write(web, name, "one")
				switch tt.writer {
				case somebody:
					n.appender(web, name)
				case elsewhere:
					require.NoError(t, os.Link(n.path(web, name), filepath.Join(n.options.Root, "a")))
				}
				n.start()
				pass(time.Second)
				require.NoError(t, os.RemoveAll(filepath.Join(n.options.Root, tt.removed)))
				pass(tt.after)
				n.end()
				<-n.done
				assert.Equal(t, tt.known, n.files())
				n.wants("one")
			})
		})
	}
}

func TestWhatIsWrittenToAFileWithoutANameComes(t *testing.T) {
	needsLeases(t)
	atOnce(t, func(t *testing.T, n *node) {
		n.write(web, "0.log", "one")
		writer := n.appender(web, "0.log")
		n.start()
		pass(time.Second)
		require.NoError(t, os.RemoveAll(filepath.Join(n.options.Root, "shop_web-0_uid")))
		want := []string{"one"}
		for _, line := range []string{"two", "three", "four"} {
			pass(15 * time.Second)
			_, err := writer.WriteString(line + "\n")
			require.NoError(t, err)
			want = append(want, line)
		}
		require.NoError(t, writer.Close())
		pass(time.Second)
		n.wants(want...)
	})
}

// hasty writes once more when it is asked who has a file open, and says that nobody has.
type hasty struct {
	FS
	write func()
}

type hastyHandle struct {
	Handle
	fs hasty
}

func (h hasty) Open(root string, parts ...string) (Handle, error) {
	handle, err := h.FS.Open(root, parts...)
	return hastyHandle{handle, h}, err
}

func (h hastyHandle) Writer() (is, known bool) {
	h.fs.write()
	return false, true
}

func TestWhatIsWrittenInTheLastMomentComes(t *testing.T) {
	atOnce(t, func(t *testing.T, n *node) {
		n.write(web, "0.log", "one")
		writer := n.appender(web, "0.log")
		n.options.FS = hasty{OS, sync.OnceFunc(func() {
			_, err := writer.WriteString("two\n")
			assert.NoError(t, err)
		})}
		n.start()
		pass(time.Second)
		require.NoError(t, os.RemoveAll(filepath.Join(n.options.Root, "shop_web-0_uid")))
		pass(2 * time.Second)
		n.wants("one", "two")
		n.end()
		<-n.done
		assert.Zero(t, n.files())
	})
}

func TestTheLastLineOfAFileThatIsGoneNeedsNoEnd(t *testing.T) {
	needsLeases(t)
	for name, text := range map[string]string{"after others": "one\nhal", "alone": "hal"} {
		t.Run(name, func(t *testing.T) {
			atOnce(t, func(t *testing.T, n *node) {
				n.writeRaw(web, "0.log", text)
				n.start()
				pass(time.Second)
				require.NoError(t, os.RemoveAll(filepath.Join(n.options.Root, "shop_web-0_uid")))
				pass(2 * time.Second)
				assert.Equal(t, "hal", n.lines()[len(n.lines())-1])
				n.end()
				<-n.done
				assert.Zero(t, n.files())
			})
		})
	}
}

func TestTheKernelSaysWhetherSomebodyHasAFileOpenForWriting(t *testing.T) {
	needsLeases(t)
	n := newNode(t)
	n.write(web, "0.log", "one")
	h, err := OS.Open(n.options.Root, "shop_web-0_uid", "main", "0.log")
	require.NoError(t, err)
	defer func() { require.NoError(t, h.Close()) }()
	says := func(who string, want bool) {
		t.Helper()
		is, known := h.Writer()
		assert.True(t, known, who)
		assert.Equal(t, want, is, who)
	}
	says("nobody has", false)

	reader, err := os.Open(n.path(web, "0.log"))
	require.NoError(t, err)
	says("somebody reads it", false)
	require.NoError(t, reader.Close())

	writer := n.appender(web, "0.log") // It has not to wait.
	says("somebody has", true)
	require.NoError(t, writer.Close())
	says("nobody has any more", false)
}
