// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// superuser is known to every broker, and asked for by those with SASL.
var superuser = []kfake.Opt{kfake.Superuser("SCRAM-SHA-512", "tributary", "s3cret")}

func TestEveryLineGoesThroughKafkaOnce(t *testing.T) {
	t.Parallel()
	s := newStream(t, 2)
	s.print(3_000)
	wantOnce(t, s.settle())
}

// The nodes are done when Kafka has the lines, whether anybody reads them or not.
func TestKafkaIsTheQueue(t *testing.T) {
	t.Parallel()
	s := newStream(t, 0)
	testkit.Eventually(t, patience, "the positions of the nodes to move", func() bool {
		for _, n := range s.nodes {
			if n.metric("otelcol_receiver_pod_logs_delivered_log_records") < 2_000 {
				return false
			}
		}
		return true
	})
	for _, n := range s.nodes {
		n.process.Stop(t)
		require.NoError(t, os.RemoveAll(n.PodLogs()))
	}
	s.consume()
	wantOnce(t, settle(t, s.backend, nil, s.nodes...))
}

func TestABackendBehindKafkaThatIsAwayCostsNothing(t *testing.T) {
	t.Parallel()
	s := newStream(t, 2)
	s.backend.WaitRecords(t, 1_000, patience)
	s.backend.SetFault(testkit.Fault{HTTPStatus: 503})
	s.print(2_000)
	testkit.Eventually(t, patience, "the consumers to be refused", func() bool { return s.backend.Faulted() > 10 })
	s.backend.ClearFault()
	wantOnce(t, s.settle())
}

// Upstream stops a partition for good upon a permanent error, which is what its exporter makes of a wrong token.
func TestABackendThatRefusesAConsumerIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := newStream(t, 1)
	s.backend.WaitRecords(t, 4_000, patience)
	s.backend.SetFault(testkit.Fault{HTTPStatus: 401})
	s.print(1_000)
	s.consumers[0].process.WaitOutput(t, "Log records are not accepted; they stay in Kafka", patience)
	testkit.Eventually(t, patience, "every partition to be refused", func() bool { return s.backend.Faulted() > 10 })
	s.backend.ClearFault()
	wantOnce(t, s.settle())
}

func TestARefusedRecordBehindKafkaEndsInTheDeadLetters(t *testing.T) {
	t.Parallel()
	s := newStream(t, 1)
	bad := s.nodes[1].line(2_345)
	s.backend.SetFault(testkit.Fault{HTTPStatus: 400, When: func(records []testkit.Record) bool {
		for _, record := range records {
			if record.Body == bad {
				return true
			}
		}
		return false
	}})
	s.print(1_000)
	s.backend.WaitFor(t, patience, "every line but one", func(got []testkit.Record) bool { return missing(got, s.nodes...) == 1 })
	assert.Contains(t, deadLetters(t, s.consumers[0].Collector, "kafka"), bad)
	s.consumers[0].process.Stop(t)
	wantOnce(t, twices(s.backend.Records()))
}

func TestAMessageThatIsNoLogIsPassedOver(t *testing.T) {
	t.Parallel()
	s := newStream(t, 1)
	s.backend.WaitRecords(t, 1_000, patience)
	for range 2 * partitions {
		s.broker.write([]byte("not OTLP"))
	}
	s.print(2_000)
	wantOnce(t, s.settle())
	assert.Contains(t, s.consumers[0].process.Stderr(), "failed to unmarshal message")
}

func TestAConsumerThatIsKilledLosesNothing(t *testing.T) {
	t.Parallel()
	s := newStream(t, 2)
	s.backend.WaitRecords(t, 1_000, patience)
	s.consumers[0].process.Kill()
	s.consumers[0].process.Wait(t, patience)
	s.print(2_000)
	s.backend.WaitRecords(t, 4_000, patience)
	s.consumers[0].process = s.consumers[0].Start(t)
	s.print(1_000)
	s.settle() // Offsets are committed once a second: what was delivered since comes again.
}

// The other one takes its partitions, where they were.
func TestAConsumerThatEndsHandsOverWhereItIs(t *testing.T) {
	t.Parallel()
	s := newStream(t, 2)
	s.backend.WaitRecords(t, 1_000, patience)
	s.print(1_000)
	s.consumers[0].process.Stop(t)
	s.print(1_000)
	s.consume()
	s.print(1_000)
	wantOnce(t, s.settle())
}

// In an outage it ends as well, and what is on its way stays in Kafka.
func TestAConsumerEndsInAnOutage(t *testing.T) {
	t.Parallel()
	s := newStream(t, 1)
	s.backend.WaitRecords(t, 4_000, patience)
	s.backend.SetFault(testkit.Fault{HTTPStatus: 503})
	s.print(1_000)
	testkit.Eventually(t, patience, "the consumer to be refused", func() bool { return s.backend.Faulted() > 2 })
	s.consumers[0].process.Stop(t)
	s.backend.ClearFault()
	s.consume()
	wantOnce(t, s.settle())
}

func TestABrokerThatIsAwayCostsNothing(t *testing.T) {
	t.Parallel()
	s := newStream(t, 2)
	s.backend.WaitRecords(t, 1_000, patience)
	s.broker.Close()
	s.print(2_000)
	for _, n := range s.nodes {
		n.process.WaitOutput(t, "unable to dial", patience)
	}
	s.broker.start()
	s.print(1_000)
	s.settle()
}

// A batch above the limit of the topic is cut, and a line above it alone is kept.
func TestWhatIsTooLargeForKafkaIsCut(t *testing.T) {
	t.Parallel()
	s := &stream{t: t, backend: testkit.StartBackend(t)}
	s.broker = startBroker(t, kfake.BrokerConfigs(map[string]string{"message.max.bytes": "8000"}))
	s.consume()
	n := newNode(t, "node-0", "kafka")
	n.Set("TRIBUTARY_KAFKA_BROKERS="+s.broker.address(), "TRIBUTARY_KAFKA_COMPRESSION=none")
	long := strings.Repeat("too long ", 1_000)
	n.print(500)
	n.pods[0].Write(testkit.Line{Text: long})
	n.print(500)
	n.process = n.Start(t)
	s.nodes = append(s.nodes, n)
	assert.Contains(t, deadLetters(t, n.Collector, "pod_logs"), long)
	wantOnce(t, s.settle())
}

func TestKafkaWantsAPassword(t *testing.T) {
	t.Parallel()
	password := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(password, []byte("s3cret"), 0o600))
	b := startBroker(t, append(superuser, kfake.EnableSASL())...)
	auth := `TRIBUTARY_KAFKA_AUTH={sasl: {mechanism: SCRAM-SHA-512, username: tributary, password: "${file:` + password + `}"}}`
	s := &stream{t: t, backend: testkit.StartBackend(t), broker: b}
	s.consume(auth)
	n := newNode(t, "node-0", "kafka")
	n.Set("TRIBUTARY_KAFKA_BROKERS="+b.address(), auth)
	n.print(500)
	n.process = n.Start(t)
	s.nodes = append(s.nodes, n)
	wantOnce(t, s.settle())
}
