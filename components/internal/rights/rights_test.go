// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	container = "system_u:system_r:container_t:s0:c1,c2"
	// stranger has nothing to do with the user of the test.
	stranger = 1<<31 - 7
)

// What is said of /pods/pod/0.log below a folder, by the mode of each part. Owner and group are the test's own.
func TestWhatIsNeeded(t *testing.T) {
	user, group := os.Geteuid(), os.Getegid()
	for _, tt := range []struct {
		name            string
		pods, pod, file fs.FileMode
		who             who
		says            string
	}{
		{
			"a file of its user only, as CRI-O writes it", 0o755, 0o755, 0o600, who{user: stranger, groups: []int{group}},
			"/pods/pod/0.log is -rw------- of user USER, group GROUP; the collector is user STRANGER, groups GROUP: run it as user USER (Kubernetes: `runAsUser: USER`, without any capability)",
		},
		{
			"a file of its group, as containerd writes it", 0o755, 0o755, 0o640, who{user: stranger, groups: []int{stranger}},
			"/pods/pod/0.log is -rw-r----- of user USER, group GROUP; the collector is user STRANGER, groups STRANGER: " +
				"give it group GROUP (Kubernetes: `supplementalGroups: [GROUP]`, or `runAsGroup: GROUP`), or run it as user USER (Kubernetes: `runAsUser: USER`, without any capability)",
		},
		{
			"a folder above it, which nobody may pass", 0o700, 0o755, 0o644, who{user: stranger, groups: []int{stranger}},
			"/pods is drwx------ of user USER",
		},
		{
			"a folder that may be listed and not passed", 0o755, 0o744, 0o644, who{user: stranger, groups: []int{stranger}},
			"/pods/pod is drwxr--r-- of user USER",
		},
		{
			"a mode that lets nobody", 0o755, 0o755, 0, who{user: user, groups: []int{group}},
			"/pods/pod/0.log is ---------- of user USER, group GROUP; the collector is user USER, groups GROUP: change its mode",
		},
		{
			"SELinux", 0o755, 0o755, 0o644, who{user: stranger, groups: []int{0, 4}, label: container},
			"user STRANGER, groups 0, 4, of the collector may read ROOT/pods/pod/0.log by its mode, and something else refuses: " +
				"SELinux, for the collector has the type container_t; give it one that may read container logs (Kubernetes: `seLinuxOptions: {type: container_logreader_t}`)",
		},
		{"AppArmor", 0o755, 0o755, 0o644, who{user: stranger, label: "cri-containerd.apparmor.d (enforce)"}, "AppArmor, for the collector has the profile cri-containerd.apparmor.d (enforce)"},
		{"no module that is known", 0o755, 0o755, 0o644, who{user: stranger, label: "unconfined"}, "SELinux or AppArmor of the node, or the user namespace of the pod"},
		{"the mode goes before SELinux", 0o755, 0o755, 0o600, who{user: stranger, label: container}, "/pods/pod/0.log is -rw-------"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			// Everybody may pass the folders above, which the testing package closes.
			root := t.TempDir()
			require.NoError(t, os.Chmod(root, 0o755))
			require.NoError(t, os.Chmod(filepath.Dir(root), 0o755))
			pods := filepath.Join(root, "pods")
			file := filepath.Join(pods, "pod", "0.log")
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
			require.NoError(t, os.WriteFile(file, []byte("x"), 0o600))
			require.NoError(t, os.Chmod(file, tt.file))
			require.NoError(t, os.Chmod(filepath.Dir(file), tt.pod))
			require.NoError(t, os.Chmod(pods, tt.pods))
			t.Cleanup(func() {
				_ = os.Chmod(pods, 0o755)
				_ = os.Chmod(filepath.Dir(file), 0o755)
			})
			want := strings.NewReplacer("USER", fmt.Sprint(user), "GROUP", fmt.Sprint(group), "STRANGER", fmt.Sprint(stranger), "ROOT", root).Replace(tt.says)
			assert.Contains(t, tt.who.explain(file), want)
		})
	}
}

func TestOnlyRightsAreExplained(t *testing.T) {
	assert.Empty(t, Explain("/nowhere", fs.ErrNotExist))
	assert.Empty(t, Explain("/nowhere", nil))
	assert.NotEmpty(t, Explain("/nowhere", fmt.Errorf("open: %w", errors.Join(fs.ErrPermission))))
}

func TestTheLabelOfTheProcess(t *testing.T) {
	folder := t.TempDir()
	assert.Empty(t, label(folder), "no security module")
	require.NoError(t, os.Mkdir(filepath.Join(folder, "apparmor"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "apparmor", "current"), []byte("docker-default (enforce)\n"), 0o600))
	assert.Equal(t, "docker-default (enforce)", label(folder))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "current"), []byte(container+"\x00"), 0o600))
	assert.Equal(t, container, label(folder))
}
