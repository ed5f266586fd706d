// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"cmp"
	"fmt"
	"testing"
	"time"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/lokifake"
)

// backend is where lines go.
type backend interface {
	// config is the shipped configuration that sends to it, variable the one of its URL there.
	config() (file, variable string)
	url() string
	// next returns what was stored since the last call.
	next() []arrival
}

type otlpBackend struct {
	*testkit.Backend
	taken int
}

func newOTLP(t testing.TB) backend { return &otlpBackend{Backend: testkit.StartBackend(t)} }

func (*otlpBackend) config() (file, variable string) {
	return "backends/otlp.yaml", "TRIBUTARY_OTLP_URL"
}
func (b *otlpBackend) url() string { return b.HTTPURL() }

func (b *otlpBackend) next() []arrival {
	records := b.RecordsFrom(b.taken)
	b.taken += len(records)
	arrivals := make([]arrival, len(records))
	now := time.Now().UTC()
	for i, r := range records {
		arrivals[i] = arrival{
			body: bodyText(r.Body), at: now, stamp: r.Timestamp, namespace: text(r.Resource["k8s.namespace.name"]),
			pod: text(r.Resource["k8s.pod.name"]), container: cmp.Or(text(r.Resource["k8s.container.name"]), text(r.Resource["service.name"])),
			stream: text(r.Attributes["log.iostream"]), label: text(r.Resource["app.kubernetes.io/name"]),
		}
	}
	return arrivals
}

// bodyText is the text of a body; bytes that are no text may come as bytes.
func bodyText(body any) string {
	if raw, ok := body.([]byte); ok {
		return string(raw)
	}
	return text(body)
}

func text(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	default:
		return fmt.Sprint(value)
	}
}

// lokiBackend stores the same entry only once, so that duplicates are not seen here.
type lokiBackend struct {
	*lokifake.Server
	taken int
}

// A test writes faster than one tenant may.
var unlimited = lokifake.Limits{RateBytes: -1, BurstBytes: -1, StreamRateBytes: -1, StreamBurstBytes: -1}

func newLoki(t testing.TB) backend { return startLoki(t, unlimited) }

func startLoki(t testing.TB, limits lokifake.Limits) *lokiBackend {
	return &lokiBackend{Server: lokifake.Start(t, lokifake.Options{Limits: limits})}
}

func (*lokiBackend) config() (file, variable string) {
	return "backends/loki.yaml", "TRIBUTARY_LOKI_URL"
}
func (b *lokiBackend) url() string { return b.URL() }

func (b *lokiBackend) next() []arrival {
	if b.Count() == b.taken {
		return nil
	}
	entries := b.Entries("")[b.taken:]
	b.taken += len(entries)
	arrivals := make([]arrival, len(entries))
	now := time.Now().UTC()
	for i, e := range entries {
		arrivals[i] = arrival{
			body: e.Line, at: now, stamp: e.Timestamp, namespace: e.Labels["namespace"], pod: e.Meta("pod"),
			container: cmp.Or(e.Labels["container"], e.Labels["service_name"]), stream: e.Meta("stream"),
		}
	}
	return arrivals
}
