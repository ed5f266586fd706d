// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"testing"
	"time"
)

// byTurns runs pipelines one after the other, three times: on a machine that others use, too, half a minute can be a
// quarter dearer than the one before.
func byTurns(b *testing.B, pipelines []pipeline, do func(*testing.B, pipeline)) {
	const turns = 3
	for range turns {
		for _, p := range pipelines {
			b.Run(string(p), func(b *testing.B) { do(b, p) })
		}
	}
}

// BenchmarkBacklog reports what a record costs of the two million that lie in ten files when the collector starts.
func BenchmarkBacklog(b *testing.B) {
	byTurns(b, []pipeline{stock, tributary, toLoki}, func(b *testing.B, p pipeline) { drain(b, "backlog", p, 10) })
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
func BenchmarkSteady(b *testing.B) { byTurns(b, []pipeline{stock, tributary}, steady) }

func steady(b *testing.B, p pipeline) {
	const files, perSecond, warmUp = 100, 10_000, 5 * time.Second
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
