// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/loki"
)

// toSink are the variables that lead the overlay `otlp` to the sink.
var toSink = set("TRIBUTARY_OTLP_URL=http://sink.sink:4318")

// TestDelivery is one life of a node: the parts build on each other. Lines are lost in none of them, and come twice only where
// the power fails.
func TestDelivery(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.startLoki(t)
	r.roll(t, "loki", "")
	if !t.Run("lines are found in Loki, with all that is known of their pods", r.inLoki) {
		return
	}
	for _, part := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"another overlay switches the backend while lines are written", r.switches},
		{"logs are rotated and compressed faster than every five seconds", r.rotates},
		{"a container crashes again and again", r.crashes},
		{"pods are deleted right after their last line", r.deletes},
		{"the collector is rolled out anew", r.rollsCollector},
		{"the backend is away for two minutes, and the kubelet for some of them", r.losesBackend},
		{"the API server is away", r.losesAPI},
		{"all that has come so far has come once", r.once},
		{"the power fails", r.reboots},
	} {
		if !t.Run(part.name, part.run) {
			return
		}
	}
}

// inLoki asks as a user would, by labels and by metadata.
func (r *rig) inLoki(t *testing.T) {
	const lines = 2000
	r.write(t, workload{run: "first", arguments: fmt.Sprintf("-lines=%d -rate=1000 -long=500", lines)})
	r.rollout(t, "logging", "statefulset/loki")
	r.ended(t, "first")
	query := `{namespace="shop", container="main", job="shop/main", service_name="writers"} | pod="first" |= "run=first "`
	entries := r.loki().WaitEntries(t, "", query, loki.AtLeast(lines))
	require.Len(t, entries, lines)
	for _, entry := range entries {
		l, err := parseLine(entry.Line)
		require.NoError(t, err)
		require.Len(t, entry.Line, l.size)
		require.Equal(t, map[string]string{
			"namespace": "shop", "container": "main", "job": "shop/main", "service_name": "writers", "service_namespace": "shop",
			"app_kubernetes_io_name": "writers",
		}, entry.Labels)
		delete(entry.Metadata, "detected_level")
		require.Equal(t, map[string]string{
			"pod": "first", "k8s_pod_uid": l.uid, "k8s_container_restart_count": "0", "k8s_node_name": Name, "log_iostream": l.stream,
			"service_instance_id": "shop.first.main", "service_version": "1",
		}, entry.Metadata)
		r.tally.count(l)
	}
	assert.Empty(t, r.tally.missing(r.only(t, "first"), lines))
}

// only is the only start of a run.
func (r *rig) only(t *testing.T, run string) (s start) {
	written := r.written(t, run)
	require.Len(t, written, 1)
	for s = range written {
	}
	return s
}

// switches goes on with what writes all the time from then on.
func (r *rig) switches(t *testing.T) {
	r.write(t, workload{run: "steady", deployment: true, replicas: 3, arguments: "-rate=300 -long=1000 -farewell=500"})
	r.rollout(t, "shop", "deployment/steady")
	r.roll(t, "otlp", toSink)
	r.rollout(t, "sink", "deployment/sink")
	// There is something on both sides of the switch.
	sinkHas := func() bool { r.tally.update(t); return r.tally.total > 3000 }
	require.True(t, waitUntil(settleTimeout, sinkHas))
	inLoki := 0
	for _, entry := range r.loki().All(t, "", `{namespace="shop"} |= "run=steady "`) {
		l, err := parseLine(entry.Line)
		require.NoError(t, err)
		r.tally.count(l)
		inLoki++
	}
	require.NotZero(t, inLoki)
	t.Logf("%d lines went to Loki", inLoki)
	r.delivered(t)
	r.Kubectl(t, "-n", "logging", "scale", "statefulset/loki", "--replicas=0")
}

// rotates writes 1.5 MB in each of ten seconds.
func (r *rig) rotates(t *testing.T) {
	r.write(t, workload{run: "fast", arguments: "-rate=5000 -lines=40000 -then=exit"})
	r.ended(t, "fast")
	require.Equal(t, 40_000, r.written(t, "fast")[r.only(t, "fast")])
	files := r.Exec(t, "sh", "-c", "ls /var/log/pods/shop_fast_*/main")
	assert.Contains(t, files, ".gz")
	r.delivered(t)
}

