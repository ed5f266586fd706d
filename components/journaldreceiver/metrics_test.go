// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tributary-otel/tributary/components/internal/journal"
)

// scrape returns the values of the receiver's metrics by name and attribute.
func scrape(t *testing.T, telemetry *componenttest.Telemetry) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, telemetry.Reader.Collect(t.Context(), &all))
	got := map[string]int64{}
	add := func(name string, points []metricdata.DataPoint[int64]) {
		for _, p := range points {
			key := name
			for _, a := range p.Attributes.ToSlice() {
				if a.Key != "receiver" {
					key += " " + a.Value.AsString()
				}
			}
			got[key] = p.Value
			receiver, _ := p.Attributes.Value("receiver")
			assert.Equal(t, "journald", receiver.AsString(), "%s tells two receivers apart", name)
		}
	}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			name, ok := strings.CutPrefix(m.Name, "otelcol_receiver_journald_")
			if !ok {
				continue
			}
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				add(name, data.DataPoints)
			case metricdata.Gauge[int64]:
				add(name, data.DataPoints)
			}
		}
	}
	return got
}

func TestWhatWasReadIsWhatBecameOfIt(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	m := newMachine(t)
	logger := m.settings.Logger
	m.settings = telemetry.NewTelemetrySettings()
	m.settings.Logger = logger
	t.Cleanup(func() {
		m.stop()
		require.NoError(t, telemetry.Shutdown(context.Background()))
	})
	m.failing(func(bodies []string) error {
		if slices.Contains(bodies, "bad") {
			return consumererror.NewPermanent(status.Error(codes.InvalidArgument, "no"))
		}
		return nil
	})
	m.book.write("a", "bad", "c")
	m.book.trouble(journal.Gap, "/x", errors.New("7 entries were deleted"))
	m.start()
	m.storedIs(3)
	got := scrape(t, telemetry)
	for name, want := range map[string]int64{
		"read_log_records": 3, "delivered_log_records": 2, "dead_lettered_log_records": 1, "in_flight_log_records": 0,
		"in_flight_bytes": 0, "anomalies gap": 1, "anomalies damaged": 0, "files open": 1,
	} {
		assert.Contains(t, got, name)
		assert.Equal(t, want, got[name], name)
	}
	assert.Equal(t, got["read_bytes"], got["delivered_bytes"]+got["dead_lettered_bytes"])
	assert.Positive(t, got["failed_sends refused"])
}
