// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/tributary-otel/tributary/components/internal/hints"
	"github.com/tributary-otel/tributary/components/internal/multiline"
	"github.com/tributary-otel/tributary/components/internal/pods"
	"github.com/tributary-otel/tributary/components/internal/ratelimit"
	"github.com/tributary-otel/tributary/components/internal/shrink"
	"github.com/tributary-otel/tributary/components/internal/tail"
)

// wish is what the owner of a pod says about a container, and the rule that follows from it, nil if none
// does.
type wish struct {
	hints.Hints
	rule *multiline.Rule
}

// roster is what is known of the pods whose files are read. It belongs to the goroutine
// that reads. Without an extension that knows pods it is empty.
type roster struct {
	provider pods.Provider
	// changes tells of which pods something else is known. It is nil when nobody can be asked.
	changes *pods.Changes
	// timeout is how long the files of a pod wait that nobody knows.
	timeout time.Duration
	reader  *hints.Reader
	trouble *trouble
	pods    map[pods.Key]*pod
	peak    shrink.Peak
	// waiting are the pods whose files wait, since nothing is known of them.
	waiting map[pods.Key]*pod
	// changed says that something is known that was not acted on.
	changed atomic.Bool
}

// pod is what is known of one.
type pod struct {
	tracked *pods.Tracked
	// known is what was acted on; nil is nothing.
	known *pods.Known
	// since is when it was first seen, waiting says that its files are not read since
	// nothing is known of it.
	since   time.Time
	waiting bool
	// containers are those of which there are files, or marks: few, for which a map would
	// take ten times the room.
	containers []container
	// told are the wrong annotations that were reported, by key and value.
	told map[hints.Wrong]bool
}

// container is one of a pod, and what its owner says about it.
type container struct {
	id tail.Container
	wish
}

// index is where a container is among those of the pod, or -1.
func (p *pod) index(id tail.Container) int {
	return slices.IndexFunc(p.containers, func(c container) bool { return c.id == id })
}

// said is what the owner says about a container.
func (p *pod) said(id tail.Container) wish {
	if i := p.index(id); i >= 0 {
		return p.containers[i].wish
	}
	return wish{}
}

func newRoster(config *Config, trouble *trouble) *roster {
	return &roster{
		timeout: config.MetadataTimeout, trouble: trouble, pods: map[pods.Key]*pod{}, waiting: map[pods.Key]*pod{},
		reader: hints.NewReader(config.Annotations.Prefix, config.Annotations.Allow),
	}
}

// find looks for the extension.
func (r *roster) find(host component.Host, id *component.ID) error {
	if id == nil {
		return nil
	}
	var ok bool
	if r.provider, ok = host.GetExtensions()[*id].(pods.Provider); !ok {
		return fmt.Errorf("`metadata` names %q, which is not an extension of the service that knows pods; k8s_pods is one", id)
	}
	return nil
}

// subscribe begins to listen. It comes before the first pod is entered.
func (r *roster) subscribe() {
	if r.provider != nil {
		r.changes = r.provider.Changes()
	}
}

// signal is a channel that gets a signal when something else is known.
func (r *roster) signal() <-chan struct{} {
	if r.changes == nil {
		return nil
	}
	return r.changes.Signal()
}

func keyOf(id tail.Container) pods.Key {
	return pods.Key{Namespace: id.Namespace, Name: id.Pod, UID: id.UID}
}

// enter returns the pod of a container, and begins to ask for it if it is new. It is nil
// if nobody can be asked.
func (r *roster) enter(id tail.Container, now time.Time) *pod {
	if r.provider == nil {
		return nil
	}
	key := keyOf(id)
	p := r.pods[key]
	if p == nil {
		p = &pod{tracked: r.provider.Track(key), since: now}
		p.known = p.tracked.Known()
		if p.known == nil {
			p.waiting = true
			r.waiting[key] = p
		}
		r.pods[key] = p
	}
	if p.index(id) < 0 {
		p.containers = append(p.containers, container{id, r.wish(p, id)})
	}
	return p
}

