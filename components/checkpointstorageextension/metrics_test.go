// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"testing"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// sumOf adds up the values of a counter, or the counts of a histogram; 0 when nothing
// was recorded.
func sumOf(t testing.TB, telemetry *componenttest.Telemetry, name string) (sum int64) {
	t.Helper()
	metric, err := telemetry.GetMetric(name)
	if err != nil {
		return 0
	}
	switch data := metric.Data.(type) {
	case metricdata.Sum[int64]:
		for _, point := range data.DataPoints {
			sum += point.Value
		}
	case metricdata.Histogram[float64]:
		for _, point := range data.DataPoints {
			sum += int64(point.Count)
		}
	default:
		t.Fatalf("%s is a %T", name, data)
	}
	return sum
}
