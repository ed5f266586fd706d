// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"context"
	"maps"
	"net/url"
	"time"
)

// The resources that are read.
const (
	podsResource       = "pods"
	namespacesResource = "namespaces"
	nodesResource      = "nodes"
)

// follower keeps a part of the cache equal to a resource of the API server: one list, and from
// then on a watch, which goes on where it was after whatever ends it. A list is repeated only when
// the server has forgotten that place. It is used by one goroutine.
type follower[T any] struct {
	api      *api
	timing   *timing
	resource string
	path     string
	selector string // A field selector, empty for all.

	parse   func(data []byte) (object T, version string, err error)
	replace func([]T)
	put     func(T)
	gone    func(T)
	// settled is called when there was a list, or when there will be none.
	settled func()

	// version is the place that was reached; empty is none.
	version string
}

// run follows until the context ends.
func (f *follower[T]) run(ctx context.Context) {
	f.api.stats.follows(f.resource)
	forgotten := 0
	for ctx.Err() == nil {
		watches := f.version != ""
		err := f.step(ctx)
		switch {
		case is(err, expired):
			f.version = ""
			// A server that forgets what it has just said is not asked again at once.
			if forgotten++; forgotten > 1 {
				_ = sleep(ctx, f.timing.pause(forgotten-1), nil)
			}
		case is(err, denied):
			f.api.trouble.denied(f.resource, err)
			f.settled()
			_ = sleep(ctx, spread(f.timing.refused), nil)
		case err == nil && watches:
			forgotten = 0
		}
	}
}

// step lists, or watches until the watch ends.
func (f *follower[T]) step(ctx context.Context) error {
	if f.version == "" {
		return f.list(ctx)
	}
	return f.watch(ctx)
}

func (f *follower[T]) call(verb string, query url.Values) call {
	c := call{resource: f.resource, verb: verb, path: f.path, query: maps.Clone(query)}
	if f.selector != "" {
		c.query.Set("fieldSelector", f.selector)
	}
	return c
}

// list reads all objects. The server answers from its cache, which costs it little; it need not
// have the newest state, since the watch goes on from the one that it has.
func (f *follower[T]) list(ctx context.Context) error {
	query := url.Values{"resourceVersion": {"0"}}
	var all []T
	for {
		m, err := f.page(ctx, query, &all)
		if err != nil {
			return err
		}
		if m.Continue == "" {
			f.replace(all)
			f.settled()
			f.version = m.ResourceVersion
			f.api.answered(f.call("list", query))
			return nil
		}
		query = url.Values{"continue": {m.Continue}, "limit": {"500"}}
	}
}

func (f *follower[T]) page(ctx context.Context, query url.Values, all *[]T) (listMeta, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, f.timing.listTimeout, context.DeadlineExceeded)
	defer cancel()
	c := f.call("list", query)
	body, err := f.api.open(ctx, c)
	if err != nil {
		return listMeta{}, err
	}
	defer func() { _ = body.Close() }()
	m, err := readList(body, func(data []byte) error {
		object, _, err := f.parse(data)
		*all = append(*all, object)
		return err
	})
	if err != nil {
		return listMeta{}, f.api.broken(ctx, c, err)
	}
	return m, nil
}

// seconds writes a time as the API server reads it, at least a second.
func seconds(d time.Duration) int { return max(1, int(d/time.Second)) }
