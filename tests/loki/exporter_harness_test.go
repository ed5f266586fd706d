// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tributary-otel/tributary/components/lokiexporter"
)

// alloy are the settings of most tests.
const alloy = "labels: {profile: alloy}"

// sendTimeout is how long a batch may take on a loaded machine.
const sendTimeout = 30 * time.Second

// exporting is the exporter `loki` as a collector runs it, with what it says of itself.
type exporting struct {
	exporter.Logs
	loki      *Loki
	telemetry *componenttest.Telemetry
	letters   string
}

// export starts an exporter with the settings that a user writes, beside the endpoint. It has no queue, so that send
// returns when all is delivered or refused, and it does not wait long before it tries again.
func export(t *testing.T, l *Loki, yaml string) *exporting {
	t.Helper()
	e := &exporting{loki: l, telemetry: componenttest.NewTelemetry(), letters: filepath.Join(t.TempDir(), "letters.jsonl")}
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(yaml))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	require.NoError(t, conf.Merge(confmap.NewFromStringMap(map[string]any{
		"endpoint":         l.URL(),
		"sending_queue":    map[string]any{"enabled": false},
		"retry_on_failure": map[string]any{"initial_interval": "5ms", "max_interval": "50ms"},
		"dead_letter":      map[string]any{"path": e.letters},
	})))
	factory := lokiexporter.NewFactory()
	config := factory.CreateDefaultConfig()
	require.NoError(t, conf.Unmarshal(config))
	require.NoError(t, confmap.Validate(config))

	settings := exportertest.NewNopSettings(factory.Type())
	settings.ID = component.NewID(factory.Type())
	settings.TelemetrySettings = e.telemetry.NewTelemetrySettings()
	e.Logs, err = factory.CreateLogs(context.Background(), settings, config)
	require.NoError(t, err)
	require.NoError(t, e.Start(context.Background(), componenttest.NewNopHost()))
	t.Cleanup(func() {
		require.NoError(t, e.Shutdown(context.Background()))
		require.NoError(t, e.telemetry.Shutdown(context.Background()))
	})
	return e
}

// exportAs is export for a tenant.
func exportAs(t *testing.T, l *Loki, tenant, settings string) *exporting {
	t.Helper()
	return export(t, l, settings+"\ntenant: {value: "+tenant+"}")
}

// send gives a batch to the exporter and waits until all of it is settled.
func (e *exporting) send(t *testing.T, logs plog.Logs) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), sendTimeout)
	defer cancel()
	require.NoError(t, e.ConsumeLogs(ctx, logs))
}

// sending is a batch that the exporter has not settled yet.
type sending struct {
	done   chan error
	cancel context.CancelFunc
}

// begin gives a batch to the exporter and does not wait. It is cancelled when the test ends.
func (e *exporting) begin(t *testing.T, logs plog.Logs) *sending {
	ctx, cancel := context.WithCancel(context.Background())
	s := &sending{make(chan error, 1), cancel}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.done <- e.ConsumeLogs(ctx, logs)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return s
}

// isDone reports that the batch is settled, or given up.
func (s *sending) isDone() bool { return len(s.done) > 0 }

// wait waits until the batch is settled.
func (s *sending) wait(t *testing.T) {
	t.Helper()
	eventually(t, sendTimeout, "the batch to be settled", s.isDone, func() string { return "the exporter still holds it" })
	require.NoError(t, <-s.done)
}

// counter returns a metric of the exporter by the value of its only attribute, which is "" where it has none. Values
// that are 0 are left out.
func (e *exporting) counter(t *testing.T, name string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	metric, err := e.telemetry.GetMetric("otelcol_exporter_loki_" + name)
	if err != nil {
		return counts // Nothing was counted yet.
	}
	for _, point := range metric.Data.(metricdata.Sum[int64]).DataPoints {
		key := ""
		for _, attribute := range point.Attributes.ToSlice() {
			key = attribute.Value.AsString()
		}
		if point.Value != 0 {
			counts[key] += int(point.Value)
		}
	}
	return counts
}

// delivered is how many entries the exporter counts as delivered.
func (e *exporting) delivered(t *testing.T) int { return e.counter(t, "delivered_log_records")[""] }

// requests are the numbers of requests by the status of their answer.
func (e *exporting) requests(t *testing.T) map[string]int { return e.counter(t, "requests") }

// waitRequests waits until so many requests were answered with a status.
func (e *exporting) waitRequests(t *testing.T, status string, count int) {
	t.Helper()
	eventually(t, sendTimeout, "requests that are answered with "+status,
		func() bool { return e.requests(t)[status] >= count }, func() string { return mapText(e.requests(t)) })
}

func mapText(counts map[string]int) string {
	raw, _ := json.Marshal(counts)
	return string(raw)
}

// letter is one line of a dead-letter file, as docs/formats/dead-letter.md describes it.
type letter struct {
	RefusedAt          time.Time         `json:"refused_at"`
	Reason             string            `json:"reason"`
	Answer             string            `json:"answer"`
	Tenant             string            `json:"tenant"`
	Labels             string            `json:"labels"`
	Timestamp          time.Time         `json:"timestamp"`
	Line               string            `json:"line"`
	LineBase64         []byte            `json:"line_base64"`
	StructuredMetadata map[string]string `json:"structured_metadata"`
}

// deadLetters reads the dead-letter file.
func (e *exporting) deadLetters(t *testing.T) []letter {
	t.Helper()
	file, err := os.Open(e.letters)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	var letters []letter
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 8<<20)
	for scanner.Scan() {
		var l letter
		require.NoError(t, json.Unmarshal(scanner.Bytes(), &l))
		letters = append(letters, l)
	}
	require.NoError(t, scanner.Err())
	return letters
}
