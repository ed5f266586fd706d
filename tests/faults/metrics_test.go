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

// records is the receiver's metric of records that were read, delivered, and so on. The values of all label sets count
// together.
func (r *rig) records(way string) string {
	return "otelcol_receiver_" + r.column.receiver + "_" + way + "_log_records"
}

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
