// SPDX-License-Identifier: Apache-2.0

package alerts

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
)

// sample is one line of a scrape.
type sample struct {
	series labels.Labels
	value  float64
}

// scrape reads what the collector says of itself, as Prometheus does.
func scrape(url string) ([]sample, error) {
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("scrape: %s", response.Status)
	}
	parser, err := textparse.New(text, response.Header.Get("Content-Type"), labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		return nil, err
	}
	var samples []sample
	for {
		switch entry, err := parser.Next(); {
		case errors.Is(err, io.EOF):
			return samples, nil
		case err != nil:
			return nil, err
		case entry == textparse.EntrySeries:
			var s sample
			parser.Labels(&s.series)
			_, _, s.value = parser.Series()
			samples = append(samples, s)
		}
	}
}

// target is a collector that is scraped into a prometheus.
type target struct {
	*prometheus
	url string
	// seen are the series of the last scrape, by their hash.
	seen map[uint64]labels.Labels
}

const job, instance = "tributary", "node-a"

// scrape stores what the target says now, as Prometheus does: with the labels of the target, `up`, and a mark at the end of
// each series that is not there any more.
func (s *target) scrape(at time.Time) {
	s.t.Helper()
	samples, err := scrape(s.url)
	up := 1.0
	if err != nil {
		up = 0
	}
	appender := s.storage.Appender(s.t.Context())
	before := s.seen
	s.seen = map[uint64]labels.Labels{}
	for _, sample := range samples {
		series := labelled(sample.series)
		appendSample(s.t, appender, series, at, sample.value)
		s.seen[series.Hash()] = series
		delete(before, series.Hash())
	}
	for _, series := range before {
		appendSample(s.t, appender, series, at, staleness)
	}
	appendSample(s.t, appender, labelled(labels.FromStrings(model.MetricNameLabel, "up")), at, up)
	require.NoError(s.t, appender.Commit())
}

var staleness = math.Float64frombits(value.StaleNaN)

func labelled(series labels.Labels) labels.Labels {
	return labels.NewBuilder(series).Set("job", job).Set("instance", instance).Labels()
}

func appendSample(t testing.TB, appender storage.Appender, series labels.Labels, at time.Time, v float64) {
	t.Helper()
	_, err := appender.Append(0, series, at.UnixMilli(), v)
	require.NoError(t, err)
}
