// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"net/http"
	"regexp"
	"strconv"
	"testing"
)

// discardedSamples is a line of Loki's own metrics that counts what it threw away.
var discardedSamples = regexp.MustCompile(`(?m)^loki_discarded_samples_total\{(.*)\} ([0-9.e+]+)$`)

var metricLabel = regexp.MustCompile(`(\w+)="([^"]*)"`)

// Discarded returns how many entries Loki has refused of a tenant since it was started, by reason. It counts those that
// it does not tell the client about too. Without tenants, Loki calls the only one "fake".
func (l *Loki) Discarded(t testing.TB, tenant string) map[string]int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.URL()+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := l.do(request)
	if err != nil || answer.Status != http.StatusOK {
		t.Fatalf("read the metrics of Loki: got %d, %v", answer.Status, err)
	}
	discarded := map[string]int{}
	for _, line := range discardedSamples.FindAllStringSubmatch(answer.Body, -1) {
		labels := map[string]string{}
		for _, label := range metricLabel.FindAllStringSubmatch(line[1], -1) {
			labels[label[1]] = label[2]
		}
		count, err := strconv.ParseFloat(line[2], 64)
		if err != nil {
			t.Fatalf("read the metrics of Loki: %v", err)
		}
		if labels["tenant"] == tenant {
			discarded[labels["reason"]] += int(count)
		}
	}
	return discarded
}
