// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Entry is one stored line as a query returns it.
type Entry struct {
	// Labels are those of the stream, structured metadata apart.
	Labels map[string]string
	// Metadata is the structured metadata, empty but never nil. Loki adds detected_level.
	Metadata  map[string]string
	Timestamp time.Time
	Line      string
}

// Bounds of every query around now: what Loki takes by default lies within, and 5000 is the most lines it returns.
const (
	queryBefore = 15 * 24 * time.Hour
	queryAfter  = time.Hour
	queryLimit  = 5000
)

// Query runs a LogQL query for lines over the last 15 days and the next hour. It returns at most 5000, in the order of
// their timestamps. An empty tenant means no tenant. The test ends when Loki refuses the query, as it does when the result
// has more than 4 MiB: `{app="shop"} | line_format ""` makes it smaller.
func (l *Loki) Query(t testing.TB, tenant, logql string) []Entry {
	t.Helper()
	entries, err := l.TryQuery(tenant, logql)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// TryQuery is Query for one that Loki may refuse. The error holds the status and the body of its answer.
func (l *Loki) TryQuery(tenant, logql string) ([]Entry, error) {
	return l.tryQuery(tenant, logql, url.Values{})
}

// tryQuery is TryQuery with further values of the request.
func (l *Loki) tryQuery(tenant, logql string, values url.Values) ([]Entry, error) {
	var data struct {
		ResultType string
		Result     []struct {
			Stream map[string]string
			Values []queryValue
		}
	}
	for key, value := range map[string]string{"query": logql, "direction": "forward", "limit": strconv.Itoa(queryLimit)} {
		values.Set(key, value)
	}
	err := l.get(tenant, "/loki/api/v1/query_range", values, &data)
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", logql, err)
	}
	if data.ResultType != "streams" {
		return nil, fmt.Errorf("query %s: got a result of type %q, want lines", logql, data.ResultType)
	}
	entries := []Entry{}
	for _, stream := range data.Result {
		for _, value := range stream.Values {
			entries = append(entries, Entry{Labels: stream.Stream, Metadata: value.metadata, Timestamp: value.timestamp, Line: value.line})
		}
	}
	sortByTime(entries)
	return entries, nil
}

// Series returns the label sets of the streams that match a selector such as `{app="shop"}`, in no particular order.
func (l *Loki) Series(t testing.TB, tenant, matcher string) []map[string]string {
	t.Helper()
	var series []map[string]string
	if err := l.get(tenant, "/loki/api/v1/series", url.Values{"match[]": {matcher}}, &series); err != nil {
		t.Fatalf("series %s: %v", matcher, err)
	}
	return series
}

// Count runs a LogQL query for numbers, such as `sum by (level) (count_over_time({app="shop"}[1h]))`, as of now, and
// returns them by the value of one label of the result, which is "" where the result does not have it.
func (l *Loki) Count(t testing.TB, tenant, label, logql string) map[string]float64 {
	t.Helper()
	var data struct {
		ResultType string
		Result     []struct {
			Metric map[string]string
			Value  countValue
		}
	}
	if err := l.get(tenant, "/loki/api/v1/query", url.Values{"query": {logql}}, &data); err != nil {
		t.Fatalf("query %s: %v", logql, err)
	}
	if data.ResultType != "vector" {
		t.Fatalf("query %s: got a result of type %q, want numbers", logql, data.ResultType)
	}
	counts := map[string]float64{}
	for _, sample := range data.Result {
		counts[sample.Metric[label]] += float64(sample.Value)
	}
	return counts
}

// countValue is one number in the JSON of a result: [timestamp, "number"].
type countValue float64

// UnmarshalJSON implements json.Unmarshaler.
func (v *countValue) UnmarshalJSON(raw []byte) error {
	var timestamp float64
	var text string
	if err := json.Unmarshal(raw, &[]any{&timestamp, &text}); err != nil {
		return err
	}
	number, err := strconv.ParseFloat(text, 64)
	*v = countValue(number)
	return err
}

// WaitEntries runs a query until its result satisfies cond and returns that result. It ends the test, showing the last
// result, when that takes longer than 30 s. What Loki has answered is settled
// and needs no waiting.
func (l *Loki) WaitEntries(t testing.TB, tenant, logql string, cond func([]Entry) bool) []Entry {
	t.Helper()
	var entries []Entry
	eventually(t, visibleTimeout, "a result of "+logql, func() bool {
		entries = l.Query(t, tenant, logql)
		return cond(entries)
	}, func() string {
		return fmt.Sprintf("last result, of %d: %+v", len(entries), entries[:min(10, len(entries))])
	})
	return entries
}

// AtLeast is a condition for WaitEntries: that many lines have come.
func AtLeast(count int) func([]Entry) bool {
	return func(entries []Entry) bool { return len(entries) >= count }
}

// get asks an endpoint of the query API and decodes the data of its answer.
func (l *Loki) get(tenant, path string, values url.Values, data any) error {
	now := time.Now()
	if !values.Has("start") {
		values.Set("start", strconv.FormatInt(now.Add(-queryBefore).UnixNano(), 10))
	}
	values.Set("end", strconv.FormatInt(now.Add(queryAfter).UnixNano(), 10))
	request, err := http.NewRequest(http.MethodGet, l.URL()+path+"?"+values.Encode(), http.NoBody)
	if err != nil {
		return err
	}
	request.Header = pushHeader(tenant, "", "")
	// Without it, structured metadata comes among the labels of the stream.
	request.Header.Set("X-Loki-Response-Encoding-Flags", "categorize-labels")
	answer, err := l.do(request)
	if err != nil {
		return err
	}
	if answer.Status != http.StatusOK {
		return fmt.Errorf("got %d: %s", answer.Status, strings.TrimSpace(answer.Body))
	}
	if err := json.Unmarshal([]byte(answer.Body), &struct{ Data any }{data}); err != nil {
		return fmt.Errorf("read %.500q: %w", answer.Body, err)
	}
	return nil
}

// queryValue is one line in the JSON of a result: [timestamp, line, {"structuredMetadata": {...}}].
type queryValue struct {
	timestamp time.Time
	line      string
	metadata  map[string]string
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *queryValue) UnmarshalJSON(raw []byte) error {
	var nanoseconds string
	var categories struct{ StructuredMetadata map[string]string }
	if err := json.Unmarshal(raw, &[]any{&nanoseconds, &v.line, &categories}); err != nil {
		return err
	}
	number, err := strconv.ParseInt(nanoseconds, 10, 64)
	if err != nil {
		return fmt.Errorf("read timestamp: %w", err)
	}
	v.timestamp = time.Unix(0, number)
	v.metadata = categories.StructuredMetadata
	if v.metadata == nil {
		v.metadata = map[string]string{}
	}
	return nil
}
