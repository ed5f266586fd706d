// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"sync"
	"time"
)

// An ingester of Loki that gets several streams in one request reports the
// outcome of the last one only (pkg/ingester/instance.go, Push, v3.7.8): when it
// refuses an earlier stream for its rate, because there are too many streams, or
// because its entries are too far behind, and stores the last one, the answer is
// 204. Nobody would ever learn of the loss. A stream that may be refused in this
// way is therefore sent alone:
//
//   - one that was not accepted within knownFor: it may be one too many;
//   - one with an entry older than three quarters of limits::max_behind: Loki
//     accepts what is at most so far behind the newest entry of the stream, which
//     somebody else may have sent, but which is hardly newer than now;
//   - one that brings more than aloneBytes, at once or faster than shareRate: it may
//     exceed the rate;
//   - one that was refused in this way within knownFor: Loki's limits may be other
//     ones, or somebody else sends to the same stream;
//   - every one, after Loki was in trouble: it may have forgotten its streams.
//
// All other streams cannot be refused there, and travel together.
const (
	knownFor   = 10 * time.Minute
	aloneBytes = 512 << 10
	// shareRate, in bytes a second, is a sixth of what Loki allows.
	shareRate = 512 << 10
)

// maxKnown bounds the memory; what is forgotten only costs a request of its own.
const maxKnown = 20_000

// knownStreams remembers what Loki did with which streams lately. It may be used by
// several goroutines.
type knownStreams struct {
	mu      sync.Mutex
	streams map[streamKey]knownStream
	tenants map[string]knownTenant
}

// knownTenant says when Loki last took something of a tenant, and when it last
// failed to answer or answered that it failed.
type knownTenant struct{ accepted, failed time.Time }

type streamKey struct{ tenant, labels string }

type knownStream struct {
	// accepted and refused are when Loki last did so.
	accepted, refused time.Time
	// level is how many bytes came, less what flowed off since at shareRate.
	level float64
	at    time.Time
}

// mayShare reports whether entries of a stream may travel together with those of
// others, and notes how many bytes they are.
func (k *knownStreams) mayShare(tenant, labels string, size int, now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	key := streamKey{tenant, labels}
	s, ok := k.streams[key]
	if !ok {
		return false
	}
	level := max(0, s.level-now.Sub(s.at).Seconds()*shareRate) + float64(size)
	s.level, s.at = min(level, 4*aloneBytes), now
	k.streams[key] = s
	return level <= aloneBytes && now.Sub(s.accepted) < knownFor && now.Sub(s.refused) >= knownFor &&
		s.accepted.After(k.tenants[tenant].failed)
}

// lastOfStream is when Loki last accepted entries of a stream, lastOfTenant when
// it did so of any stream of a tenant.
func (k *knownStreams) lastOfStream(tenant, labels string) time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.streams[streamKey{tenant, labels}].accepted
}

func (k *knownStreams) lastOfTenant(tenant string) time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.tenants[tenant].accepted
}

// accepted notes that Loki has entries of these streams.
func (k *knownStreams) accepted(tenant string, labels []string, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.makeRoom()
	for _, l := range labels {
		key := streamKey{tenant, l}
		s := k.streams[key]
		s.accepted = now
		k.streams[key] = s
	}
	t := k.tenants[tenant]
	t.accepted = now
	k.tenants[tenant] = t
}

// failed notes that Loki was in trouble.
func (k *knownStreams) failed(tenant string, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.makeRoom()
	t := k.tenants[tenant]
	t.failed = now
	k.tenants[tenant] = t
}

// refused notes that an ingester refused some or all of a stream.
func (k *knownStreams) refused(tenant, labels string, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.makeRoom()
	key := streamKey{tenant, labels}
	s := k.streams[key]
	s.refused = now
	k.streams[key] = s
}

func (k *knownStreams) makeRoom() {
	if k.streams == nil || len(k.streams) > maxKnown {
		k.streams, k.tenants = map[streamKey]knownStream{}, map[string]knownTenant{}
	}
}
