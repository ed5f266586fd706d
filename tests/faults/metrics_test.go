// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// accounted are the ways of a record that was read: all of them together are as many as were read.
var accounted = []string{"delivered", "dead_lettered", "dropped", "in_flight"}

// recordsMetric is a receiver's metric of records that were read, delivered, and so on. The values of all label sets count
// together.
func recordsMetric(receiver, way string) string {
	return "otelcol_receiver_" + receiver + "_" + way + "_log_records"
}

func (r *rig) records(way string) string { return recordsMetric(r.column.receiver, way) }

// balance checks that read = delivered + dead-lettered + dropped + in flight. It is looked at until it holds, because the
// values are taken one after the other.
func (r *rig) balance() {
	r.t.Helper()
	if r.column.receiver == "" {
		return
	}
	deadline := time.Now().Add(5 * time.Second)
	for {
		sums, err := r.scrape()
		if err != nil {
			r.t.Errorf("scrape metrics: %v", err)
			return
		}
		read, found := sums[r.records("read")]
		if !found {
			r.t.Errorf("there is no metric %s", r.records("read"))
			return
		}
		sum, parts := 0.0, []string{}
		for _, way := range accounted {
			sum += sums[r.records(way)]
			parts = append(parts, fmt.Sprintf("%s %.0f", way, sums[r.records(way)]))
		}
		if read == sum {
			r.note("balance of %.0f", read)
			return
		}
		if time.Now().After(deadline) {
			r.t.Errorf("the balance does not hold: read %.0f, but %s", read, strings.Join(parts, ", "))
			return
		}
		r.pass(50 * time.Millisecond)
	}
}

// anomalies is how many events of a kind the receiver has counted.
func (r *rig) anomalies(kind string) int {
	r.t.Helper()
	sums, err := r.scrapeWith(`kind="` + kind + `"`)
	if err != nil {
		r.t.Errorf("scrape metrics: %v", err)
	}
	return int(sums["otelcol_receiver_pod_logs_anomalies"])
}

// counted fails the row when no event of a kind was counted: the fault was not met, or nobody would hear of it.
func (r *rig) counted(kind string) {
	r.t.Helper()
	if r.column.receiver == "" {
		return
	}
	n := r.anomalies(kind)
	r.note("%s %d", kind, n)
	if n == 0 {
		r.t.Errorf("no anomaly %s was counted", kind)
	}
}

// scrape returns the collector's own metrics, summed over their labels.
func (r *rig) scrape() (map[string]float64, error) { return r.scrapeWith("") }

// scrapeWith sums only what has the label.
func (r *rig) scrapeWith(label string) (map[string]float64, error) {
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://127.0.0.1:" + r.collector.Env["TRIBUTARY_METRICS_PORT"] + "/metrics")
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return sumMetrics(response.Body, label)
}

// sumMetrics reads the Prometheus text format; an empty label is one that all have. The suffix _total, which some exporters
// add, is left out.
func sumMetrics(text io.Reader, label string) (map[string]float64, error) {
	sums := map[string]float64{}
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		line := lines.Text()
		end := strings.LastIndexByte(line, ' ')
		if strings.HasPrefix(line, "#") || end < 0 || !strings.Contains(line, label) {
			continue
		}
		name, _, _ := strings.Cut(line[:end], "{")
		value, err := strconv.ParseFloat(line[end+1:], 64)
		if err != nil {
			return nil, err
		}
		sums[strings.TrimSuffix(name, "_total")] += value
	}
	return sums, lines.Err()
}

func TestMetricsAreSummedOverTheirLabels(t *testing.T) {
	text := strings.Join([]string{"# HELP a_total The a.", `a_total{pod="x y"} 2`, `a_total{pod="z"} 3`, "b 1.5e+06"}, "\n")
	sums, err := sumMetrics(strings.NewReader(text), "")
	require.NoError(t, err)
	assert.Equal(t, map[string]float64{"a": 5, "b": 1.5e6}, sums)
	sums, err = sumMetrics(strings.NewReader(text), `pod="z"`)
	require.NoError(t, err)
	assert.Equal(t, map[string]float64{"a": 3}, sums)
}
