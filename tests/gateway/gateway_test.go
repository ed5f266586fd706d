// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// both runs a test with each of the ways from a node to the tier.
func both(t *testing.T, gateways int, test func(t *testing.T, f *fleet)) {
	for _, by := range []string{"gateway", "load-balancing"} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			test(t, newFleet(t, by, gateways))
		})
	}
}

func TestEveryLineGoesThroughTheTierOnce(t *testing.T) {
	both(t, 2, func(t *testing.T, f *fleet) {
		f.print(3_000)
		wantOnce(t, f.settle())
	})
}

// What is not the backend's is not taken for delivered by anybody on the way.
func TestNothingIsAcknowledgedBeforeTheBackendHasIt(t *testing.T) {
	both(t, 2, func(t *testing.T, f *fleet) {
		f.backend.WaitRecords(t, 4_000, patience)
		f.backend.SetFault(testkit.Fault{HTTPStatus: 503})
		f.print(1_000)
		testkit.Eventually(t, patience, "the gateways to be refused", func() bool { return f.backend.Faulted() > 2 })
		for _, n := range f.nodes {
			n.process.Kill()
			n.process.Wait(t, patience)
		}
		for _, g := range f.gateways {
			g.process.Kill()
			g.process.Wait(t, patience)
		}
		require.Equal(t, 4_000, f.backend.Count())
		f.backend.ClearFault()
		for _, g := range f.gateways {
			g.process = g.Start(t)
		}
		for _, n := range f.nodes {
			n.process = n.Start(t)
		}
		f.settle() // Positions are written twice a second: what was delivered just before the crash comes again.
	})
}

func TestABackendThatIsAwayCostsNothing(t *testing.T) {
	both(t, 2, func(t *testing.T, f *fleet) {
		f.backend.WaitRecords(t, 4_000, patience)
		f.backend.SetFault(testkit.Fault{HTTPStatus: 503})
		f.print(2_000)
		testkit.Eventually(t, patience, "the gateways to be refused", func() bool { return f.backend.Faulted() > 10 })
		f.backend.ClearFault()
		f.print(1_000)
		f.backend.WaitRecords(t, 10_000, patience)
		f.earlier = f.backend.Records()
		f.backend.Stop()
		f.print(1_000)
		f.backend = testkit.StartBackendAt(t, f.backend.HTTPURL())
		f.print(1_000)
		wantOnce(t, f.settle())
	})
}

// One that takes longer than the 5 s that exporters wait by default is waited for.
func TestASlowBackendGetsEveryLineOnce(t *testing.T) {
	both(t, 1, func(t *testing.T, f *fleet) {
		f.backend.WaitRecords(t, 4_000, patience)
		f.backend.SetFault(testkit.Fault{Delay: 7 * time.Second})
		f.print(200)
		wantOnce(t, f.settle())
	})
}

// A wrong token of the gateway is told to the nodes, which wait until it is mended.
func TestABackendThatRefusesTheGatewayIsWaitedFor(t *testing.T) {
	both(t, 1, func(t *testing.T, f *fleet) {
		f.backend.WaitRecords(t, 4_000, patience)
		f.backend.SetFault(testkit.Fault{HTTPStatus: 401})
		f.print(1_000)
		testkit.Eventually(t, patience, "the gateway to be refused", func() bool { return f.backend.Faulted() > 2 })
		for _, n := range f.nodes {
			n.process.WaitOutput(t, "Log records are not accepted", patience)
		}
		f.backend.ClearFault()
		wantOnce(t, f.settle())
	})
}

// The one record that the backend refuses is found by the node, through the gateway, and the others arrive.
func TestARefusedRecordEndsInTheDeadLettersOfItsNode(t *testing.T) {
	both(t, 2, func(t *testing.T, f *fleet) {
		bad := f.nodes[1].line(2_345)
		f.backend.SetFault(testkit.Fault{HTTPStatus: 400, When: func(records []testkit.Record) bool {
			for _, record := range records {
				if record.Body == bad {
					return true
				}
			}
			return false
		}})
		f.print(1_000)
		f.backend.WaitFor(t, patience, "every line but one", func(got []testkit.Record) bool { return missing(got, f.nodes...) == 1 })
		letters := deadLetters(t, f.nodes[1].Collector, "pod_logs")
		assert.Contains(t, letters, bad)
		for _, n := range f.nodes {
			n.process.Stop(t)
		}
		wantOnce(t, twices(f.backend.Records()))
	})
}