// leave ends asking for a pod when the last of its containers is gone, and all files with it.
func (r *roster) leave(id tail.Container) {
	p := r.pods[keyOf(id)]
	if p == nil {
		return
	}
	p.containers = slices.DeleteFunc(p.containers, func(c container) bool { return c.id == id })
	if len(p.containers) > 0 {
		return
	}
	r.proceed(keyOf(id), p)
	p.tracked.Forget()
	shrink.Delete(&r.pods, keyOf(id), &r.peak)
}

// close ends asking for all pods for now: the next process goes on with their files.
func (r *roster) close() {
	if r.changes != nil {
		r.changes.Stop()
	}
	for _, p := range r.pods {
		p.tracked.Release()
	}
	clear(r.pods)
}

// proceed says that the files of a pod need not wait.
func (r *roster) proceed(key pods.Key, p *pod) {
	p.waiting = false
	delete(r.waiting, key)
}

// wish returns what the owner of a pod says about a container, and reports what is wrong in it, once.
func (r *roster) wish(p *pod, id tail.Container) (w wish) {
	if p.known == nil {
		return w
	}
	h, wrong := r.reader.Container(p.known.Annotations(), id.Name)
	w.Hints = h
	r.tell(p, id, wrong)
	mode := multiline.Mode(h.Multiline)
	if h.Start != "" {
		mode = multiline.Start
	}
	if mode != "" {
		w.rule, _ = multiline.NewRule(mode, h.Start) // The reader has seen the pattern.
	}
	return w
}

// tell reports the annotations of a pod that are wrong, each once.
func (r *roster) tell(p *pod, id tail.Container, wrong []hints.Wrong) {
	for _, w := range wrong {
		is := hints.Wrong{Key: w.Key, Value: w.Value}
		if p.told[is] {
			continue
		}
		if p.told == nil || len(p.told) >= maxTold {
			p.told = map[hints.Wrong]bool{} // An owner may write another value each second.
		}
		p.told[is] = true
		r.trouble.Tell(badAnnotation, zap.String("namespace", id.Namespace), zap.String("pod", id.Pod),
			zap.String("annotation", w.Key), zap.String("value", shortened(w.Value)), zap.Error(w.Err))
	}
}

// limit is what the owner of a pod has said of how much there may be.
func (r *roster) limit(id tail.Container) ratelimit.Limit {
	p := r.pods[keyOf(id)]
	if p == nil {
		return ratelimit.Limit{}
	}
	said := p.said(id)
	return ratelimit.Limit{LinesPerSecond: int64(math.Ceil(said.Lines)), BytesPerSecond: int64(math.Ceil(said.Bytes))}
}

// maxTold is how many wrong annotations of a pod are remembered.
const maxTold = 64

// shortened is a value for a person to recognize.
func shortened(value string) string {
	const most = 64
	if len(value) <= most {
		return value
	}
	return value[:most] + "…"
}

// pass acts on what is known now. It calls again for each container that may be read, or not, or
// otherwise than before, and wake if files need not wait any more. It returns when it wants to be called
// again, 0 for never.
func (r *roster) pass(now time.Time, again func(tail.Container), wake func()) (next time.Duration) {
	if r.changed.Swap(false) {
		for _, key := range r.changes.Take() {
			p := r.pods[key]
			if p == nil || p.tracked.Known() == p.known {
				continue
			}
			known := p.tracked.Known()
			p.known = known
			if known != nil && p.waiting {
				r.proceed(key, p)
				wake()
			}
			for i, c := range p.containers {
				p.containers[i].wish = r.wish(p, c.id)
				again(c.id)
			}
		}
	}
	for key, p := range r.waiting {
		if left := r.timeout - now.Sub(p.since); left > 0 {
			next = sooner(next, left)
			continue
		}
		r.proceed(key, p)
		wake()
		r.trouble.Tell(unknownPod, zap.String("namespace", key.Namespace), zap.String("pod", key.Name), zap.String("uid", key.UID))
	}
	return next
}
