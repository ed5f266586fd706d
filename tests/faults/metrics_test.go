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

// The receiver's balance, in records. This is the one place that knows the names; the values of all label sets count
// together. Without metricRead there is nothing to check.
const metricRead = "otelcol_receiver_pod_logs_read_log_records"

var metricsAccounted = []string{
	"otelcol_receiver_pod_logs_delivered_log_records", "otelcol_receiver_pod_logs_dead_lettered_log_records",
	"otelcol_receiver_pod_logs_dropped_log_records", "otelcol_receiver_pod_logs_in_flight_log_records",
}

// balance checks that read = delivered + dead-lettered + dropped + in flight. It is looked at until it holds, because the
// values are taken one after the other.
func (r *rig) balance() {
	r.t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		sums, err := r.scrape()
		if err != nil {
			r.t.Errorf("scrape metrics: %v", err)
			return
		}
		read, found := sums[metricRead]
		if !found {
			r.note("no balance")
			return
		}
		accounted := 0.0
		for _, name := range metricsAccounted {
			accounted += sums[name]
		}
		if read == accounted {
			r.note("balance of %.0f", read)
			return
		}
		if time.Now().After(deadline) {
			var parts []string
			for _, name := range metricsAccounted {
				parts = append(parts, fmt.Sprintf("%s %.0f", name, sums[name]))
			}
			r.t.Errorf("the balance does not hold: %s %.0f, but %s", metricRead, read, strings.Join(parts, ", "))
			return
		}
		r.pass(50 * time.Millisecond)
	}
}

// scrape returns the collector's own metrics, summed over their labels.
func (r *rig) scrape() (map[string]float64, error) {
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://127.0.0.1:" + r.collector.Env["TRIBUTARY_METRICS_PORT"] + "/metrics")
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return sumMetrics(response.Body)
}

// sumMetrics reads the Prometheus text format. The suffix _total, which some exporters add, is left out.
func sumMetrics(text io.Reader) (map[string]float64, error) {
	sums := map[string]float64{}
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		line := lines.Text()
		end := strings.LastIndexByte(line, ' ')
		if strings.HasPrefix(line, "#") || end < 0 {
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
	sums, err := sumMetrics(strings.NewReader(strings.Join([]string{
		"# HELP a_total The a.", `a_total{pod="x y"} 2`, `a_total{pod="z"} 3`, "b 1.5e+06",
	}, "\n")))
	require.NoError(t, err)
	assert.Equal(t, map[string]float64{"a": 5, "b": 1.5e6}, sums)
}
