// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/tributary-otel/tributary/components/resourcedetectionprocessor/internal/metadata"
	"github.com/tributary-otel/tributary/components/resourcedetectionprocessor/internal/metadatatest"
)

// fake is a detector whose answers a test gives.
func fake(t *testing.T, name string, answer detect) {
	makers[name] = func(settings) (detect, error) { return answer, nil }
	t.Cleanup(func() { delete(makers, name) })
}

func fact(key, value string) finding {
	found := nothing()
	found.resource.Attributes().PutStr(key, value)
	return found
}

func configured(t *testing.T, yaml string) *Config {
	cfg := createDefaultConfig()
	require.NoError(t, fromYAML(t, yaml).Unmarshal(cfg))
	return cfg.(*Config)
}

func TestPipelinesOfOneProcessorShareADetection(t *testing.T) {
	var runs atomic.Int32
	fake(t, "fake", func(context.Context, *http.Client) (finding, error) {
		runs.Add(1)
		return fact("k", "v"), nil
	})
	f, cfg, set := NewFactory(), configured(t, `detectors: [fake]`), processortest.NewNopSettings(metadata.Type)
	logs, metrics, traces := new(consumertest.LogsSink), new(consumertest.MetricsSink), new(consumertest.TracesSink)
	l, err := f.CreateLogs(t.Context(), set, cfg, logs)
	require.NoError(t, err)
	m, err := f.CreateMetrics(t.Context(), set, cfg, metrics)
	require.NoError(t, err)
	s, err := f.CreateTraces(t.Context(), set, cfg, traces)
	require.NoError(t, err)
	for _, c := range []component.Component{l, m, s} {
		require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
	}
	assert.EqualValues(t, 1, runs.Load())

	ld, md, td := plog.NewLogs(), pmetric.NewMetrics(), ptrace.NewTraces()
	ld.ResourceLogs().AppendEmpty()
	md.ResourceMetrics().AppendEmpty()
	td.ResourceSpans().AppendEmpty()
	require.NoError(t, l.ConsumeLogs(t.Context(), ld))
	require.NoError(t, m.ConsumeMetrics(t.Context(), md))
	require.NoError(t, s.ConsumeTraces(t.Context(), td))
	want := attributes{"k": "v"}
	assert.Equal(t, want, logs.AllLogs()[0].ResourceLogs().At(0).Resource().Attributes().AsRaw())
	assert.Equal(t, want, metrics.AllMetrics()[0].ResourceMetrics().At(0).Resource().Attributes().AsRaw())
	assert.Equal(t, want, traces.AllTraces()[0].ResourceSpans().At(0).Resource().Attributes().AsRaw())
	for _, c := range []component.Component{l, l, m, s, s} { // A second time is harmless.
		require.NoError(t, c.Shutdown(context.Background()))
	}
}

func TestADetectorRunsAgainUntilItSucceeds(t *testing.T) {
	runs := 0
	fake(t, "fake", func(context.Context, *http.Client) (finding, error) {
		if runs++; runs < 3 {
			return nothing(), errors.New("not yet")
		}
		return fact("k", "v"), nil
	})
	got := ours(t, `{detectors: [fake], retry: {initial_interval: 1ms}}`, nil)
	require.NoError(t, got.err)
	assert.Equal(t, attributes{"k": "v"}, got.resource)
}

func TestADetectorThatFailsKeepsTheProcessorFromStarting(t *testing.T) {
	fake(t, "bad", func(context.Context, *http.Client) (finding, error) { return nothing(), errors.New("out of order") })
	fake(t, "stuck", func(ctx context.Context, _ *http.Client) (finding, error) {
		<-ctx.Done()
		return nothing(), ctx.Err()
	})
	for name, yaml := range map[string]string{
		"at once, without retries":              `{detectors: [env, bad], retry: {enabled: false}}`,
		"when the timeout is over":              `{detectors: [bad], timeout: 20ms, retry: {initial_interval: 1ms}}`,
		"when the time of the retries is over":  `{detectors: [bad], retry: {initial_interval: 1ms, max_interval: 2ms, max_elapsed_time: 20ms}}`,
		"even if each attempt could go on":      `{detectors: [bad, stuck], timeout: 1h, retry: {initial_interval: 1ms, max_interval: 2ms, max_elapsed_time: 20ms}}`,
		"and each attempt has a timeout, if so": `{detectors: [bad, stuck], timeout: 1ms, retry: {initial_interval: 1ms, max_interval: 2ms, max_elapsed_time: 20ms}}`,
	} {
		t.Run(name, func(t *testing.T) {
			assert.ErrorContains(t, ours(t, yaml, nil).err, "detector bad: out of order")
		})
	}
}

