// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tributary-otel/tributary/components/internal/outlet"
)

// scraped are the values of one scrape, by name and attribute.
type scraped map[string]float64

func withMetrics(t *testing.T) (*node, func() scraped) {
	n := newNode(t)
	telemetry := componenttest.NewTelemetry()
	logger := n.settings.Logger
	n.settings = telemetry.NewTelemetrySettings()
	n.settings.Logger = logger
	reader := telemetry.Reader
	t.Cleanup(func() {
		n.stop()
		require.NoError(t, telemetry.Shutdown(context.Background()))
	})
	return n, func() scraped { return scrape(t, reader) }
}

func scrape(t *testing.T, reader *metric.ManualReader) scraped {
	var all metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &all))
	got := scraped{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			name, ok := strings.CutPrefix(m.Name, "otelcol_receiver_pod_logs_")
			if !ok {
				continue
			}
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				add(t, got, name, data.DataPoints)
			case metricdata.Gauge[int64]:
				add(t, got, name, data.DataPoints)
			case metricdata.Gauge[float64]:
				add(t, got, name, data.DataPoints)
			}
		}
	}
	return got
}

func add[N int64 | float64](t *testing.T, got scraped, name string, points []metricdata.DataPoint[N]) {
	for _, p := range points {
		key := name
		for _, a := range p.Attributes.ToSlice() {
			if a.Key != "receiver" {
				key += " " + a.Value.AsString()
			}
		}
		got[key] = float64(p.Value)
		receiver, _ := p.Attributes.Value("receiver")
		assert.Equal(t, "pod_logs", receiver.AsString(), "%s tells two receivers apart", name)
	}
}

func TestEachScrapeBalances(t *testing.T) {
	t.Parallel()
	n, scrape := withMetrics(t)
	n.config.Batch.MaxRecords = 20
	calls := 0
	n.failWith(func(bodies []string) error {
		switch calls++; {
		case slices.Contains(bodies, "bad"):
			return consumererror.NewPermanent(status.Error(codes.InvalidArgument, "no"))
		case calls%5 == 1:
			return errors.New("try again")
		}
		return nil
	})
	n.start()
	balance := func() (read, flying float64) {
		s := scrape()
		for _, unit := range []string{"log_records", "bytes"} {
			require.InDelta(t, s["read_"+unit], s["delivered_"+unit]+s["dead_lettered_"+unit]+s["dropped_"+unit]+s["in_flight_"+unit], 0, "%v", s)
		}
		return s["read_log_records"], s["in_flight_log_records"]
	}
	n.write(web, "0.log", cri("bad"))
	for i := range 100 {
		n.write(fmt.Sprintf("shop_web-%d_uid-%d/main", i%5, i%5), "0.log", cri("x", "y"))
		balance()
	}
	require.Eventually(t, func() bool {
		read, flying := balance()
		return read == 201 && flying == 0
	}, patience, 5*time.Millisecond)
	require.Eventually(t, func() bool { return scrape()["files idle"] == 6 }, patience, 5*time.Millisecond)
	s := scrape()
	assert.Positive(t, s["failed_sends transient"])
	assert.Positive(t, s["failed_sends refused"])
	assert.InDelta(t, 1, s["dead_lettered_log_records"], 0)
	assert.InDelta(t, 200, s["delivered_log_records"], 0)
	assert.InDelta(t, 200*42+44, s["read_bytes"], 0)
}

func TestADeadLetterFileThatCannotBeWrittenIsCounted(t *testing.T) {
	t.Parallel()
	n, scrape := withMetrics(t)
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	require.NoError(t, os.Mkdir(path, 0o755))
	n.config.DeadLetter.Path = path
	n.failWith(func(bodies []string) error {
		if slices.Contains(bodies, "bad") {
			return consumererror.NewPermanent(status.Error(codes.InvalidArgument, "no"))
		}
		return nil
	})
	n.start()
	n.write(web, "0.log", cri("good", "bad"))
	require.Eventually(t, func() bool { return scrape()["dead_letter_failures"] > 0 }, patience, 5*time.Millisecond)
	assert.InDelta(t, 1, scrape()["in_flight_log_records"], 0, "it is not given up")
	require.NoError(t, os.Remove(path))
	require.Eventually(t, func() bool { return scrape()["dead_lettered_log_records"] == 1 }, patience, 5*time.Millisecond)
	assert.FileExists(t, path)
}

func TestTheLagIsThereInAnOutage(t *testing.T) {
	t.Parallel()
	n, scrape := withMetrics(t)
	n.config.Spill.Directory = outlet.None
	n.failWith(func([]string) error { return errors.New("the backend is down") })
	n.write(web, "0.log", cri("one", "two"))
	n.write(web, "0.log", "what?\n")
	n.start()
	eventually := func(what string, is func(scraped) bool) {
		t.Helper()
		require.Eventually(t, func() bool { return is(scrape()) }, patience, 20*time.Millisecond, what)
	}
	eventually("the lag in bytes", func(s scraped) bool {
		return s["lag_bytes"] == float64(2*44+6) && s["lag_duration"] > 0 && s["files reading"] == 1 && s["at_risk_bytes"] == 0
	})
	assert.InDelta(t, 1, scrape()["anomalies unknown_line"], 0)
	require.NoError(t, os.Remove(n.file(web, "0.log")))
	eventually("what would be lost with the process", func(s scraped) bool { return s["at_risk_bytes"] == float64(2*44+6) })
	n.failWith(nil)
	eventually("nothing is behind", func(s scraped) bool {
		return s["lag_bytes"] == 0 && s["lag_duration"] == 0 && s["at_risk_bytes"] == 0 && s["files reading"] == 0
	})
	n.wants("one", "two", "what?")
	for _, kind := range kinds {
		assert.Contains(t, scrape(), "anomalies "+string(kind.Name))
	}
}

func TestOddNamesAreCounted(t *testing.T) {
	n, scrape := withMetrics(t)
	n.write(web, "0.log", cri("one"))
	require.NoError(t, os.Mkdir(n.file(web, "1.log"), 0o755))
	require.NoError(t, os.Symlink("/etc/passwd", n.file(web, "2.log")))
	n.start()
	n.wants("one")
	s := scrape()
	assert.InDelta(t, 1, s["anomalies not_regular"], 0)
	assert.InDelta(t, 1, s["anomalies link_outside"], 0)
	assert.Equal(t, 2, n.logs.FilterMessageSnippet("Container logs: ").Len())
}
