// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// patience is for a whole fleet on a machine that does something else as well.
const patience = 3 * testkit.DeliverTimeout

// node is a collector that reads pods, and the lines that these have printed.
type node struct {
	*testkit.Collector
	name    string
	pods    []*testkit.LogWriter
	process *testkit.Process
	printed int
}

// newNode is a node with four pods that the API server knows. Its collector sends small batches, so that many are on their way.
func newNode(t testing.TB, name, backend string) *node {
	n := &node{name: name, Collector: testkit.NewCollector(t, "kubernetes.yaml", "backends/"+backend+".yaml")}
	n.Args = append(n.Args, "--set=receivers.pod_logs.batch.max_records=100", "--set=receivers.pod_logs.batch.timeout=50ms")
	var known []runtime.Object
	for i := range 4 {
		pod := testkit.Pod{Namespace: "shop", Name: fmt.Sprintf("%s-pod-%d", name, i), UID: fmt.Sprintf("%s-%d", name, i), Container: "main"}
		n.pods = append(n.pods, testkit.OpenPod(t, n.PodLogs(), pod))
		known = append(known, kubeapi.NewPod(pod.Namespace, pod.Name, pod.UID, name, kubeapi.WithContainers(pod.Container)))
	}
	n.Set("TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+kubeapi.Start(t, known...).Kubeconfig(t), "TRIBUTARY_NODE_NAME="+name)
	return n
}

// print lets the pods print so many lines, all of them different.
func (n *node) print(lines int) {
	for range lines {
		n.pods[n.printed%len(n.pods)].Write(testkit.Line{Time: time.Now(), Text: n.line(n.printed)})
		n.printed++
	}
}

func (n *node) line(number int) string { return fmt.Sprintf("%s line %07d", n.name, number) }

// missing is how many of the lines are in none of the records.
func missing(got []testkit.Record, nodes ...*node) int {
	arrived := make(map[any]bool, len(got))
	for _, record := range got {
		arrived[record.Body] = true
	}
	lost := 0
	for _, n := range nodes {
		for i := range n.printed {
			if !arrived[n.line(i)] {
				lost++
			}
		}
	}
	return lost
}

// settle waits for every line, and returns how many records came more than once.
func settle(t testing.TB, backend *testkit.Backend, before []testkit.Record, nodes ...*node) (twice int) {
	t.Helper()
	got := backend.WaitFor(t, patience, "every line", func(got []testkit.Record) bool {
		return missing(append(before[:len(before):len(before)], got...), nodes...) == 0
	})
	return twices(append(before[:len(before):len(before)], got...))
}

func twices(got []testkit.Record) (twice int) {
	arrived := make(map[any]bool, len(got))
	for _, record := range got {
		if arrived[record.Body] {
			twice++
		}
		arrived[record.Body] = true
	}
	return twice
}

// wantOnce fails when a line came twice.
func wantOnce(t testing.TB, twice int) {
	t.Helper()
	assert.Zero(t, twice, "lines came twice, and nothing had crashed")
}

// deadLetters waits for a dead-letter file of a component, and returns it.
func deadLetters(t testing.TB, c *testkit.Collector, component string) string {
	t.Helper()
	var text []byte
	testkit.Eventually(t, patience, "a dead letter", func() bool {
		text, _ = os.ReadFile(filepath.Join(c.Env["TRIBUTARY_STATE"], "dead-letter", component+".jsonl"))
		return len(text) > 0
	})
	return string(text)
}

// metric is the sum of the series of a metric that the collector exposes; 0 while it exposes none.
func (n *node) metric(name string) (sum float64) {
	answer, err := http.Get("http://" + n.Env["TRIBUTARY_METRICS_HOST"] + ":" + n.Env["TRIBUTARY_METRICS_PORT"] + "/metrics")
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		series, value, _ := strings.Cut(lines.Text(), " ")
		if before, _, _ := strings.Cut(series, "{"); before == name {
			number, _ := strconv.ParseFloat(value, 64)
			sum += number
		}
	}
	return sum
}
