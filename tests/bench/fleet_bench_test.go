// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bufio"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// BenchmarkTier reports what the backlog costs the node and the gateway, when there is one between it and the backend.
func BenchmarkTier(b *testing.B) {
	for _, p := range []pipeline{viaGateway, viaHTTP, balanced, byService} {
		b.Run(string(p), func(b *testing.B) { throughTier(b, p) })
	}
}

// BenchmarkKafka reports what the backlog costs the node that writes it into Kafka, and then the consumer that reads it. The
// broker is not measured: it is a test's own.
func BenchmarkKafka(b *testing.B) { throughKafka(b) }

const fleetFiles = 10

// measured is what a process used, from its start on.
type measured struct {
	cpu  float64
	peak float64
}

// measure measures processes until the function returns.
func measure(r *rig, until func(), processes ...*testkit.Process) []measured {
	if len(processes) == 0 {
		until()
		return nil
	}
	first, rest := processes[0], processes[1:]
	s, err := watch(first.Pid())
	r.must(err)
	others := measure(r, until, rest...)
	u, err := s.Stop()
	r.must(err)
	used, err := testkit.CPUTime(first.Pid())
	r.must(err)
	return append([]measured{{used.Seconds(), u.PeakRSS}}, others...)
}

func throughTier(b *testing.B, p pipeline) {
	records := backlogRecords(b)
	for b.Loop() {
		r := newRig(b, p, fleetFiles)
		port, portHTTP := testkit.FreePort(b), testkit.FreePort(b)
		tier := testkit.NewCollector(b, "gateway.yaml", "backends/otlp.yaml").Set(
			fmt.Sprintf("TRIBUTARY_LISTEN_GRPC=127.0.0.1:%d", port), fmt.Sprintf("TRIBUTARY_LISTEN_HTTP=127.0.0.1:%d", portHTTP),
			"TRIBUTARY_OTLP_URL="+r.sink.URL()).Set(collectorEnv()...).Start(b)
		r.collector.Set(fmt.Sprintf("TRIBUTARY_GATEWAY=127.0.0.1:%d", port), "TRIBUTARY_GATEWAY_HOST=127.0.0.1",
			fmt.Sprintf("TRIBUTARY_GATEWAY_PORT=%d", port))
		switch p {
		case viaHTTP:
			r.collector.Set(fmt.Sprintf("TRIBUTARY_OTLP_URL=http://127.0.0.1:%d", portHTTP))
		case byService:
			r.collector.Set("TRIBUTARY_ROUTING_ATTRIBUTE=service.name")
		}
		written := r.backlog(fleetFiles, records)
		r.start()
		began := time.Now()
		used := measure(r, func() { r.wait(records, written) }, r.process, tier)
		wall := time.Since(began)
		diff := r.finish(written)
		tier.Stop(b)
		recordFleet("tier", p, records, wall, used, diff)
	}
	report(b, &results, "tier", p)
}

func throughKafka(b *testing.B) {
	const p, topic, partitions = toKafka, "tributary-logs", 4
	records := backlogRecords(b)
	for b.Loop() {
		broker, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions, topic))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(broker.Close)
		r := newRig(b, p, fleetFiles)
		at := "TRIBUTARY_KAFKA_BROKERS=" + strings.Join(broker.ListenAddrs(), ",")
		r.collector.Set(at)
		written := r.backlog(fleetFiles, records)
		r.start()
		began := time.Now()
		used := measure(r, func() {
			testkit.Eventually(b, 10*patience, "Kafka to have everything", func() bool {
				return counter(r.collector, "otelcol_receiver_pod_logs_delivered_log_records") >= records
			})
		}, r.process)
		wall := time.Since(began)
		consumer := testkit.NewCollector(b, "gateway-kafka.yaml", "backends/otlp.yaml").Set(
			at, "TRIBUTARY_OTLP_URL="+r.sink.URL()).Set(collectorEnv()...).Start(b)
		used = append(used, measure(r, func() { r.wait(records, written) }, consumer)...)
		diff := r.finish(written)
		consumer.Stop(b)
		recordFleet("kafka", p, records, wall, used, diff)
	}
	report(b, &results, "kafka", p)
}

// recordFleet keeps what a node and the tier behind it used.
func recordFleet(key workload, p pipeline, records int, wall time.Duration, used []measured, diff tally) {
	millions := float64(records) / 1e6
	record(&results, key, p, map[string]float64{
		"CPU-s/Mline":      used[0].cpu / millions,
		"CPU-s/Mline-tier": used[1].cpu / millions,
		"MB-peak-rss":      used[0].peak,
		"MB-peak-rss-tier": used[1].peak,
		"klines/s":         float64(records) / 1e3 / wall.Seconds(),
		"missing":          float64(diff.Missing),
		"duplicates":       float64(diff.Duplicates),
	})
}

// counter is a metric that the collector exposes; 0 while it does not.
func counter(c *testkit.Collector, name string) int {
	answer, err := http.Get("http://" + c.Env["TRIBUTARY_METRICS_HOST"] + ":" + c.Env["TRIBUTARY_METRICS_PORT"] + "/metrics")
	if err != nil {
		return 0
	}
	defer func() { _ = answer.Body.Close() }()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		series, value, _ := strings.Cut(lines.Text(), " ")
		if metric, _, _ := strings.Cut(series, "{"); metric == name {
			number, _ := strconv.ParseFloat(value, 64)
			return int(number)
		}
	}
	return 0
}
