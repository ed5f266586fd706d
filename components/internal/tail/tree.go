// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/tributary-otel/tributary/components/internal/shrink"
)

// tree is what is known of the folders: that of all pods, those of the pods, and those
// of their containers. Each of them is watched for names that come and go.
type tree struct {
	t       *Tail
	watcher *watcher
	// set has the kernel report changes of a folder. It is nil when it does not.
	set func(path string, kind watchKind) (watchID, error)
	// places are the watched folders.
	places map[watchID]place
	pods   map[string]*podFolder
	// peaks are how large the two have been.
	peaks struct{ places, pods shrink.Peak }

	// nextScan is when all folders are looked at again.
	nextScan time.Time
	// blind says that not everything is watched.
	blind bool
	// sound says that the last scan found pods.
	sound bool
	// troubled says that the root could not be read.
	troubled bool
}

// place is a watched folder: the root, that of a pod, or that of a container.
type place struct {
	pod       string
	container string
}

type podFolder struct {
	// containers are the names of its folders.
	containers []string
	watched    bool
	// unreadable says that it could not be looked at last time.
	unreadable bool
}

// watchRoot is the place of the root, which has no name here.
var watchRoot = place{}

func newTree(t *Tail) *tree {
	return &tree{t: t, places: map[watchID]place{}, pods: map[string]*podFolder{}}
}

// watch begins to listen. Without it the channel is nil.
func (r *tree) watch() <-chan []change {
	if r.t.options.NoWatch {
		r.blind = true
		return nil
	}
	w, err := newWatcher(0)
	if err != nil {
		r.lose(err)
		return nil
	}
	r.watcher, r.set = w, w.add
	return w.changes
}

func (r *tree) close() {
	if r.watcher != nil {
		r.watcher.close()
	}
}

// lose is called when something cannot be watched.
func (r *tree) lose(err error) {
	if !r.blind {
		r.blind = true
		r.t.consumer.Trouble(WatchFailed, r.t.options.Root, err)
	}
}

// add watches a folder. It comes before the first look into it, so that nothing is
// missed in between.
func (r *tree) add(path string, p place) (ok bool) {
	if r.set == nil {
		return false
	}
	kind := names
	if p == watchRoot {
		kind = rootNames
	}
	id, err := r.set(path, kind)
	if errors.Is(err, syscall.ENOSPC) && r.t.mute() {
		id, err = r.set(path, kind) // To learn of names is worth more than to learn of writes.
	}
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.lose(err)
		}
		return false
	}
	r.places[id] = p
	return true
}

func (r *tree) scanIfDue() time.Duration {
	if !r.nextScan.After(r.t.now) {
		r.scan()
	}
	return r.nextScan.Sub(r.t.now)
}

// scan looks at all folders.
func (r *tree) scan() {
	begin := time.Now()
	r.add(r.t.options.Root, watchRoot)
	entries, err := r.t.fs.ReadDir(r.t.options.Root)
	r.sound = false
	if err != nil {
		if !r.troubled {
			r.troubled = true
			kind := Unreadable
			if errors.Is(err, fs.ErrNotExist) {
				kind = Missing
			}
			r.t.consumer.Trouble(kind, r.t.options.Root, err)
		}
		r.nextScan = r.t.now.Add(time.Second)
		return
	}
	r.troubled = false
	present := make(map[string]bool, len(entries))
	for _, e := range entries {
		if e.Kind != Folder {
			continue
		}
		if _, ok := parsePod(e.Name); ok {
			present[e.Name] = true
			r.scanPod(e.Name)
		}
	}
	r.sound = len(present) > 0
	for name := range r.pods {
		if !present[name] {
			r.removePod(name)
		}
	}
	// A mark without a folder is looked at as well, so that it is forgotten some day.
	for id := range r.t.options.Marks {
		r.t.enter(id)
	}
	interval := r.t.options.ScanInterval
	if r.blind {
		// A twentieth of the time is enough for looking.
		interval = min(interval, max(time.Second, 20*time.Since(begin)))
	}
	for _, pod := range r.pods {
		if pod.unreadable {
			interval = min(interval, tryAgain)
		}
	}
	r.nextScan = r.t.now.Add(interval)
}

