// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkChurn reports what a hundred new pods a second leave behind, each of which is gone after 2 s: the descriptors
// and the memory, before, at most, and when they have been gone for some minutes. It does so beside one pod that has nothing
// to say, where little else is in memory, and beside a hundred that are busy.
func BenchmarkChurn(b *testing.B) {
	b.Run("idle", func(b *testing.B) { churn(b, "churn", 1, 0) })
	b.Run("busy", func(b *testing.B) { churn(b, "churn-busy", 100, 10_000) })
}

// churn lets pods come and go beside so many files that stay, which get so many records a second in all. Before and after are
// means of three minutes: what runs each 20, 45 or 60 s makes some megabytes of the program file resident, and of one minute
// the means differed by 9 % without any pod, of three by 3 %.
func churn(b *testing.B, key workload, files, perSecond int) {
	const pods, perPod, lifetime = 100, 5, 2 * time.Second
	const alive = int(lifetime/time.Second) * pods
	// Memory is given back when it has not been needed for a while: also that which the start has left.
	const settle, whole = 150 * time.Second, 3 * time.Minute
	for b.Loop() {
		r := newRig(b, tributary, files)
		r.start()
		stop := r.keepWriting(files, perSecond)
		pass(settle)
		before := r.watch(func() { pass(whole) })
		var written []int
		folder := func(n int) string { return podFolder(r, files+n) }
		u := r.watch(func() {
			tick := time.NewTicker(time.Second / pods)
			defer tick.Stop()
			for n := range pods * int(4*watchTime(b)/time.Second) {
				<-tick.C
				// The kubelet has a pod from the API server before it writes a line of it.
				r.api.Add(apiPod(files + n))
				r.must(writeLog(r.collector.PodLogs(), files+n, perPod, time.Millisecond))
				written = append(written, perPod)
				if n >= alive {
					r.must(os.RemoveAll(folder(n - alive)))
					r.api.Delete(apiPod(files + n - alive))
				}
			}
		})
		pass(lifetime)
		for n := max(0, len(written)-alive); n < len(written); n++ {
			r.must(os.RemoveAll(folder(n)))
			r.api.Delete(apiPod(files + n))
		}
		pass(settle)
		after := r.watch(func() { pass(whole) })
		r.pipeline.saveHeap(b, r.collector)
		written = append(stop(), written...)
		r.wait(sum(written), written)
		diff := r.finish(written)
		record(&results, key, tributary, map[string]float64{
			"%core": u.Percent(), "fds-before": float64(before.OpenFiles), "fds-after": float64(after.OpenFiles),
			"MB-rss-before": before.MeanRSS, "MB-rss-peak": u.PeakRSS, "MB-rss-after": after.MeanRSS,
			"%rss-after": after.MeanRSS / before.MeanRSS * 100, "%fds-after": float64(after.OpenFiles) / float64(before.OpenFiles) * 100,
			"MB-anonymous-before": before.MeanAnonymous, "MB-anonymous-after": after.MeanAnonymous,
			"missing": float64(diff.Missing), "duplicates": float64(diff.Duplicates),
		})
	}
	report(b, &results, key, tributary)
}

// keepWriting lets so many files get so many records a second in all, or a few at the beginning. It returns what ends that, and
// tells how many each got.
func (r *rig) keepWriting(files, perSecond int) (stop func() []int) {
	if perSecond == 0 {
		written := r.backlog(files, 5*files)
		return func() []int { return written }
	}
	writer, err := startWriter(r.collector.PodLogs(), files, perSecond)
	r.must(err)
	return func() []int {
		written, err := writer.Stop()
		r.must(err)
		return written
	}
}

// podFolder is the folder of the pod that writes the file of this number.
func podFolder(r *rig, file int) string {
	return filepath.Dir(filepath.Dir(podOf(file).LogPath(r.collector.PodLogs())))
}
