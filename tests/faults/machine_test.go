// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// command runs a program of the machine, and ends the row when it fails. A machine without it skips the row.
func (r *rig) command(name string, args ...string) {
	r.t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		r.t.Skipf("this machine has no %s", name)
	}
	output, err := exec.Command(name, args...).CombinedOutput()
	require.NoError(r.t, err, "%s %s: %s", name, strings.Join(args, " "), output)
}

// needsRoot skips the row for an ordinary user.
func (r *rig) needsRoot(what string) {
	r.t.Helper()
	if os.Geteuid() != 0 {
		r.t.Skipf("only root may %s", what)
	}
}

// mount mounts a file system on a folder, which is made, until the test ends.
func (r *rig) mount(folder string, args ...string) {
	r.t.Helper()
	r.needsRoot("mount a file system")
	require.NoError(r.t, os.MkdirAll(folder, 0o755))
	r.command("mount", append(args, folder)...)
	r.t.Cleanup(func() {
		if mounted(folder) {
			r.unmount(folder)
		}
	})
}

// unmount waits for those who are still about to let go of it.
func (r *rig) unmount(folder string) {
	r.t.Helper()
	if !r.lastly(func() bool { return exec.Command("umount", folder).Run() == nil }) {
		r.t.Errorf("%s cannot be unmounted", folder)
	}
}

// lastly is eventually for what has to be done after the test too.
func (r *rig) lastly(holds func() bool) bool {
	for deadline := time.Now().Add(10 * time.Second); !holds(); {
		if time.Now().After(deadline) {
			return false
		}
		<-time.After(50 * time.Millisecond)
	}
	return true
}

func mounted(folder string) bool {
	mounts, err := os.ReadFile("/proc/self/mounts")
	return err == nil && strings.Contains(string(mounts), " "+folder+" ")
}

// ext4 makes a file system of so many MiB in a file.
func (r *rig) ext4(mib int, options ...string) (image string) {
	r.t.Helper()
	r.needsRoot("mount a file system")
	image = filepath.Join(r.t.TempDir(), "image")
	file, err := os.Create(image)
	require.NoError(r.t, err)
	require.NoError(r.t, errors.Join(file.Truncate(int64(mib)<<20), file.Close()))
	r.command("mkfs.ext4", append(options, "-q", "-F", "-b", "4096", image)...)
	return image
}

// fill takes all the room that is left below a folder, and returns the file that has it.
func (r *rig) fill(folder string) (filler string) {
	r.t.Helper()
	filler = filepath.Join(folder, "filler")
	file, err := os.Create(filler)
	require.NoError(r.t, err)
	defer file.Close()
	for size := 1 << 20; size > 0; {
		if _, err = file.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	require.ErrorContains(r.t, err, "no space left", "the row tests nothing")
	return filler
}

// through starts the collector by way of another program from now on, which becomes the collector.
func (r *rig) through(program string, args ...string) {
	r.collector.Args = append(append(args, testkit.Binary(r.t)), r.collector.Args...)
	r.collector.Path = program
}

// signal sends a signal that not every system has.
func (r *rig) signal(name string) {
	r.t.Helper()
	r.event("SIG%s", name)
	r.command("kill", "-"+name, strconv.Itoa(r.process.Pid()))
}

// cpu is the share of a core that the collector takes while something is done; without /proc it is 0.
func (r *rig) cpu(do func()) float64 {
	before, began := r.cpuTime(), time.Now()
	do()
	return (r.cpuTime() - before).Seconds() / time.Since(began).Seconds()
}

func (r *rig) cpuTime() time.Duration {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.process.Pid()))
	if err != nil {
		return 0
	}
	fields := strings.Fields(afterName(raw))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// afterName is what stands in the status of a process behind its name, which is in parentheses and may hold anything.
func afterName(stat []byte) string {
	return strings.TrimSpace(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
}

// metric is one of the collector's own metrics, summed over its labels.
func (r *rig) metric(name string) float64 {
	r.t.Helper()
	sums, err := r.scrape()
	require.NoError(r.t, err)
	return sums[name]
}

// metricIs waits until one of the collector's own metrics is as it should be.
func (r *rig) metricIs(name, what string, is func(value float64) bool) {
	r.t.Helper()
	testkit.Eventually(r.t, patience, name+" to be "+what, func() bool { return is(r.metric(name)) })
}
