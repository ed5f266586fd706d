// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// timing is how long things take; tests have a faster one.
type timing struct {
	// steps are the pauses after the first failures, most is the least pause after further ones.
	steps []time.Duration
	most  time.Duration
	// listTimeout and getTimeout are how long an answer may take.
	listTimeout, getTimeout time.Duration
	// watchFor is after what time the server ends a watch. Before, it says which version the
	// watch has reached, so that the next one need not begin with a version that is forgotten.
	watchFor time.Duration
	// silence ends a watch in which nothing comes, which a healthy one does not reach. What
	// happened since is still in the cache of the server, which holds 75 s at least.
	silence time.Duration
	// settled is how long a watch without events has to live before it counts as an answer.
	settled time.Duration
	// refused is the least pause after the server has refused a resource.
	refused time.Duration
	// lookupAfter is how long a pod is unknown before it is asked for, lookupPause the time
	// between two of these requests, lookupMost the longest pause for one pod.
	lookupAfter, lookupPause, lookupMost time.Duration
	// savePause is the time between two writes, saveAgain after one that failed.
	savePause, saveAgain time.Duration
	sweep                time.Duration
	// await is how long pods wait for what is asked for of their namespaces and the node.
	await time.Duration
}

var defaultTiming = timing{
	steps: []time.Duration{500 * time.Millisecond, 2 * time.Second, 5 * time.Second}, most: 10 * time.Second,
	listTimeout: time.Minute, getTimeout: 10 * time.Second,
	watchFor: 45 * time.Second, silence: 50 * time.Second, settled: 5 * time.Second, refused: 30 * time.Second,
	lookupAfter: time.Second, lookupPause: 300 * time.Millisecond, lookupMost: 5 * time.Minute,
	savePause: time.Second, saveAgain: 10 * time.Second, sweep: 10 * time.Second, await: 5 * time.Second,
}

// pause returns how long to wait after a number of failures. It is spread, so that a thousand nodes
// do not come back in the same second.
func (t *timing) pause(failures int) time.Duration {
	if failures <= len(t.steps) {
		return spread(t.steps[failures-1])
	}
	return spread(t.most)
}

// maxRetryAfter bounds what a server may demand.
const maxRetryAfter = 10 * time.Minute

// pace says when a request may be sent. While the API server answers, that is at once. When it
// does not, all resources share one request, after pauses that grow to 10 to 15 s. It may be
// used by several goroutines.
type pace struct {
	timing *timing

	mu       sync.Mutex
	failures int
	next     time.Time
	// answers is closed when the server answers again.
	answers chan struct{}
}

func newPace(t *timing) *pace { return &pace{timing: t, answers: make(chan struct{})} }

// wait returns when a request may be sent.
func (p *pace) wait(ctx context.Context) error {
	for {
		pause, answers := p.reserve()
		if pause <= 0 {
			return ctx.Err()
		}
		if err := sleep(ctx, pause, answers); err != nil {
			return err
		}
	}
}

// reserve returns how long to wait. When that is over, the next one waits a pause longer.
func (p *pace) reserve() (time.Duration, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failures == 0 {
		return 0, nil
	}
	now := time.Now()
	if pause := p.next.Sub(now); pause > 0 {
		return pause, p.answers
	}
	p.next = now.Add(p.timing.pause(p.failures))
	return 0, nil
}

// answered says that the server does what it should.
func (p *pace) answered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failures > 0 {
		p.failures = 0
		close(p.answers)
		p.answers = make(chan struct{})
	}
}

// failed says that it does not, and how long it wants to be left alone.
func (p *pace) failed(retryAfter time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures++
	p.next = time.Now().Add(max(p.timing.pause(p.failures), min(retryAfter, maxRetryAfter)))
}

func (p *pace) failing() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failures > 0
}

// spread makes a pause up to half longer, by chance.
func spread(d time.Duration) time.Duration { return d + time.Duration(rand.Int64N(int64(d)/2+1)) }

// sleep waits, at most until the channel is closed or has a signal. The error is that of the context.
func sleep(ctx context.Context, pause time.Duration, until <-chan struct{}) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-until:
	case <-ctx.Done():
	}
	return ctx.Err()
}
