// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkBacklog reports what a million records cost that lie in ten files when the collector starts.
func BenchmarkBacklog(b *testing.B) {
	for _, p := range []pipeline{stock, tributary, toLoki} {
		b.Run(string(p), func(b *testing.B) { drain(b, "backlog", p, 10) })
	}
}

// BenchmarkOneFile is the same backlog in a single file: what one busy container can at most have delivered.
func BenchmarkOneFile(b *testing.B) {
	for _, p := range []pipeline{stock, tributary} {
		b.Run(string(p), func(b *testing.B) { drain(b, "one-file", p, 1) })
	}
}

// BenchmarkMetadata is the backlog of as many pods as a node usually has at most, with what the API server says of them and
// without.
func BenchmarkMetadata(b *testing.B) {
	for _, p := range []pipeline{pathOnly, tributary} {
		b.Run(string(p), func(b *testing.B) { drain(b, "metadata", p, 110) })
	}
}

// BenchmarkManyFiles is the same backlog in a hundred files.
func BenchmarkManyFiles(b *testing.B) {
	for _, p := range []pipeline{stock, tributary} {
		b.Run(string(p), func(b *testing.B) { drain(b, "many-files", p, 100) })
	}
}

func drain(b *testing.B, key workload, p pipeline, files int) {
	records := backlogRecords(b)
	for b.Loop() {
		r := newRig(b, p, files)
		written := r.backlog(files, records)
		r.start()
		u := r.watch(func() {
			r.wait(records/2, written)
			if key == "backlog" {
				p.saveHeap(b, r.collector)
			}
			r.wait(records, written)
		})
		// What was read before the pipelines were reported to run counts as well, and so does the start.
		cpu := r.cpu().Seconds()
		millions := float64(records) / 1e6
		wire := r.sink.WireMB()
		diff := r.finish(written)
		record(&results, key, p, map[string]float64{
			"CPU-s/Mline":       cpu / millions,
			"klines/CPU-s":      float64(records) / 1e3 / cpu,
			"klines/s":          float64(records) / 1e3 / u.Wall.Seconds(),
			"MB-peak-rss":       u.PeakRSS,
			"MB-peak-anonymous": u.PeakAnonymous,
			"MB-highwater":      u.HighWater,
			"MB-rss":            u.MeanRSS,
			"MB-wire":           wire,
			"missing":           float64(diff.Missing),
			"duplicates":        float64(diff.Duplicates),
		})
	}
	report(b, &results, key, p)
}

// BenchmarkSteady reports the share of a core, and the memory, while a hundred files get a hundred records a second each.
func BenchmarkSteady(b *testing.B) {
	const files, perSecond, warmUp = 100, 10_000, 5 * time.Second
	for _, p := range []pipeline{stock, tributary} {
		b.Run(string(p), func(b *testing.B) {
			for b.Loop() {
				r := newRig(b, p, files)
				r.start()
				writer, err := startWriter(r.collector.PodLogs(), files, perSecond)
				r.must(err)
				// The first files may be found late; what has gathered until then is not part of a steady state.
				r.wait(perSecond, nil)
				pass(warmUp)
				before := r.sink.Received()
				u := r.watch(func() { pass(watchTime(b)) })
				arrived := r.sink.Received() - before
				written, err := writer.Stop()
				r.must(err)
				r.wait(sum(written), written)
				diff := r.finish(written)
				record(&results, "steady", p, map[string]float64{
					"%core":        u.Percent(),
					"lines/s":      float64(arrived) / u.Wall.Seconds(),
					"MB-rss":       u.MeanRSS,
					"MB-peak-rss":  u.PeakRSS,
					"MB-highwater": u.HighWater,
					"MB-anonymous": u.MeanAnonymous,
					"fds":          float64(u.OpenFiles),
					"missing":      float64(diff.Missing),
					"duplicates":   float64(diff.Duplicates),
				})
			}
			report(b, &results, "steady", p)
		})
	}
}

