// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"
)

// Binary returns the path of Loki, see testkit.Pinned.
func Binary(t testing.TB) string {
	t.Helper()
	return program.Binary(t)
}

// Elsewhere is a Loki that somebody else runs, at a base URL without a slash at its end: it can be asked and pushed to, not
// stopped.
func Elsewhere(base string, client *http.Client) *Loki { return &Loki{elsewhere: base, client: client} }

// All is Query for any number of lines, of which fewer than 5000 have the same timestamp.
func (l *Loki) All(t testing.TB, tenant, logql string) []Entry {
	t.Helper()
	var all []Entry
	start := time.Now().Add(-queryBefore)
	for {
		page, err := l.query(tenant, logql, start)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) < queryLimit {
			return append(all, page...)
		}
		// Those of the last moment may be only some of that moment.
		last := page[len(page)-1].Timestamp
		end := slices.IndexFunc(page, func(e Entry) bool { return e.Timestamp.Equal(last) })
		if end == 0 {
			t.Fatalf("query %s: %d lines have the timestamp %s", logql, len(page), last)
		}
		all, start = append(all, page[:end]...), last
	}
}

// query is TryQuery from a moment on.
func (l *Loki) query(tenant, logql string, start time.Time) ([]Entry, error) {
	return l.tryQuery(tenant, logql, url.Values{"start": {strconv.FormatInt(start.UnixNano(), 10)}})
}
