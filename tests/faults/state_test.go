// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// state is the folder of the positions.
func (r *rig) state() string { return r.collector.Env["TRIBUTARY_STATE"] }

// queued begins the name of a queue in file_storage, which is no position: nothing replaces what is in it.
const queued = "exporter_"

// stateFiles returns the content of every file of the state folder, by path.
func (r *rig) stateFiles() map[string][]byte {
	r.t.Helper()
	files := map[string][]byte{}
	require.NoError(r.t, filepath.WalkDir(r.state(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || strings.HasPrefix(entry.Name(), queued) {
			return err
		}
		content, err := os.ReadFile(path)
		files[path] = content
		return err
	}))
	return files
}

// damagedState harms the files of the positions in every way between two runs. All lines may come again, none may miss.
func damagedState(r *rig) {
	r.anyDuplicates = true
	r.busyNode(2)
	r.start()
	r.arrived()
	r.stop(exitLimit)
	old := r.stateFiles()
	if len(old) == 0 {
		r.t.Fatalf("there is no file in %s: the row tests nothing", r.state())
	}
	for range times {
		for _, damage := range []struct {
			name string
			harm func(content []byte) []byte // nil removes the file
		}{
			{"a bit flipped", func(content []byte) []byte {
				if len(content) > 0 {
					content[r.random.IntN(len(content))] ^= 1 << r.random.IntN(8)
				}
				return content
			}},
			{"cut", func(content []byte) []byte { return content[:r.random.IntN(len(content)+1)] }},
			{"zeroed", func(content []byte) []byte { return make([]byte, len(content)) }},
			{"other bytes", func(content []byte) []byte {
				for i := range content {
					content[i] = byte(r.random.Uint32())
				}
				return content
			}},
			{"removed", func([]byte) []byte { return nil }},
		} {
			r.start()
			r.arrived()
			r.stop(exitLimit)
			r.event("%s", damage.name)
			for path, content := range r.stateFiles() {
				if content = damage.harm(content); content == nil {
					require.NoError(r.t, os.Remove(path))
				} else {
					require.NoError(r.t, os.WriteFile(path, content, 0o600))
				}
			}
		}
	}
	r.start()
	r.arrived()
	r.stop(exitLimit)
	r.event("old copy put back")
	require.NoError(r.t, os.RemoveAll(r.state()))
	for path, content := range old {
		require.NoError(r.t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(r.t, os.WriteFile(path, content, 0o600))
	}
	r.start()
	r.settle()
}

var inUse = regexp.MustCompile(`(?i)in use|lock|already|another`)

// The second collector refuses to start and says why; the first one does not notice.
func twoCollectors(r *rig) {
	r.busyNode(1)
	r.start()
	r.arrived()
	other := testkit.NewCollector(r.t)
	second := r.collector.Options()
	second.Env = append(second.Env, "TRIBUTARY_HEALTH_ENDPOINT="+other.Env["TRIBUTARY_HEALTH_ENDPOINT"],
		"TRIBUTARY_READINESS_ENDPOINT="+other.Env["TRIBUTARY_READINESS_ENDPOINT"], "TRIBUTARY_METRICS_PORT="+other.Env["TRIBUTARY_METRICS_PORT"])
	p := testkit.Start(r.t, second)
	// The limit is here so that the row fails with the right words.
	ended := r.eventually(exitLimit, p.Exited)
	if assert.True(r.t, ended, "the second collector runs, although the first one uses its state folder") {
		code, took := p.Wait(r.t, time.Second)
		r.note("refused in %.1fs", took.Seconds())
		assert.NotZero(r.t, code, "exit code of the second collector")
		assert.Regexp(r.t, inUse, p.Stderr(), "the second collector says why")
		assert.Contains(r.t, p.Stderr(), r.state(), "the second collector names the folder")
	}
	r.arrived()
	r.settle()
}
