// SPDX-License-Identifier: Apache-2.0

package image

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

func TestItIsCalledAsUpstreamsImagesAre(t *testing.T) {
	for _, command := range []string{"/tributary", "/otelcol", "/otelcol-k8s", "/otelcol-contrib"} {
		code, output := container{command: []string{command}, args: []string{"--version"}}.run(t)
		require.Zero(t, code, output)
		require.Regexp(t, `^tributary version \d`, output, command)
	}
}

func TestEveryConfigurationOfTheImageIsValidInIt(t *testing.T) {
	glob := func(pattern string) []string {
		files, err := filepath.Glob(filepath.Join(testkit.Root(), "distro", "config", pattern))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for i, file := range files {
			files[i] = "--config=/etc/tributary/" + filepath.Join(filepath.Dir(pattern), filepath.Base(file))
		}
		return files
	}
	valid := func(configs ...string) {
		t.Helper()
		code, output := container{args: append([]string{"validate"}, configs...)}.run(t)
		assert.Zero(t, code, "%s\n%s", strings.Join(configs, " "), output)
	}
	sources, backends := glob("*.yaml"), glob("backends/*.yaml")
	// Each source and each backend once, as the test of the distribution tries them all together.
	for i := range max(len(sources), len(backends)) {
		valid(sources[i%len(sources)], backends[i%len(backends)])
	}
	for _, example := range glob("examples/*.yaml") {
		valid(example)
	}
}

// podLogs makes a folder as the kubelet has it: of root, for root and its group.
func podLogs(t *testing.T, pod testkit.Pod, lines int) string {
	t.Helper()
	folder := t.TempDir()
	w := testkit.OpenPod(t, folder, pod)
	for i := range lines {
		w.Write(testkit.Line{Text: fmt.Sprintf("line %d", i)})
	}
	w.Close()
	require.NoError(t, filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		return os.Chmod(path, map[bool]os.FileMode{true: 0o750, false: 0o640}[info.IsDir()])
	}))
	return folder
}

func TestItReadsTheLogsOfPodsAsNobodyInGroupZero(t *testing.T) {
	backend := testkit.StartBackend(t)
	pod := testkit.Pod{Namespace: "shop", Name: "web-0", UID: "b1c2", Container: "main"}
	c := container{
		args: []string{"--config=/etc/tributary/kubernetes.yaml", "--config=/etc/tributary/backends/otlp.yaml"},
		env:  append(ports(t), "TRIBUTARY_OTLP_URL="+backend.HTTPURL(), "TRIBUTARY_K8S_AUTH=none", "TRIBUTARY_METADATA_TIMEOUT=0s"),
		mounts: []mount{
			{from: podLogs(t, pod, 3), to: "/var/log/pods", readOnly: true},
			{from: ownedFolder(t), to: "/var/lib/tributary"},
		},
	}
	p := c.start(t)
	got := backend.WaitRecords(t, 3, testkit.DeliverTimeout)
	assert.Equal(t, "web-0", got[0].Resource["k8s.pod.name"])
	p.Terminate()
	code, _ := p.Wait(t, testkit.StartTimeout)
	assert.Zero(t, code, p.Stderr())
	assert.NotContains(t, p.Stderr(), "denied")
}

// ports are free ones in place of those of the image, whose network is the machine's.
func ports(t *testing.T) []string {
	t.Helper()
	return []string{
		fmt.Sprintf("TRIBUTARY_HEALTH_ENDPOINT=127.0.0.1:%d", testkit.FreePort(t)),
		"TRIBUTARY_METRICS_HOST=127.0.0.1",
		fmt.Sprintf("TRIBUTARY_METRICS_PORT=%d", testkit.FreePort(t)),
	}
}

// ownedFolder is a state folder of the user of the image.
func ownedFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if os.Geteuid() == 0 {
		require.NoError(t, os.Chown(folder, 65532, 0))
	}
	return folder
}

func TestTheMemoryOfTheContainerBoundsTheHeap(t *testing.T) {
	const limit = 200 << 20
	for name, c := range map[string]struct {
		env  []string
		says string
	}{
		"four fifths of the limit":     {says: fmt.Sprintf(`"gomemlimit_bytes": %d`, limit/5*4)},
		"GOMEMLIMIT counts more":       {env: []string{"GOMEMLIMIT=150MiB"}},
		"GOMEMLIMIT=off is off":        {env: []string{"GOMEMLIMIT=off"}},
		"AUTOMEMLIMIT is another part": {env: []string{"AUTOMEMLIMIT=0.5"}, says: fmt.Sprintf(`"gomemlimit_bytes": %d`, limit/2)},
	} {
		t.Run(name, func(t *testing.T) {
			run := container{
				args:   []string{"--config=/etc/tributary/kubernetes.yaml", "--config=/etc/tributary/backends/debug.yaml"},
				env:    append(append(ports(t), "TRIBUTARY_K8S_AUTH=none"), c.env...),
				memory: limit,
				mounts: []mount{{from: ownedFolder(t), to: "/var/lib/tributary"}},
			}
			p := run.start(t)
			p.WaitReady(t, testkit.StartTimeout)
			p.Terminate()
			p.Wait(t, testkit.StartTimeout)
			const says = "The memory of the container is limited"
			if c.says == "" {
				assert.NotContains(t, p.Stderr(), says)
				return
			}
			assert.Equal(t, 1, strings.Count(p.Stderr(), says), p.Stderr())
			assert.Contains(t, p.Stderr(), c.says)
		})
	}
}

func TestItDeliversWithoutAStateFolderThatItMayWrite(t *testing.T) {
	backend := testkit.StartBackend(t)
	for name, readOnly := range map[string]bool{"of root": false, "read-only": true} {
		t.Run(name, func(t *testing.T) {
			before := backend.Count()
			p := container{
				args: []string{"--config=/etc/tributary/kubernetes.yaml", "--config=/etc/tributary/backends/otlp.yaml"},
				env:  append(ports(t), "TRIBUTARY_OTLP_URL="+backend.HTTPURL(), "TRIBUTARY_K8S_AUTH=none", "TRIBUTARY_METADATA_TIMEOUT=0s"),
				mounts: []mount{
					{from: podLogs(t, shop, 3), to: "/var/log/pods", readOnly: true},
					{from: t.TempDir(), to: "/var/lib/tributary", readOnly: readOnly},
				},
			}.start(t)
			backend.WaitRecords(t, before+3, testkit.DeliverTimeout)
			assert.Contains(t, p.Stderr(), "Checkpoints are in memory only.")
		})
	}
}