func TestAGatewayThatIsKilledLosesNothing(t *testing.T) {
	both(t, 2, func(t *testing.T, f *fleet) {
		f.backend.WaitRecords(t, 1_000, patience)
		f.gateways[0].process.Kill()
		f.gateways[0].process.Wait(t, patience)
		f.print(2_000)
		// By load balancing, the lines that are the killed one's wait for it, or until it has no name any more.
		f.gateways[0].process = f.gateways[0].Start(t)
		f.print(1_000)
		twice := f.settle()
		// What was on its way through it, at most: 16 batches of each node.
		assert.LessOrEqual(t, twice, 2*16*100)
	})
}

// One that is gone for good, as with its node, is not waited for: what was on its way to it takes another one.
func TestAGatewayThatDoesNotComeBackLosesNothing(t *testing.T) {
	both(t, 2, func(t *testing.T, f *fleet) {
		f.backend.WaitRecords(t, 1_000, patience)
		// Nothing is answered, so that something is on its way through each.
		f.backend.SetFault(testkit.Fault{HTTPStatus: 503})
		f.print(2_000)
		testkit.Eventually(t, patience, "the gateways to be refused", func() bool { return f.backend.Faulted() > 4 })
		f.gateways[0].process.Kill()
		f.gateways[0].process.Wait(t, patience)
		f.serve(f.gateways[1])
		f.backend.ClearFault()
		f.print(1_000)
		// What the killed one had handed on, and not answered.
		assert.LessOrEqual(t, f.settle(), 2*16*100)
	})
}

func TestAGatewayThatIsTakenAwayLosesAndRepeatsNothing(t *testing.T) {
	both(t, 3, func(t *testing.T, f *fleet) {
		f.backend.WaitRecords(t, 1_000, patience)
		f.print(1_000)
		f.serve(f.gateways[1], f.gateways[2])
		f.gateways[0].process.Terminate()
		code, _ := f.gateways[0].process.Wait(t, patience)
		assert.Zero(t, code)
		f.print(2_000)
		wantOnce(t, f.settle())
	})
}

// A tier of which all are gone for a while, and then have other addresses.
func TestATierThatMovesIsFound(t *testing.T) {
	both(t, 3, func(t *testing.T, f *fleet) {
		f.serve(f.gateways[0])
		f.backend.WaitRecords(t, 4_000, patience)
		for _, g := range f.gateways {
			g.process.Terminate()
			g.process.Wait(t, patience)
		}
		f.serve()
		f.print(1_000)
		f.gateways[2].process = f.gateways[2].Start(t)
		f.serve(f.gateways[2])
		wantOnce(t, f.settle())
	})
}

// Memory is bounded by refusing, and what is refused comes again.
func TestAGatewayThatIsFullRefusesAndLosesNothing(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "gateway", 1)
	g := f.gateways[0]
	f.backend.WaitRecords(t, 4_000, patience)
	g.process.Terminate()
	g.process.Wait(t, patience)
	args := g.Args
	g.Args = append(g.Args, "--set=processors.memory_limiter={check_interval: 100ms, limit_mib: 1, spike_limit_mib: 0}")
	g.process = g.Start(t)
	f.print(500)
	g.process.WaitOutput(t, "Memory usage is above", patience)
	f.nodes[0].process.WaitOutput(t, "data refused due to high memory usage", patience)
	g.process.Terminate()
	g.process.Wait(t, patience)
	g.Args = args
	g.process = g.Start(t)
	wantOnce(t, f.settle())
}

// The tier speaks to a backend over gRPC as well, whose answers come through unchanged.
func TestTheTierHandsOnAnswersOfGRPC(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "gateway", 1)
	f.backend.WaitRecords(t, 4_000, patience)
	g := f.gateways[0]
	g.process.Terminate()
	g.process.Wait(t, patience)
	over := testkit.NewCollector(t, "gateway.yaml", "backends/otlp-grpc.yaml")
	over.Env["TRIBUTARY_LISTEN_GRPC"], over.Env["TRIBUTARY_LISTEN_HTTP"] = g.Env["TRIBUTARY_LISTEN_GRPC"], g.Env["TRIBUTARY_LISTEN_HTTP"]
	over.Set("TRIBUTARY_OTLP_GRPC_ENDPOINT=" + f.backend.GRPCAddr())
	f.backend.SetFault(testkit.Fault{GRPCCode: codes.Unauthenticated})
	over.Start(t)
	f.print(500)
	f.nodes[0].process.WaitOutput(t, "Unauthenticated", patience)
	f.backend.ClearFault()
	wantOnce(t, f.settle())
}
