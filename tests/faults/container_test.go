// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// load is what a container prints.
type load struct {
	// name is that of the container in its pod (default: main). Loki keeps containers of different names apart.
	name string
	// rate is in lines per second; 0 means that the row calls print itself.
	rate int
	// bytes is about the length of a line.
	bytes int
	// chunk is the length at which a line is cut into P and F pieces; three in a hundred lines are longer.
	chunk int
}

// Loads of most rows: a busy container, and one that fills every buffer in a few seconds.
var (
	busy  = load{rate: 800, bytes: 120, chunk: 1 << 10}
	heavy = load{rate: 400, bytes: 4 << 10, chunk: 16 << 10}
)

// container prints lines into its log file the way a container runtime does, each in one write.
type container struct {
	t      testing.TB
	oracle *oracle
	id     int
	load   load
	pod    testkit.Pod
	root   string
	// journal is where lines go in place of a file.
	journal journal

	// stop ends the goroutine, which closes ended.
	stop  chan struct{}
	once  sync.Once
	ended chan struct{}

	mu     sync.Mutex
	random *rand.Rand
	file   *os.File
	latest time.Time
}

// container starts a container that prints.
func (r *rig) container(name string, l load) *container {
	r.t.Helper()
	r.containers = append(r.containers, r.newContainer(name, l))
	return r.containers[len(r.containers)-1]
}

func (r *rig) newContainer(name string, l load) *container {
	r.t.Helper()
	if r.journal != nil {
		return r.newService(name, l)
	}
	return r.containerOf(testkit.Pod{Namespace: "faults", Name: name, Container: cmp.Or(l.name, "main"), UID: fmt.Sprintf("%08x-0000-4000-8000-%012x", r.random.Uint32(), r.random.Uint64()>>16)}, l)
}

func (r *rig) containerOf(pod testkit.Pod, l load) *container {
	r.t.Helper()
	if key := pod.Namespace + "/" + pod.Name; r.api != nil && !r.pods[key] {
		r.pods[key] = true
		r.api.Add(kubeapi.NewPod(pod.Namespace, pod.Name, pod.UID, node))
	}
	c := &container{
		t: r.t, oracle: r.oracle, load: l, pod: pod, root: r.collector.PodLogs(), random: rand.New(rand.NewPCG(r.seed, r.random.Uint64())),
		id:   r.oracle.add(pod.Name, arrival{namespace: pod.Namespace, pod: pod.Name, container: pod.Container}, 0),
		stop: make(chan struct{}), ended: make(chan struct{}),
	}
	if err := os.MkdirAll(filepath.Dir(c.path()), 0o755); err != nil {
		r.t.Fatalf("create log folder: %v", err)
	}
	c.reopen()
	go c.run()
	r.t.Cleanup(c.finish)
	return c
}

// path is the file that lines go to.
func (c *container) path() string { return c.pod.LogPath(c.root) }

// run prints at the rate until it is stopped. A machine that cannot keep up prints less, not more at once.
func (c *container) run() {
	defer close(c.ended)
	if c.load.rate == 0 {
		return
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	before, due := time.Now(), 0.0
	for {
		select {
		case <-c.stop:
			return
		case <-tick.C:
		}
		now := time.Now()
		due = min(due+now.Sub(before).Seconds()*float64(c.load.rate), float64(c.load.rate)/4)
		before = now
		for ; due >= 1; due-- {
			c.print(1)
		}
	}
}

// quiet ends the printing and returns when the last line is in the file.
func (c *container) quiet() {
	c.once.Do(func() { close(c.stop) })
	<-c.ended
}

// finish is quiet, and closes the file.
func (c *container) finish() {
	c.quiet()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.file != nil {
		_ = c.file.Close()
		c.file = nil
	}
}

// print writes so many lines.
func (c *container) print(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range n {
		before := []string{"", "", "", " ", "\t[x] "}[c.random.IntN(5)]
		size := c.random.IntN(2*c.load.bytes + 1)
		if c.load.chunk > 0 && c.random.IntN(100) < 3 {
			size += c.load.chunk
		}
		m, stream := c.next()
		c.emit(m, stream, seal(m, before, " "+filler(c.random, size)))
	}
}

// next notes a line that is about to be written. The caller holds the lock.
func (c *container) next() (mark, string) {
	stream := "stdout"
	if c.random.IntN(10) == 0 {
		stream = "stderr"
	}
	return c.oracle.expect(c.id, c.now(), stream), stream
}

// now is the time of the next line; no two lines of a container have the same. The caller holds the lock.
func (c *container) now() time.Time {
	now := time.Now().UTC()
	if !now.After(c.latest) {
		// The pieces of a cut line have stamps of their own.
		now = c.latest.Add(time.Microsecond)
	}
	c.latest = now
	return now
}

// emit writes a line as the runtime does, or as an entry of the journal.
func (c *container) emit(m mark, stream, text string) {
	if c.journal != nil {
		c.journal.Send("SYSLOG_IDENTIFIER="+c.pod.Container, "MESSAGE="+text)
		return
	}
	c.writeCRI(m.at, stream, text)
}

func (c *container) writeCRI(at time.Time, stream, text string) {
	var out bytes.Buffer
	if err := testkit.AppendCRI(&out, testkit.Line{Time: at, Stream: stream, Text: text}, c.load.chunk); err != nil {
		c.t.Error(err)
	}
	c.write(out.Bytes())
}

// write appends bytes in one call. The caller holds the lock.
func (c *container) write(raw []byte) {
	if _, err := c.file.Write(raw); err != nil {
		c.t.Errorf("print to %s: %v", c.path(), err)
	}
}

// reopen goes on in a new file of the same name, as a runtime does when kubelet has rotated it.
func (c *container) reopen() {
	c.mu.Lock()
	defer c.mu.Unlock()
	file, err := os.OpenFile(c.path(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		c.t.Errorf("open log file: %v", err)
		return
	}
	if c.file != nil {
		_ = c.file.Close()
	}
	c.file = file
}

// restart goes on in the file of the next restart.
func (c *container) restart() {
	c.mu.Lock()
	c.pod.Restart++
	c.mu.Unlock()
	c.reopen()
}
