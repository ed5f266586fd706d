// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"net"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// listen takes an address of this machine until the row ends, or what it returns is called.
func listen(r *rig, address string) (release func()) {
	r.t.Helper()
	listener, err := net.Listen("tcp", address)
	require.NoError(r.t, err)
	release = func() { _ = listener.Close() }
	r.t.Cleanup(release)
	return release
}

// portsInUse starts the collector while somebody else has one of its ports. It does not run half: it ends and says which
// setting it is. What is printed meanwhile is there for the next start.
func portsInUse(r *rig) {
	r.busyNode(1)
	for setting, address := range map[string]string{
		"extensions::health_check::endpoint":                                        r.collector.Env["TRIBUTARY_HEALTH_ENDPOINT"],
		"extensions::healthcheckv2::http::endpoint":                                 r.collector.Env["TRIBUTARY_READINESS_ENDPOINT"],
		"service::telemetry::metrics::readers::0::pull::exporter::prometheus::port": net.JoinHostPort("127.0.0.1", r.collector.Env["TRIBUTARY_METRICS_PORT"]),
	} {
		r.event("start without %s", address)
		release := listen(r, address)
		p := testkit.Start(r.t, r.collector.Options())
		code, took := p.Wait(r.t, testkit.StartTimeout)
		r.note("refused in %.1fs", took.Seconds())
		assert.Equal(r.t, 1, code, setting)
		for _, part := range []string{"kubernetes.yaml:", setting, address, "address already in use"} {
			assert.Contains(r.t, p.Stderr(), part)
		}
		release()
		r.start()
		r.arrived()
		r.stop(exitLimit)
	}
	r.start()
	r.settle()
}
