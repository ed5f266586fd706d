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
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What another owner needs is tested in tests/image, with the rights of an init container.

func TestAUserMayGiveToHimself(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "state", "of", "it")
	report, err := Give(folder, os.Getuid(), os.Getgid())
	require.NoError(t, err)
	assert.Equal(t, Report{Created: true, Unchanged: 1}, report)

	require.NoError(t, os.WriteFile(filepath.Join(folder, "a"), nil, 0o600))
	require.NoError(t, os.Symlink("/", filepath.Join(folder, "b")))
	report, err = Give(folder+"/", os.Getuid(), os.Getgid())
	require.NoError(t, err)
	assert.Equal(t, Report{Unchanged: 3}, report)
}

func TestWithoutTheRightNothingChanges(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root has the right")
	}
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "a"), nil, 0o600))
	report, err := Give(folder, os.Getuid()+1, os.Getgid())
	assert.Zero(t, report.Changed)
	assert.EqualError(t, err, fmt.Sprintf("chown %s/a: operation not permitted: %s\nchown %[1]s: operation not permitted: %[2]s", folder, needed))
}

func TestFolderAndFileBelongToTheirNewOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: changes the owner of a file")
	}
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "a"), nil, 0o600))
	report, err := Give(folder, 65532, 7)
	require.NoError(t, err)
	assert.Equal(t, 2, report.Changed)
	report, err = Give(folder, 65532, 7)
	require.NoError(t, err)
	assert.Equal(t, Report{Unchanged: 2}, report)
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
