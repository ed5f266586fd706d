// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"time"
)

// maxObjectBytes is more than any object has that the API server can store.
const maxObjectBytes = 8 << 20

// lookup asks for pods that are tracked and that the watch does not bring: it may lag, or be
// silent. One request after the other, and for each pod with pauses that grow. It is used by one
// goroutine.
type lookup struct {
	api    *api
	cache  *cache
	timing *timing
	parse  func(data []byte) (*pod, string, error)
	asked  map[Key]*attempts
}

// attempts are the requests for one pod.
type attempts struct {
	pause time.Duration
	next  time.Time
}

// run asks until the context ends.
func (l *lookup) run(ctx context.Context) {
	l.asked = map[Key]*attempts{}
	for ctx.Err() == nil {
		key, wait := l.next()
		if wait > 0 {
			_ = sleep(ctx, wait, l.cache.wanted)
			continue
		}
		l.ask(ctx, key)
		_ = sleep(ctx, l.timing.lookupPause, nil)
	}
}

// next returns the pod that has waited longest, and how long it has to wait yet.
func (l *lookup) next() (key Key, wait time.Duration) {
	unknown := l.cache.unknown()
	if len(unknown) == 0 {
		// Whom nobody has to be asked for, nobody refuses: the watch has brought what was refused here.
		l.api.trouble.over(getPods)
	}
	for key := range l.asked {
		if _, ok := unknown[key]; !ok {
			delete(l.asked, key)
		}
	}
	wait = time.Minute
	for k, since := range unknown {
		a := l.asked[k]
		if a == nil {
			a = &attempts{pause: l.timing.lookupAfter, next: since.Add(l.timing.lookupAfter)}
			l.asked[k] = a
		}
		if until := time.Until(a.next); until < wait {
			key, wait = k, until
		}
	}
	// As long as the server is away it is the watch that finds out when it is back.
	if wait <= 0 && l.api.pace.failing() {
		wait = l.timing.lookupAfter
	}
	return key, wait
}

// ask sends the request for a pod.
func (l *lookup) ask(ctx context.Context, key Key) {
	a := l.asked[key]
	a.pause = min(2*a.pause, l.timing.lookupMost)
	a.next = time.Now().Add(spread(a.pause))
	p, err := l.get(ctx, key.Namespace, key.Name)
	switch {
	case is(err, denied):
		l.api.trouble.denied(getPods, err)
		_ = sleep(ctx, spread(l.timing.refused), nil)
	case is(err, missing):
		// A server that lets nobody read it does not say that there is none.
		l.api.trouble.over(getPods)
	case err == nil:
		l.api.trouble.over(getPods)
		l.cache.putUnknown(key, p)
	}
}

// getPods is what is in trouble when single pods may not be read.
const getPods = "single pods"

// get reads a pod.
func (l *lookup) get(ctx context.Context, namespace, name string) (*pod, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, l.timing.getTimeout, context.DeadlineExceeded)
	defer cancel()
	c := call{
		resource: podsResource, verb: "get", query: url.Values{"resourceVersion": {"0"}},
		path: "/api/v1/namespaces/" + url.PathEscape(namespace) + "/pods/" + url.PathEscape(name),
	}
	body, err := l.api.open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	data, err := io.ReadAll(io.LimitReader(body, maxObjectBytes))
	if err != nil {
		return nil, l.api.broken(ctx, c, err)
	}
	p, _, err := l.parse(data)
	if err != nil {
		return nil, l.api.broken(ctx, c, fmt.Errorf("read the answer: %w", err))
	}
	l.api.answered(c)
	return p, nil
}
