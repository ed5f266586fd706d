// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

const (
	// oldVersion is the oldest commit that keeps positions as they are kept now; oldVariable names a binary to take instead.
	oldVersion  = "a4032be754e88b32638bebc7d8b49da0271aebf5"
	oldVariable = "TRIBUTARY_OLD_BINARY"
	// cueVariable names the file whose presence lets the variant of a component panic.
	cueVariable = "TRIBUTARY_FAULT_CUE"
)

// building is held while a binary is built: the same row may run for several pipelines at once.
var building sync.Mutex

// cache is a folder of the user that outlives the tests, for binaries that take long to build.
func (r *rig) cache() string {
	r.t.Helper()
	folder, err := os.UserCacheDir()
	if err == nil {
		folder = filepath.Join(folder, "tributary", "faults")
		err = os.MkdirAll(folder, 0o755)
	}
	if err != nil {
		r.t.Skipf("this user has no folder for a built binary: %v", err)
	}
	return folder
}

// build builds the collector of a source tree, as `make build` does, with further arguments of the compiler.
func (r *rig) build(root, binary string, args ...string) {
	r.t.Helper()
	args = append([]string{"build", "-trimpath", "-tags=grpcnotrace", "-ldflags", "-s -w", "-o", binary}, args...)
	command := exec.CommandContext(r.t.Context(), "go", append(args, "./distro/tributary")...)
	command.Dir, command.Env = root, append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	output, err := command.CombinedOutput()
	require.NoError(r.t, err, "build a variant of the collector: %s", output)
}

// panicking is a binary in which a processor panics as soon as there is a file that cueVariable names. The product has
// nothing of it: the compiler sees another file in the place of one.
func (r *rig) panicking() string {
	r.t.Helper()
	building.Lock()
	defer building.Unlock()
	const begin = "func (p *severityProcessor) processLogs(ctx context.Context, logs plog.Logs) (plog.Logs, error) {\n"
	source := filepath.Join(testkit.Root(), "components", "severityprocessor", "processor.go")
	raw, err := os.ReadFile(source)
	require.NoError(r.t, err)
	code := strings.Replace(string(raw), begin, begin+"panicOnCue()\n", 1)
	require.NotEqual(r.t, string(raw), code, "%s has another beginning", source)
	code = strings.Replace(code, "import (\n", "import (\n\"os\"\n", 1) + `
func panicOnCue() {
	if _, err := os.Stat(os.Getenv("` + cueVariable + `")); err == nil {
		panic("on cue of the test")
	}
}
`
	folder := r.t.TempDir()
	changed, overlay := filepath.Join(folder, "processor.go"), filepath.Join(folder, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {source: changed}})
	require.NoError(r.t, err)
	require.NoError(r.t, errors.Join(os.WriteFile(changed, []byte(code), 0o600), os.WriteFile(overlay, replace, 0o600)))
	// Each checkout has its own.
	binary := filepath.Join(r.cache(), fmt.Sprintf("panicking-%08x", crc32.ChecksumIEEE([]byte(testkit.Root()))))
	r.build(testkit.Root(), binary, "-overlay", overlay)
	return binary
}

// panics ends the collector by a panic in the middle of its work.
func panics(r *rig) {
	r.collector.Path = r.panicking()
	cue := filepath.Join(r.t.TempDir(), "cue")
	r.collector.Set(cueVariable + "=" + cue)
	r.busyNode(2)
	// Something is always on its way.
	r.gate.set(trouble{delay: time.Second})
	for range 3 * times {
		r.start()
		r.arrived()
		r.pass(r.between(time.Second, 2*time.Second))
		r.event("panic")
		r.crashes++
		require.NoError(r.t, os.WriteFile(cue, nil, 0o600))
		code, _ := r.process.Wait(r.t, exitLimit)
		assert.Positive(r.t, code, "exit code")
		assert.Contains(r.t, r.process.Stderr(), "panic: on cue of the test", "the row tests nothing")
		require.NoError(r.t, os.Remove(cue))
	}
	r.gate.set(trouble{})
	r.start()
	r.settle()
}

// old is the binary of an older version and its own configuration files.
func (r *rig) old() (binary string, configs []string) {
	r.t.Helper()
	if given := os.Getenv(oldVariable); given != "" {
		return given, r.collector.Configs
	}
	building.Lock()
	defer building.Unlock()
	tree := filepath.Join(r.cache(), oldVersion)
	binary = filepath.Join(tree, "bin", "tributary")
	if _, err := os.Stat(binary); err != nil {
		archive := exec.CommandContext(r.t.Context(), "git", "archive", oldVersion)
		archive.Dir = testkit.Root()
		source, err := archive.Output()
		if err != nil {
			r.t.Skipf("the history of the repository, or git, is not here; %s may name an older binary: %v", oldVariable, err)
		}
		require.NoError(r.t, os.MkdirAll(tree, 0o755))
		unpack := exec.CommandContext(r.t.Context(), "tar", "-x", "-C", tree)
		unpack.Stdin = strings.NewReader(string(source))
		output, err := unpack.CombinedOutput()
		require.NoError(r.t, err, "unpack the older version: %s", output)
		// A build that is cut short leaves nothing that looks whole.
		r.build(tree, binary+".tmp")
		require.NoError(r.t, os.Rename(binary+".tmp", binary))
	}
	for _, config := range r.collector.Configs {
		name, err := filepath.Rel(testkit.Root(), config)
		require.NoError(r.t, err)
		configs = append(configs, filepath.Join(tree, name))
	}
	return binary, configs
}

// otherVersions takes turns between an older binary and this one, with copies of deleted files that one of them has made and
// the other one delivers.
func otherVersions(r *rig) {
	oldBinary, oldConfigs := r.old()
	newBinary, newConfigs := testkit.Binary(r.t), r.collector.Configs
	r.busyNode(2)
	for round := range 3 * times {
		r.event("old version")
		r.collector.Path, r.collector.Configs = oldBinary, oldConfigs
		r.inherits(2 * round)
		r.event("this version")
		r.collector.Path, r.collector.Configs = newBinary, newConfigs
		r.inherits(2*round + 1)
	}
	r.start()
	r.settle()
}

// inherits runs the collector on the state of another one, and ends it as an upgrade does, or a crash. The first two leave a
// copy of a deleted file behind.
func (r *rig) inherits(round int) {
	r.t.Helper()
	r.start()
	r.arrived()
	if damaged := r.metric("otelcol_extension_checkpoint_storage_damaged_snapshots"); damaged > 0 {
		r.t.Errorf("%.0f snapshots of the other version cannot be used", damaged)
	}
	if round < 2 {
		r.spills(r.goneInOutage(fmt.Sprintf("gone-%d", round)))
		defer r.gate.set(trouble{})
	}
	if round%3 == 0 {
		r.stop(exitLimit)
	} else {
		r.kill()
	}
}