// unreadable counts the folders above those of the containers that cannot be read.
func (r *tree) unreadable() int64 {
	n := int64(0)
	if r.troubled {
		n++
	}
	for _, pod := range r.pods {
		if pod.unreadable {
			n++
		}
	}
	return n
}

// scanPod looks at the folder of a pod.
func (r *tree) scanPod(name string) {
	id, _ := parsePod(name)
	pod := r.pods[name]
	if pod == nil {
		pod = &podFolder{}
		r.pods[name] = pod
	}
	path := filepath.Join(r.t.options.Root, name)
	if !pod.watched {
		pod.watched = r.add(path, place{pod: name})
	}
	entries, err := r.t.fs.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		r.removePod(name)
		return
	}
	pod.unreadable = err != nil
	if err != nil {
		r.t.consumer.Trouble(Unreadable, path, err)
		if again := r.t.now.Add(tryAgain); again.Before(r.nextScan) {
			r.nextScan = again
		}
		return
	}
	present := make(map[string]bool, len(entries))
	for _, e := range entries {
		if e.Kind != Folder {
			continue
		}
		present[e.Name] = true
		id.Name = e.Name
		d := r.t.enter(id)
		if !slices.Contains(pod.containers, e.Name) {
			pod.containers = append(pod.containers, e.Name)
			if d.wanted {
				r.add(d.path, place{pod: name, container: e.Name})
			}
		}
		r.t.lookNow(d)
	}
	pod.containers = slices.DeleteFunc(pod.containers, func(container string) bool {
		if !present[container] {
			id.Name = container
			r.t.lookNow(r.t.enter(id))
		}
		return !present[container]
	})
}

// removePod is called when the folder of a pod is gone. Files that are open stay so.
func (r *tree) removePod(name string) {
	pod := r.pods[name]
	if pod == nil {
		return
	}
	shrink.Delete(&r.pods, name, &r.peaks.pods)
	id, _ := parsePod(name)
	for _, id.Name = range pod.containers {
		r.t.lookNow(r.t.enter(id))
	}
}

// handle takes what the kernel has reported.
func (r *tree) handle(changes []change) {
	for _, c := range changes {
		if c.overflow {
			r.t.consumer.Trouble(WatchOverflow, r.t.options.Root, nil)
			r.nextScan = r.t.now
			continue
		}
		p, ok := r.places[c.id]
		switch {
		case !ok:
		case c.ended:
			r.ended(c.id, p)
		case p == watchRoot:
			if _, ok := parsePod(c.name); ok {
				r.scanPod(c.name)
			}
		case p.container == "":
			r.scanPod(p.pod)
		default:
			id, _ := parsePod(p.pod)
			id.Name = p.container
			r.t.lookNow(r.t.enter(id))
		}
	}
}

// ended is called when a folder is not watched any more, since it was removed. There
// may be another one of its name already.
func (r *tree) ended(id watchID, p place) {
	shrink.Delete(&r.places, id, &r.peaks.places)
	switch {
	case p == watchRoot:
		r.nextScan = r.t.now
	case p.container == "":
		r.removePod(p.pod)
		if _, err := r.t.fs.Lstat(filepath.Join(r.t.options.Root, p.pod)); err == nil {
			r.scanPod(p.pod)
		}
	default:
		if pod := r.pods[p.pod]; pod != nil {
			c, _ := parsePod(p.pod)
			c.Name = p.container
			pod.containers = slices.DeleteFunc(pod.containers, func(name string) bool { return name == p.container })
			r.t.lookNow(r.t.enter(c))
			r.scanPod(p.pod)
		}
	}
}

// trustworthy reports whether a folder that is not there was removed: an empty root
// may be one that is not mounted.
func (r *tree) trustworthy() bool { return r.sound }
