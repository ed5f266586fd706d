// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Config says which pods a Watcher watches, and how.
type Config struct {
	// Node is the name of the node. When it is empty, it is that of the pod Own, for which
	// the API server is asked.
	Node string
	// Own is the namespace and the name of the own pod.
	Own Key
	// Rules say which attributes follow from a pod.
	Rules Rules
	// Connect makes a connection to the API server. It is called again when the server does
	// not accept us any more, or cannot be reached, so that changed credentials are read.
	Connect func() (*Connection, error)
	// Store keeps what is known over restarts; nil keeps nothing.
	Store Store
	// Tell is called once when a trouble begins and once when it is over, never by two
	// goroutines at once. It must not call the Watcher.
	Tell func(Notice)
}

// Watcher knows the pods of a node.
type Watcher struct {
	*cache
	config Config
	timing timing
	api    *api
	stats  *stats

	cancel context.CancelFunc
	done   sync.WaitGroup
}

var _ Provider = (*Watcher)(nil)

// New makes a Watcher that knows what is stored. It never fails: what is stored and cannot be
// used is counted and left out.
func New(config Config) *Watcher {
	w := &Watcher{config: config, timing: defaultTiming, stats: newStats()}
	w.cache = newCache(&w.config.Rules)
	t := &trouble{tell: config.Tell, all: map[string]*ailment{}}
	w.api = &api{connect: config.Connect, pace: newPace(&w.timing), trouble: t, stats: w.stats}
	if config.Store != nil {
		damaged, err := w.load(config.Store)
		w.stats.ignore("damaged", damaged)
		if err != nil {
			t.denied(storage, fmt.Errorf("read what was known of pods: %w", err))
		}
	}
	return w
}

// Start begins to watch. It does not wait for the API server.
func (w *Watcher) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	w.await(ctx)
	l := &lookup{api: w.api, cache: w.cache, timing: &w.timing, parse: w.parsePod}
	w.done.Go(func() { w.follow(ctx, l) })
	w.done.Go(func() { l.run(ctx) })
	w.done.Go(func() { w.keep(ctx) })
	if w.config.Rules.needNamespaces() {
		f := follower[*meta]{
			api: w.api, timing: &w.timing, resource: namespacesResource, path: "/api/v1/namespaces",
			parse:   func(data []byte) (*meta, string, error) { return parseMeta(data, FromNamespace, &w.config.Rules) },
			replace: w.replaceNamespaces, put: w.putNamespace, gone: func(m *meta) { w.goneNamespace(m.Name) },
			settled: func() { w.arrived(FromNamespace) },
		}
		w.done.Go(func() { f.run(ctx) })
	}
}

// await keeps pods back until the namespaces and the node are there, for a while at most.
func (w *Watcher) await(ctx context.Context) {
	if w.config.Rules.needNamespaces() {
		w.cache.await(FromNamespace)
	}
	if w.config.Rules.needNode() {
		w.cache.await(FromNode)
	}
	w.done.Go(func() {
		_ = sleep(ctx, w.timing.await, nil)
		w.arrived(FromNamespace)
		w.arrived(FromNode)
	})
}

// Close ends the watches and stores what is not stored yet. It must be called once, after Start.
func (w *Watcher) Close() {
	w.cancel()
	w.done.Wait()
	w.api.renew()
}

// Stats returns the figures of the moment.
func (w *Watcher) Stats() Stats {
	s := w.stats.read()
	s.Known, s.Unknown = w.counts()
	return s
}

// follow watches the pods of the node, and the node if something of it is asked for.
func (w *Watcher) follow(ctx context.Context, l *lookup) {
	node := w.node(ctx, l)
	if ctx.Err() != nil {
		return
	}
	if w.config.Rules.needNode() {
		f := follower[*meta]{
			api: w.api, timing: &w.timing, resource: nodesResource, path: "/api/v1/nodes", selector: "metadata.name=" + node,
			parse:   func(data []byte) (*meta, string, error) { return parseMeta(data, FromNode, &w.config.Rules) },
			replace: func(all []*meta) { w.replaceNode(all) }, put: w.putNode, gone: func(*meta) {},
			settled: func() { w.arrived(FromNode) },
		}
		w.done.Go(func() { f.run(ctx) })
	}
	f := follower[*pod]{
		api: w.api, timing: &w.timing, resource: podsResource, path: "/api/v1/pods", selector: "spec.nodeName=" + node,
		parse: w.parsePod, replace: w.replace, put: func(p *pod) { w.put(p) }, gone: func(p *pod) { w.gone(p.key()) },
		settled: func() {},
	}
	f.run(ctx)
}

func (w *Watcher) replaceNode(all []*meta) {
	for _, m := range all {
		w.putNode(m)
	}
}

func (w *Watcher) parsePod(data []byte) (*pod, string, error) {
	p, version, leftOut, err := parsePod(data, &w.config.Rules)
	w.stats.ignore("large", int64(leftOut))
	return p, version, err
}

// node returns the name of the node, for which it asks until there is an answer.
func (w *Watcher) node(ctx context.Context, l *lookup) string {
	if w.config.Node != "" {
		return w.config.Node
	}
	for ctx.Err() == nil {
		p, err := l.get(ctx, w.config.Own.Namespace, w.config.Own.Name)
		if err == nil && p.Node == "" {
			err = errors.New("it has no node yet")
		}
		if err == nil {
			w.api.trouble.over(ownNode)
			return p.Node
		}
		if !is(err, away) && ctx.Err() == nil {
			w.api.trouble.denied(ownNode, fmt.Errorf("find the node of the own pod %s/%s: %w; "+
				"set the name of the node by the environment variable K8S_NODE_NAME, `valueFrom: {fieldRef: {fieldPath: spec.nodeName}}`",
				w.config.Own.Namespace, w.config.Own.Name, err))
			_ = sleep(ctx, spread(w.timing.refused), nil)
		}
	}
	return ""
}

// ownNode is what is in trouble when nobody knows the name of the node.
const ownNode = "name of the node"

// keep stores what has changed, at most once in a pause, and forgets what is over.
func (w *Watcher) keep(ctx context.Context) {
	for ctx.Err() == nil {
		_ = sleep(ctx, w.timing.sweep, w.changed)
		w.sweep()
		pause := w.timing.savePause
		if !w.save() {
			pause = w.timing.saveAgain
		}
		_ = sleep(ctx, pause, nil)
	}
	w.save()
}

// save stores what has changed. It reports false when that has to be done again.
func (w *Watcher) save() bool {
	set, remove := w.takeUnsaved()
	if w.config.Store == nil || len(set)+len(remove) == 0 {
		return true
	}
	if err := w.config.Store.Save(set, remove); err != nil {
		w.putBack(set, remove)
		w.api.trouble.failed(storage, fmt.Errorf("store what is known of pods: %w", err))
		return false
	}
	w.api.trouble.over(storage)
	return true
}