// BenchmarkIdle reports the share of a core, and the memory, when everything is delivered and nobody writes.
func BenchmarkIdle(b *testing.B) {
	b.Run("1000-files/"+string(stock), func(b *testing.B) { idle(b, "idle-1000", stock, 1_000) })
	b.Run("1000-files/"+string(tributary), func(b *testing.B) { idle(b, "idle-1000", tributary, 1_000) })
	b.Run("10000-files/"+string(tributary), func(b *testing.B) { idle(b, "idle-10000", tributary, 10_000) })
}

func idle(b *testing.B, key workload, p pipeline, files int) {
	const perFile, settle = 10, 10 * time.Second
	for b.Loop() {
		r := newRig(b, p, files)
		written := r.backlog(files, files*perFile)
		r.start()
		r.wait(sum(written), written)
		pass(settle)
		u := r.watch(func() { pass(watchTime(b)) })
		diff := r.finish(written)
		record(&results, key, p, map[string]float64{
			"%core":        u.Percent(),
			"MB-rss":       u.MeanRSS,
			"MB-anonymous": u.MeanAnonymous,
			"MB-highwater": u.HighWater,
			"fds":          float64(u.OpenFiles),
			"missing":      float64(diff.Missing),
			"duplicates":   float64(diff.Duplicates),
		})
	}
	report(b, &results, key, p)
}

func sum(counts []int) int {
	all := 0
	for _, count := range counts {
		all += count
	}
	return all
}

// BenchmarkChurn reports what a hundred new pods a second leave behind, each of which is gone after 2 s: the descriptors
// and the memory, before, at most, and when they have been gone for some minutes. Before and after are means of a minute:
// what runs once in a minute makes some megabytes of the program file resident.
func BenchmarkChurn(b *testing.B) {
	const perSecond, perPod, lifetime = 100, 5, 2 * time.Second
	const alive = int(lifetime/time.Second) * perSecond
	// A deleted pod is forgotten after a minute, and memory is given back a minute after the last collection that was needed:
	// also that which the start has left.
	const settle = 150 * time.Second
	for b.Loop() {
		r := newRig(b, tributary, 1)
		r.must(writeLog(r.collector.PodLogs(), 0, perPod, time.Millisecond))
		r.start()
		written := []int{perPod}
		r.wait(perPod, nil)
		pass(settle)
		before := r.watch(func() { pass(time.Minute) })
		u := r.watch(func() {
			tick := time.NewTicker(time.Second / perSecond)
			defer tick.Stop()
			for n := range perSecond * int(4*watchTime(b)/time.Second) {
				<-tick.C
				file := len(written)
				// The kubelet has a pod from the API server before it writes a line of it.
				r.api.Add(apiPod(file))
				r.must(writeLog(r.collector.PodLogs(), file, perPod, time.Millisecond))
				written = append(written, perPod)
				if n >= alive {
					r.must(os.RemoveAll(podFolder(r, file-alive)))
					r.api.Delete(apiPod(file - alive))
				}
			}
		})
		r.wait(sum(written), written)
		for file := 1; file < len(written); file++ {
			r.must(os.RemoveAll(podFolder(r, file)))
		}
		for file := max(1, len(written)-alive); file < len(written); file++ {
			r.api.Delete(apiPod(file))
		}
		pass(settle)
		after := r.watch(func() { pass(time.Minute) })
		r.pipeline.saveHeap(b, r.collector)
		diff := r.finish(written)
		record(&results, "churn", tributary, map[string]float64{
			"%core": u.Percent(), "fds-before": float64(before.OpenFiles), "fds-after": float64(after.OpenFiles),
			"MB-rss-before": before.MeanRSS, "MB-rss-peak": u.PeakRSS, "MB-rss-after": after.MeanRSS,
			"%rss-after":          after.MeanRSS / before.MeanRSS * 100,
			"MB-anonymous-before": before.MeanAnonymous, "MB-anonymous-after": after.MeanAnonymous,
			"missing": float64(diff.Missing), "duplicates": float64(diff.Duplicates),
		})
	}
	report(b, &results, "churn", tributary)
}

// podFolder is the folder of the pod that writes the file of this number.
func podFolder(r *rig, file int) string {
	return filepath.Dir(filepath.Dir(podOf(file).LogPath(r.collector.PodLogs())))
}
