// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"time"

	"github.com/tributary-otel/tributary/components/internal/shrink"
)

// Owner is the pod that a container belongs to.
type Owner struct {
	Namespace, Pod, UID string
}

// Limits holds the buckets of all pods and namespaces.
type Limits struct {
	// pod and namespace are the limits that hold for all.
	pod, namespace Limit
	pods           map[Owner]*Bucket
	namespaces     map[string]*Bucket
	// peaks are how large the two have been.
	peaks struct{ pods, namespaces shrink.Peak }
}

// NewLimits returns the limits for all.
func NewLimits(pod, namespace Limit) *Limits {
	return &Limits{pod: pod, namespace: namespace, pods: map[Owner]*Bucket{}, namespaces: map[string]*Bucket{}}
}

// Open returns the account of a container. The limit of its pod is the one for all, or own
// where that is lower. Each account has to be closed.
func (l *Limits) Open(owner Owner, own Limit, now time.Time) *Account {
	a := &Account{owner: owner, mean: firstMean}
	l.Lower(a, own, now)
	return a
}

// Lower says anew how low the limit of the pod of an account is. It holds for all containers
// of the pod that have a limit already; each of the others has to be told.
func (l *Limits) Lower(a *Account, own Limit, now time.Time) {
	attach(a, Pod, &l.pods, a.owner, l.pod.Lower(own), now, &l.peaks.pods)
	attach(a, Namespace, &l.namespaces, a.owner.Namespace, l.namespace, now, &l.peaks.namespaces)
	a.limited, a.drops = false, false
	for _, b := range a.buckets {
		if b != nil {
			a.limited = true
			a.drops = a.drops || b.limit.Policy == Drop
		}
	}
}

// Close ends an account. Its buckets go with their last one.
func (l *Limits) Close(a *Account) {
	detach(a, Pod, &l.pods, a.owner, &l.peaks.pods)
	detach(a, Namespace, &l.namespaces, a.owner.Namespace, &l.peaks.namespaces)
	a.limited, a.drops = false, false
}

// Buckets returns how many there are.
func (l *Limits) Buckets() int { return len(l.pods) + len(l.namespaces) }

// attach gives an account the bucket of a key, or takes it away when there is no limit.
func attach[K comparable](a *Account, scope Scope, all *map[K]*Bucket, key K, limit Limit, now time.Time, peak *shrink.Peak) {
	if limit.None() {
		detach(a, scope, all, key, peak)
		return
	}
	b := (*all)[key]
	if b == nil {
		b = NewBucket(limit, now)
		(*all)[key] = b
	}
	b.Set(limit, now)
	if a.buckets[scope] == nil {
		a.buckets[scope] = b
		b.accounts++
	}
}

func detach[K comparable](a *Account, scope Scope, all *map[K]*Bucket, key K, peak *shrink.Peak) {
	b := a.buckets[scope]
	if b == nil {
		return
	}
	a.buckets[scope] = nil
	b.queue.leave(&a.places[scope])
	b.accounts--
	if b.accounts == 0 {
		shrink.Delete(all, key, peak)
	}
}
