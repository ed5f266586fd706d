// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// clockVariable names the file with the seconds by which the clock of the variant is wrong.
const clockVariable = "TRIBUTARY_FAULT_CLOCK"

// wrongClock is what the components of the variant take for time.Now. As when somebody sets the clock of the machine, the
// time of day jumps, and the monotonic clock does not: the 33 bits of the seconds are those that package time keeps above
// the 30 of the nanoseconds.
const wrongClock = `package wrongclock

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"
)

var (
	begin       = time.Now()
	next, wrong atomic.Int64
)

func Now() time.Time {
	now := time.Now()
	if at := int64(now.Sub(begin)); at >= next.Load() {
		next.Store(at + int64(20*time.Millisecond))
		if raw, err := os.ReadFile(os.Getenv("` + clockVariable + `")); err == nil {
			if seconds, err := strconv.ParseInt(strings.TrimSpace(string(raw)), 10, 64); err == nil {
				wrong.Store(seconds)
			}
		}
	}
	*(*uint64)(unsafe.Pointer(&now)) += uint64(wrong.Load()) << 30
	return now
}
`

var nowCall = regexp.MustCompile(`\btime\.Now\b`)

// withWrongClock is a binary whose components have another time of day than the machine. The product has nothing of it: the
// compiler sees other files in the place of theirs.
func (r *rig) withWrongClock() string {
	r.t.Helper()
	building.Lock()
	defer building.Unlock()
	folder, components := r.t.TempDir(), filepath.Join(testkit.Root(), "components")
	replaced := map[string]string{}
	replace := func(path, code string) {
		to := filepath.Join(folder, strconv.Itoa(len(replaced))+".go")
		require.NoError(r.t, os.WriteFile(to, []byte(code), 0o600))
		replaced[path] = to
	}
	replace(filepath.Join(components, "internal", "wrongclock", "now.go"), wrongClock)
	require.NoError(r.t, filepath.WalkDir(components, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		raw, err := os.ReadFile(path)
		if code := string(raw); nowCall.MatchString(code) {
			code = nowCall.ReplaceAllString(code, "wrongclock.Now")
			code = strings.Replace(code, "import (\n", "import (\n\"github.com/tributary-otel/tributary/components/internal/wrongclock\"\n", 1)
			replace(path, code+"\nvar _ time.Duration\n")
		}
		return err
	}))
	require.Greater(r.t, len(replaced), 10, "the row tests nothing")
	overlay, binary := filepath.Join(folder, "overlay.json"), filepath.Join(folder, "tributary")
	list, err := json.Marshal(map[string]any{"Replace": replaced})
	require.NoError(r.t, errors.Join(err, os.WriteFile(overlay, list, 0o600)))
	r.build(testkit.Root(), binary, "-overlay", overlay)
	return binary
}

// jumpingClock sets the clock an hour and ten years ahead and back, while lines are shipped, and while nothing is delivered
// and the process is killed.
func jumpingClock(r *rig) {
	clock := filepath.Join(r.t.TempDir(), "clock")
	set := func(wrong time.Duration) {
		r.event("the clock is wrong by %s", wrong)
		require.NoError(r.t, os.WriteFile(clock, strconv.AppendInt(nil, int64(wrong/time.Second), 10), 0o600))
	}
	set(0)
	r.collector.Path = r.withWrongClock()
	r.collector.Set(clockVariable + "=" + clock)
	r.busyNode(2)
	r.start()
	r.arrived()
	const hour, decade = time.Hour, 3653 * 24 * time.Hour
	for range times {
		for i, wrong := range []time.Duration{hour, 0, -hour, 0, decade, -decade, decade, 0} {
			began := time.Now()
			set(wrong)
			r.pass(3 * time.Second)
			lag := r.oracle.latest(began)
			r.note("%s: %.1fs late", wrong, lag.Seconds())
			assert.Less(r.t, lag, neighbourLimit, "how late a line is when the clock is wrong by %s", wrong)
			r.arrived()
			if i%3 == 2 {
				r.gate.set(trouble{status: 503})
				set(-wrong)
				r.pass(time.Second)
				r.kill()
				r.start()
				set(wrong)
				r.gate.set(trouble{})
				r.arrived()
			}
		}
	}
	set(0)
	r.settle()
	years := map[int]bool{}
	for _, record := range r.backend.(*otlpBackend).Records() {
		years[record.Observed.Year()-time.Now().Year()] = true
	}
	for _, year := range []int{-10, 0, 10} {
		assert.True(r.t, years[year], "no record was observed %d years from now: the row tests nothing", year)
	}
}
