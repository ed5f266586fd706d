// SPDX-License-Identifier: Apache-2.0

package ownership

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What another owner needs is tested in tests/image, with the rights of an init container.

func TestAUserMayGiveToHimself(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "state", "of", "it")
	report, err := Give(folder, Owner{User: os.Getuid(), Group: os.Getgid()})
	require.NoError(t, err)
	assert.Equal(t, Report{Created: true, Unchanged: 1}, report)

	require.NoError(t, os.WriteFile(filepath.Join(folder, "a"), nil, 0o600))
	require.NoError(t, os.Symlink("/", filepath.Join(folder, "b")))
	report, err = Give(folder+"/", Owner{User: os.Getuid(), Group: os.Getgid()})
	require.NoError(t, err)
	assert.Equal(t, Report{Unchanged: 3}, report)
}

func TestWithoutTheRightNothingChanges(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root has the right")
	}
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "a"), nil, 0o600))
	report, err := Give(folder, Owner{User: os.Getuid() + 1, Group: os.Getgid()})
	assert.Zero(t, report.Changed)
	assert.EqualError(t, err, fmt.Sprintf("chown %s/a: operation not permitted: %s\nchown %[1]s: operation not permitted: %[2]s", folder, needed))
}

func TestFolderAndFileBelongToTheirNewOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: changes the owner of a file")
	}
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "a"), nil, 0o600))
	report, err := Give(folder, Owner{User: 65532, Group: 7})
	require.NoError(t, err)
	assert.Equal(t, 2, report.Changed)
	report, err = Give(folder, Owner{User: 65532, Group: 7})
	require.NoError(t, err)
	assert.Equal(t, Report{Unchanged: 2}, report)
}

func TestFilesAndFoldersAreLabelled(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: labels a file without SELinux")
	}
	folder := t.TempDir()
	file := filepath.Join(folder, "a")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.NoError(t, os.Symlink("a", filepath.Join(folder, "link")))
	owner := Owner{User: 0, Group: 0, SELinuxLabel: "system_u:object_r:container_file_t:s0"}
	if err := unix.Setxattr(file, labelName, []byte("system_u:object_r:var_lib_t:s0"), 0); err != nil {
		t.Skipf("no label can be set here: %v", err)
	}
	for range 2 {
		_, err := Give(folder, owner)
		require.NoError(t, err)
		for _, path := range []string{folder, file} {
			value := make([]byte, 100)
			n, err := unix.Getxattr(path, labelName, value)
			require.NoError(t, err, path)
			assert.Equal(t, owner.SELinuxLabel+"\x00", string(value[:n]), path)
		}
	}
}

func TestOneReasonIsNotToldForEachOfAThousandFiles(t *testing.T) {
	var r Report
	for i := range 1000 {
		r.fail(fmt.Errorf("file %d", i))
	}
	lines := strings.Split(r.err().Error(), "\n")
	assert.Len(t, lines, maxErrors+1)
	assert.Equal(t, "and 990 more", lines[maxErrors])
}
