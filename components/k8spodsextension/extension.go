// SPDX-License-Identifier: Apache-2.0

package k8spodsextension

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.uber.org/zap"

	"github.com/tributary-otel/tributary/components/internal/pods"
)

var _ pods.Provider = (*k8sPods)(nil)

// k8sPods offers what is known of the pods of this node. It may be used by several goroutines
// once it is started.
type k8sPods struct {
	set    extension.Settings
	config *Config
	rules  pods.Rules

	watcher *pods.Watcher
	store   *store
	health  *health
	metrics *metrics
	// begin is done when somebody asks for a pod, stop at the end.
	begin, stop sync.Once
	begun       atomic.Bool
}

func newK8sPods(set extension.Settings, config *Config) (*k8sPods, error) {
	rules, err := config.rules()
	if err != nil {
		return nil, err
	}
	return &k8sPods{set: set, config: config, rules: rules}, nil
}

// Dependencies lets the storage start before and stop after this extension.
func (k *k8sPods) Dependencies() []component.ID {
	if k.config.Storage == nil {
		return nil
	}
	return []component.ID{*k.config.Storage}
}

// Start opens the storage, and fails when it is none. Nothing is asked of the API server before somebody
// asks for a pod: a source without pods may have the extension in its list.
func (k *k8sPods) Start(ctx context.Context, host component.Host) error {
	var err error
	if k.store, err = openStore(ctx, host, k.set.ID, k.config.Storage); err != nil {
		return err
	}
	k.health = &health{host: host, logger: k.set.Logger}
	config := pods.Config{
		Node: nodeName(k.config.Node), Own: ownPod(), Rules: k.rules, Tell: k.health.tell,
		Connect: func() (*pods.Connection, error) { return connect(k.config, k.set.BuildInfo) },
	}
	if k.store != nil {
		config.Store = k.store
	}
	watcher := pods.New(config)
	if k.metrics, err = newMetrics(k.set, watcher); err != nil {
		return errors.Join(fmt.Errorf("register the metrics: %w", err), k.store.close(ctx))
	}
	k.watcher = watcher
	return nil
}

// watch begins to watch, once. It does not wait for the API server.
func (k *k8sPods) watch() {
	k.begin.Do(func() {
		k.begun.Store(true)
		k.watcher.Start()
		k.set.Logger.Info("Pods are watched", zap.String("node", nodeName(k.config.Node)), zap.Int("known", k.watcher.Stats().Known))
	})
}

// Track begins to ask for a pod.
func (k *k8sPods) Track(key pods.Key) *pods.Tracked {
	k.watch()
	return k.watcher.Track(key)
}

// Changes begins to tell of what is known of tracked pods.
func (k *k8sPods) Changes() *pods.Changes {
	k.watch()
	return k.watcher.Changes()
}

// Shutdown ends the watches and stores what is known. Further calls do nothing.
func (k *k8sPods) Shutdown(ctx context.Context) error {
	var err error
	k.stop.Do(func() {
		if k.watcher == nil {
			return
		}
		if k.begun.Load() {
			k.watcher.Close()
		}
		k.metrics.close()
		err = k.store.close(ctx)
	})
	return err
}