// detection waits for what comes next, as a pipeline with refresh_interval sees it.
func TestRefresh(t *testing.T) {
	answers := make(chan func() (finding, error))
	fake(t, "fake", func(ctx context.Context, _ *http.Client) (finding, error) {
		select {
		case answer := <-answers:
			return answer()
		case <-ctx.Done():
			return nothing(), ctx.Err()
		}
	})
	tel := componenttest.NewTelemetry()
	set := processor.Settings{ID: component.NewID(metadata.Type), TelemetrySettings: tel.NewTelemetrySettings()}
	p, err := newProvider(set, configured(t, `{detectors: [fake], refresh_interval: 1ms, timeout: 1h, retry: {enabled: false}}`))
	require.NoError(t, err)
	go func() { answers <- func() (finding, error) { return fact("k", "1"), nil } }()
	require.NoError(t, p.start(t.Context(), componenttest.NewNopHost()))
	seen := func(key, value string) {
		t.Helper()
		require.Eventually(t, func() bool {
			found, ok := p.get().resource.Attributes().Get(key)
			return ok && found.Str() == value
		}, 10*time.Second, time.Millisecond)
	}
	seen("k", "1")
	answers <- func() (finding, error) { return fact("k", "2"), nil }
	seen("k", "2")
	answers <- func() (finding, error) { return nothing(), errors.New("out of order") }
	answers <- func() (finding, error) { return fact("l", "3"), nil } // Comes after the failure was dealt with.
	seen("l", "3")
	metadatatest.AssertEqualResourcedetectionAttributesDetected(t, tel, []metricdata.DataPoint[int64]{{Value: 1}}, metricdatatest.IgnoreTimestamp())
	p.stop() // While a detection is on its way.
	p.stop()
	require.NoError(t, tel.Shutdown(context.Background()))
}

func TestAfterAFailureWhatWasKnownStaysInUse(t *testing.T) {
	fails := false
	fake(t, "fake", func(context.Context, *http.Client) (finding, error) {
		if fails {
			return nothing(), errors.New("out of order")
		}
		return fact("k", "v"), nil
	})
	p, err := newProvider(processortest.NewNopSettings(metadata.Type), configured(t, `{detectors: [fake], retry: {enabled: false}}`))
	require.NoError(t, err)
	defer p.stop()
	require.NoError(t, p.refresh(t.Context(), http.DefaultClient))
	fails = true
	require.NoError(t, p.refresh(t.Context(), http.DefaultClient))
	assert.Equal(t, attributes{"k": "v"}, p.get().resource.Attributes().AsRaw())
}

func TestFilesOfPlatforms(t *testing.T) {
	write := func(text string) string {
		file := filepath.Join(t.TempDir(), "f")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		return file
	}
	defer func(a, b string) { beanstalkFile, dynatraceFile = a, b }(beanstalkFile, dynatraceFile)
	t.Run("Elastic Beanstalk", func(t *testing.T) {
		same(t, `detectors: [elastic_beanstalk]`, nil)
		beanstalkFile = write(`{"deployment_id": 23, "environment_name": "prod", "version_label": "v1"}`)
		assert.Equal(t, attributes{"cloud.provider": "aws", "cloud.platform": "aws_elastic_beanstalk", "deployment.environment": "prod",
			"service.instance.id": "23", "service.version": "v1"}, ours(t, `detectors: [elastic_beanstalk]`, nil).resource)
		beanstalkFile = write(`<xml>`)
		assert.ErrorContains(t, ours(t, `{detectors: [elastic_beanstalk], retry: {enabled: false}}`, nil).err, "is not the JSON")
	})
	t.Run("Dynatrace", func(t *testing.T) {
		same(t, `detectors: [dynatrace]`, nil)
		dynatraceFile = write("dt.entity.host=HOST-1\nhost.name= h \nother=x\nbroken\ndt.smartscape.host=\n")
		assert.Equal(t, attributes{"dt.entity.host": "HOST-1", "host.name": "h"}, ours(t, `detectors: [dynatrace]`, nil).resource)
	})
}

func TestHostsFile(t *testing.T) {
	const hosts = "# comment\n127.0.0.1 localhost\n10.0.0.1\tweb.example.org web alias # web2\n10.0.0.2 bad_name web3\n"
	for name, want := range map[string]string{"web": "web.example.org", "alias": "web.example.org", "web.example.org": "web.example.org", "web2": "", "web3": "", "10.0.0.1": ""} {
		got, ok := findInHosts(hosts, name)
		assert.Equal(t, want, got, name)
		assert.Equal(t, want != "", ok, name)
	}
}
