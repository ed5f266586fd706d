// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"path/filepath"
	"testing"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// columns are ways from what is printed to a backend; each row names those for which it means something.
type columns uint

const (
	podsToOTLP columns = 1 << iota
	podsToLoki
	journalToOTLP
	journalToLoki
	// usual is the pipeline that most people copy, safest the best that can be made of its components. Both are measured:
	// what they lose is a figure, and fails nothing.
	usual
	safest

	podLogs  = podsToOTLP | podsToLoki
	journald = journalToOTLP | journalToLoki
	ours     = podLogs | journald
	upstream = usual | safest
)

// column is one of them.
type column struct {
	is columns
	// name is that of the test, title that of the table.
	name, title string
	backend     func(testing.TB) backend
	// receiver is ours, whose metrics have to balance; empty for those of others.
	receiver string
	// window is what may come twice because of one crash, in bytes.
	window int
	// configure makes the collector without its backend.
	configure func(r *rig, backend string) *testkit.Collector
}

var allColumns = []column{
	{podsToOTLP, "pod_logs-otlp", "`pod_logs` → OTLP", newOTLP, "pod_logs", windowBytes, readsPods},
	{podsToLoki, "pod_logs-loki", "`pod_logs` → Loki", newLoki, "pod_logs", windowBytes, readsPods},
	{journalToOTLP, "journald-otlp", "`journald` → OTLP", newOTLP, "journald", journalWindowBytes, readsJournal},
	{journalToLoki, "journald-loki", "`journald` → Loki", newLoki, "journald", journalWindowBytes, readsJournal},
	{usual, "usual", "usual", newOTLP, "", windowBytes, isUpstreams("usual.yaml")},
	{safest, "safest", "safest", newOTLP, "", windowBytes, isUpstreams("safest.yaml", "--feature-gates=stanza.synchronousLogEmitter")},
}

// node is that of the pods.
const node = "node-a"

// has reports whether a set contains a column.
func (c columns) has(one column) bool { return c&one.is != 0 }

func readsPods(r *rig, backend string) *testkit.Collector {
	r.api, r.pods = kubeapi.Start(r.t), map[string]bool{}
	return testkit.NewCollector(r.t, "kubernetes.yaml", backend).Set(
		"TRIBUTARY_K8S_AUTH=kubeConfig", "KUBECONFIG="+r.api.Kubeconfig(r.t), "TRIBUTARY_NODE_NAME="+node,
		"TRIBUTARY_METADATA_TIMEOUT=1s") // Some rows have folders of pods that cannot be.
}

func readsJournal(r *rig, backend string) *testkit.Collector {
	return testkit.NewCollector(r.t, "host.yaml", backend).Set("TRIBUTARY_JOURNAL=" + r.startJournal())
}

func isUpstreams(config string, args ...string) func(*rig, string) *testkit.Collector {
	return func(r *rig, _ string) *testkit.Collector {
		c := testkit.NewCollector(r.t, filepath.Join(testkit.Root(), "tests", "faults", "testdata", config))
		c.Args = append(c.Args, args...)
		return c
	}
}
