// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"
)

func fastRotation(r *rig) {
	r.start()
	var rotators []*rotator
	for i := range 2 {
		// Together 10 MB/s, if the machine can.
		c := r.container(fmt.Sprintf("fast-%d", i), load{rate: 2_500, bytes: 2_000, chunk: 16 << 10})
		rotators = append(rotators, r.rotate(c, keptFiles, 200*time.Millisecond))
	}
	began := time.Now()
	r.pass(2*readable + time.Duration(times-1)*time.Second)
	r.quiet()
	sums, err := r.scrape()
	require.NoError(r.t, err)
	r.note("%.1f MB/s read", sums["otelcol_receiver_pod_logs_read_bytes"]/1e6/time.Since(began).Seconds())
	for _, k := range rotators {
		r.note("%d files rotated, %d removed", k.rotated, k.removed.Load())
	}
	r.settle()
}

// gaps are the moments of a rotation at which a collector can start and find the files in another state.
var gaps = []string{"half compressed", "compressed", "archive in place", "plain file removed", "renamed", "reopened"}

func restartInRotation(r *rig) {
	c := r.container("rotated", busy)
	k := newRotator(c, 0)
	r.start()
	for round := range times {
		for i, gap := range gaps {
			r.arrived()
			k.pause = func(step string) {
				if step != gap {
					return
				}
				r.event("%s", gap)
				// A stop may not bring anything twice; a kill may.
				if (round+i)%2 == 0 {
					r.stop(exitLimit)
				} else {
					r.kill()
				}
				r.start()
				r.arrived()
			}
			// The first rotation makes the file that the second one compresses.
			if k.rotated == 0 {
				k.rotate()
			}
			k.rotate()
		}
	}
	r.settle()
}

// Each line is delivered before its file is emptied, so none may miss; the copy may come as a file of its own. What is
// printed next is sometimes more than there was before.
func copyTruncated(r *rig) {
	r.anyDuplicates = true
	c := r.container("truncated", load{bytes: 100})
	r.start()
	for range 10 * times {
		c.print(1 + r.random.IntN(1_500))
		r.await()
		if r.oracle.counts().lost > 0 {
			break
		}
		c.copyTruncate()
		r.event("truncated")
	}
	r.settle()
}

func removedPods(r *rig) {
	r.start()
	// The delays that give nobody the promised time are here for the figure.
	for _, delay := range []time.Duration{50 * time.Millisecond, 250 * time.Millisecond, time.Second, readable} {
		var pods []*container
		for i := range 4 * times {
			c := r.container(fmt.Sprintf("gone-after-%s-%d", delay, i), load{bytes: 100})
			c.print(300)
			pods = append(pods, c)
		}
		r.pass(delay)
		r.event("pods removed %s after their last line", delay)
		r.remove(pods)
	}
	r.event("503")
	r.gate.set(trouble{status: 503})
	var pods []*container
	for i := range 2 {
		c := r.container(fmt.Sprintf("gone-in-outage-%d", i), load{bytes: 10_000})
		c.print(1_000)
		pods = append(pods, c)
	}
	r.pass(readable)
	r.event("pods removed in the outage")
	r.remove(pods)
	r.gate.set(trouble{})
	r.settle()
}

// remove removes pods, and excuses what was not readable for long enough.
func (r *rig) remove(pods []*container) {
	for _, c := range pods {
		r.oracle.excuse(c.id, time.Now().Add(-readable))
		c.remove()
		if key := c.pod.Namespace + "/" + c.pod.Name; r.pods[key] != "" {
			r.api.Delete(apiPod(c.pod, labelOf(c.pod)))
			delete(r.pods, key)
		}
	}
}

// What only the collector still holds when it is told to end must survive it.
func terminatedWithRemovedFiles(r *rig) {
	r.start()
	r.event("503")
	r.gate.set(trouble{status: 503})
	rotators := r.floodedNode()
	gone := r.container("gone", load{bytes: 1_000})
	gone.print(2_000)
	r.outage(rotators, 3)
	gone.remove()
	r.note("exit in %.1fs", r.stop(graceLimit).Seconds())
	r.gate.set(trouble{})
	r.start()
	r.settle()
}