// crashes has a container that is started four times; what a line says of its start has to be in its metadata.
func (r *rig) crashes(t *testing.T) {
	r.write(t, workload{run: "crash", arguments: "-rate=2000 -lines=400 -then=crash"})
	require.True(t, waitUntil(settleTimeout, func() bool { return len(r.written(t, "crash")) >= 4 }))
	r.Kubectl(t, "-n", "shop", "delete", "pod", "crash")
	r.delivered(t)
}

// deletes has pods that print most of what they print when they are told to end.
func (r *rig) deletes(t *testing.T) {
	r.write(t, workload{run: "farewell", deployment: true, replicas: 4, arguments: "-rate=50 -farewell=2000"})
	r.rollout(t, "shop", "deployment/farewell")
	r.Kubectl(t, "-n", "shop", "rollout", "restart", "deployment/farewell", "deployment/steady")
	r.rollout(t, "shop", "deployment/farewell")
	r.rollout(t, "shop", "deployment/steady")
	r.ended(t, "farewell")
	require.Len(t, r.written(t, "farewell"), 8)
	r.delivered(t)
}

func (r *rig) rollsCollector(t *testing.T) {
	r.Kubectl(t, "-n", "tributary", "rollout", "restart", "daemonset/tributary")
	r.rollout(t, "tributary", "daemonset/tributary")
	r.delivered(t)
}

// outage is longer than the kubelet keeps the logs of what writes.
const outage = 2 * time.Minute

func (r *rig) losesBackend(t *testing.T) {
	began := time.Now()
	r.Kubectl(t, "-n", "sink", "scale", "deployment/sink", "--replicas=0")
	r.Kubectl(t, "-n", "sink", "wait", "--for=delete", "pod", "-l", "app=sink", "--timeout="+settleTimeout.String())
	r.StopKubelet(t)
	// Nobody rotates meanwhile: the file grows.
	require.True(t, waitUntil(settleTimeout, func() bool { return time.Since(began) > outage/3 }))
	r.StartKubelet(t)
	// A pod that came and went meanwhile.
	r.write(t, workload{run: "meanwhile", arguments: "-rate=1000 -lines=5000"})
	r.ended(t, "meanwhile")
	r.Kubectl(t, "-n", "shop", "delete", "pod", "meanwhile")
	require.True(t, waitUntil(2*outage, func() bool { return time.Since(began) > outage }))
	r.Kubectl(t, "-n", "sink", "scale", "deployment/sink", "--replicas=1")
	r.rollout(t, "sink", "deployment/sink")
	r.delivered(t)
}

func (r *rig) losesAPI(t *testing.T) {
	before := r.written(t, "steady")
	r.StopAPI(t)
	// The collector starts anew, too, and knows what it has kept. It was started minutes ago: the kubelet would have forgotten its
	// ConfigMap if that were no volume as well.
	r.Exec(t, "sh", "-c", "kill -TERM $(pidof tributary)")
	more := func() bool {
		going := 0
		for s, last := range r.written(t, "steady") {
			if last > before[s]+3000 {
				going++
			}
		}
		return going == 3
	}
	require.True(t, waitUntil(settleTimeout, more))
	r.delivered(t)
	r.StartAPI(t)
	r.rollout(t, "tributary", "daemonset/tributary")
}

func (r *rig) once(t *testing.T) {
	r.ended(t, "steady")
	r.delivered(t)
	require.Greater(t, r.tally.total, 100_000, "lines that were looked at")
}

// reboots takes the power away while lines are written. What is on the disk then has to arrive, be it twice.
func (r *rig) reboots(t *testing.T) {
	r.write(t, workload{run: "reboot", deployment: true, replicas: 2, arguments: "-rate=500"})
	r.rollout(t, "shop", "deployment/reboot")
	r.delivered(t, "reboot")
	r.Down(t)
	onDisk := r.onDisk(t, "reboot")
	require.Len(t, onDisk, 2)
	r.Up(t)
	r.arrived(t, onDisk)
	// The pods write again, as another start of theirs.
	require.True(t, waitUntil(settleTimeout, func() bool { return len(r.written(t, "reboot")) == 4 }))
	r.ended(t, "reboot")
	after := r.written(t, "reboot")
	for s := range onDisk {
		delete(after, s)
	}
	require.Len(t, after, 2)
	r.arrived(t, after)
}
