// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"testing"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.uber.org/zap"

	"github.com/tributary-otel/tributary/components/checkpointstorageextension/internal/metadata"
)

// fakeDisk is a folder in memory that forgets, in a power cut, what a real one may
// forget: content that was not synced, and names that were changed since the folder
// was synced.
type fakeDisk struct {
	// names is what processes see, durable what a power cut leaves for sure, and
	// changes what happened to the names since, of which a power cut leaves any part.
	names, durable map[string]*fakeFile
	changes        []func(map[string]*fakeFile)

	// failAt is the number of the step that fails, counted from 1; 0 is none. With
	// crash, every later step fails too: the process is gone.
	failAt int
	crash  bool
	// torn is how much of its content a write that fails leaves.
	torn int

	steps []string
	err   error
}

// fakeFile is the content of a file: as processes see it, and as it is on the disk.
type fakeFile struct {
	disk *fakeDisk
	data []byte
	// synced is nil until the content is on the disk.
	synced []byte
}

var errInjected = errors.New("injected")

func newFakeDisk() *fakeDisk {
	return &fakeDisk{names: map[string]*fakeFile{}, durable: map[string]*fakeFile{}}
}

// step counts a step and says whether it fails.
func (d *fakeDisk) step(name string) error {
	d.steps = append(d.steps, name)
	if d.failAt > 0 && (len(d.steps) == d.failAt || d.crash && len(d.steps) > d.failAt) {
		if d.err != nil {
			return d.err
		}
		return errInjected
	}
	return nil
}

func (d *fakeDisk) change(do func(map[string]*fakeFile)) {
	do(d.names)
	d.changes = append(d.changes, do)
}

func (d *fakeDisk) read(name string) ([]byte, error) {
	f := d.names[name]
	if f == nil {
		return nil, fs.ErrNotExist
	}
	return bytes.Clone(f.data), nil
}

func (d *fakeDisk) create(name string) (newFile, error) {
	if d.names[name] != nil {
		return nil, fs.ErrExist
	}
	if err := d.step("create"); err != nil {
		return nil, err
	}
	f := &fakeFile{disk: d}
	d.change(func(names map[string]*fakeFile) { names[name] = f })
	return f, nil
}

func (d *fakeDisk) rename(from, to string) error {
	f := d.names[from]
	if f == nil {
		return fs.ErrNotExist
	}
	if err := d.step("rename"); err != nil {
		return err
	}
	d.change(func(names map[string]*fakeFile) {
		names[to] = f
		delete(names, from)
	})
	return nil
}

func (d *fakeDisk) remove(name string) error {
	if d.names[name] == nil {
		return fs.ErrNotExist
	}
	if err := d.step("remove"); err != nil {
		return err
	}
	d.change(func(names map[string]*fakeFile) { delete(names, name) })
	return nil
}

func (d *fakeDisk) sync() error {
	if err := d.step("sync folder"); err != nil {
		return err
	}
	d.durable, d.changes = maps.Clone(d.names), nil
	return nil
}

func (f *fakeFile) Write(data []byte) (int, error) {
	if err := f.disk.step("write"); err != nil {
		n := min(f.disk.torn, len(data))
		f.data = append(f.data, data[:n]...)
		return n, err
	}
	f.data = append(f.data, data...)
	return len(data), nil
}

func (f *fakeFile) Sync() error {
	if err := f.disk.step("sync file"); err != nil {
		return err
	}
	f.synced = bytes.Clone(f.data)
	return nil
}

func (f *fakeFile) Close() error { return f.disk.step("close") }

// killed is the disk after the process was killed: all that it did is there.
func (d *fakeDisk) killed() *fakeDisk { return restored(d.names, false, nil) }

// powerCuts are the disks that a power cut may leave.
func (d *fakeDisk) powerCuts() []*fakeDisk {
	var all []*fakeDisk
	for subset := range 1 << len(d.changes) {
		names := maps.Clone(d.durable)
		for i, change := range d.changes {
			if subset&(1<<i) != 0 {
				change(names)
			}
		}
		for _, lost := range []func([]byte) []byte{
			func([]byte) []byte { return nil },
			func(data []byte) []byte { return data[:len(data)/2] },
			func(data []byte) []byte { return make([]byte, len(data)) },
			func(data []byte) []byte { return data },
		} {
			all = append(all, restored(names, true, lost))
		}
	}
	return all
}

func restored(names map[string]*fakeFile, cut bool, lost func([]byte) []byte) *fakeDisk {
	d := newFakeDisk()
	for name, f := range names {
		data := f.data
		if cut {
			if data = f.synced; data == nil {
				data = lost(f.data)
			}
		}
		d.put(name, data)
	}
	return d
}

// put makes a file that is on the disk.
func (d *fakeDisk) put(name string, data []byte) {
	f := &fakeFile{disk: d, data: bytes.Clone(data), synced: bytes.Clone(data)}
	if f.synced == nil {
		f.synced = []byte{}
	}
	d.names[name], d.durable[name] = f, f
}

// always is a folder that is always ready.
type always struct{}

func (always) ready() (uint64, error) { return 1, nil }

// openOn opens the state of pod_logs on a disk.
func openOn(t testing.TB, d disk) *client {
	t.Helper()
	telemetry, err := metadata.NewTelemetryBuilder(componenttest.NewNopTelemetrySettings())
	if err != nil {
		t.Fatal(err)
	}
	o := newOwner(component.KindReceiver, podLogs, "")
	c := &client{
		owner: o, folder: always{}, slots: slots{disk: d, owner: o}, closer: func() {},
		tell: &troubles{logger: zap.NewNop(), telemetry: telemetry, unsaved: map[string]bool{}},
	}
	c.open()
	t.Cleanup(func() {
		c.writing.Lock()
		defer c.writing.Unlock()
		if c.retry != nil {
			c.retry.Stop()
		}
	})
	return c
}
