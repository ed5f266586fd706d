// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tributary-otel/tributary/tests/testkit"
)

const (
	topic      = "tributary-logs"
	group      = "tributary"
	partitions = 4
)

// broker is a Kafka of one node, which keeps what it has on the disk.
type broker struct {
	t      testing.TB
	folder string
	port   int
	with   []kfake.Opt
	*kfake.Cluster
}

func startBroker(t testing.TB, with ...kfake.Opt) *broker {
	b := &broker{t: t, folder: t.TempDir(), port: testkit.FreePort(t), with: with}
	b.start()
	t.Cleanup(func() { b.Close() })
	return b
}

// start starts it, or starts it again with what it had.
func (b *broker) start() {
	b.t.Helper()
	options := append([]kfake.Opt{
		kfake.NumBrokers(1), kfake.Ports(b.port), kfake.DataDir(b.folder), kfake.SyncWrites(), kfake.SeedTopics(partitions, topic),
	}, b.with...)
	testkit.Eventually(b.t, testkit.StartTimeout, "the port of the broker to be free", func() bool {
		cluster, err := kfake.NewCluster(options...)
		if err == nil {
			b.Cluster = cluster
		}
		return err == nil
	})
}

func (b *broker) address() string { return fmt.Sprintf("127.0.0.1:%d", b.port) }

// write puts a message of somebody else into the topic.
func (b *broker) write(message []byte) {
	b.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.address()), kgo.DefaultProduceTopic(topic))
	require.NoError(b.t, err)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), testkit.DeliverTimeout)
	defer cancel()
	require.NoError(b.t, client.ProduceSync(ctx, &kgo.Record{Value: message}).FirstErr())
}

// stream is two nodes, a broker, consumers and a backend.
type stream struct {
	t         testing.TB
	broker    *broker
	backend   *testkit.Backend
	nodes     []*node
	consumers []*consumer
}

type consumer struct {
	*testkit.Collector
	process *testkit.Process
}

func newStream(t testing.TB, consumers int, env ...string) *stream {
	s := &stream{t: t, backend: testkit.StartBackend(t), broker: startBroker(t, superuser...)}
	for range consumers {
		s.consume(env...)
	}
	for i := range 2 {
		n := newNode(t, fmt.Sprintf("node-%d", i), "kafka")
		n.Set("TRIBUTARY_KAFKA_BROKERS=" + s.broker.address()).Set(env...)
		n.print(2_000)
		n.process = n.Start(t)
		s.nodes = append(s.nodes, n)
	}
	return s
}

// consume starts one more consumer.
func (s *stream) consume(env ...string) *consumer {
	c := &consumer{Collector: testkit.NewCollector(s.t, "gateway-kafka.yaml", "backends/otlp.yaml").Set(
		"TRIBUTARY_KAFKA_BROKERS="+s.broker.address(), "TRIBUTARY_OTLP_URL="+s.backend.HTTPURL()).Set(env...)}
	c.process = c.Start(s.t)
	s.consumers = append(s.consumers, c)
	return c
}

func (s *stream) print(lines int) {
	for _, n := range s.nodes {
		n.print(lines)
	}
}

// settle waits for every line, and ends all.
func (s *stream) settle() (twice int) {
	s.t.Helper()
	settle(s.t, s.backend, nil, s.nodes...)
	for _, n := range s.nodes {
		n.process.Stop(s.t)
	}
	for _, c := range s.consumers {
		if !c.process.Exited() {
			c.process.Stop(s.t)
		}
	}
	return twices(s.backend.Records())
}
