// SPDX-License-Identifier: Apache-2.0

package lokifake

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// maxReasons is how many refused entries of a stream an answer names.
const maxReasons = 10

// tenant is what is stored for one tenant. The streams are found by their labels
// as text.
type tenant struct {
	name    string
	rate    *rate.Limiter
	streams map[string]*stream
}

// stream is what storing needs to know of a stream. The entries themselves stand
// in one list for all streams, in order of arrival.
type stream struct {
	labels labelSet
	// asMap is labels again, for all of the stream's entries to share.
	asMap  map[string]string
	rate   *rate.Limiter
	newest time.Time
	last   entryKey
	seen   map[entryKey]struct{}
}

// entryKey is what makes an entry of a stream a duplicate of another.
type entryKey struct {
	nanos    int64
	line     string
	metadata string
}

func keyOf(entry Entry) entryKey {
	return entryKey{entry.Timestamp.UnixNano(), entry.Line, labelSet(entry.Metadata).String()}
}

// tenant returns a tenant by name, new if need be.
func (s *Server) tenant(name string) *tenant {
	owner := s.tenants[name]
	if owner == nil {
		owner = &tenant{
			name:    name,
			rate:    newLimiter(s.limits.RateBytes, s.limits.BurstBytes),
			streams: map[string]*stream{},
		}
		s.tenants[name] = owner
	}
	return owner
}

func (t *tenant) streamNames() []string {
	return slices.Sorted(maps.Keys(t.streams))
}

func newLimiter(perSecond, burst int) *rate.Limiter {
	if perSecond < 0 || burst < 0 {
		return rate.NewLimiter(rate.Inf, 0)
	}
	return rate.NewLimiter(rate.Limit(perSecond), burst)
}

// ingest stores streams and answers for the last of them: what happened to those
// before it is not told, as in Loki.
func (s *Server) ingest(owner *tenant, now time.Time, streams []checkedStream) answer {
	result := stored
	for _, checked := range streams {
		target := owner.streams[checked.text]
		if target == nil {
			if limit := s.limits.Streams; limit >= 0 && len(owner.streams) >= limit {
				result = answer{http.StatusTooManyRequests, fmt.Sprintf("maximum active stream limit exceeded when trying to create "+
					"stream %s, reduce the number of active streams (reduce labels or reduce label values), or contact your Loki "+
					"administrator to see if the limit can be increased, user: '%s'", checked.text, owner.name)}
				continue
			}
			target = &stream{
				labels: checked.labels,
				asMap:  checked.labels.asMap(),
				rate:   newLimiter(s.limits.StreamRateBytes, s.limits.StreamBurstBytes),
				seen:   map[entryKey]struct{}{},
			}
			owner.streams[checked.text] = target
		}
		result = s.append(owner, target, now, checked)
	}
	return result
}

// failure is an entry that is refused.
type failure struct {
	entry  Entry
	reason string
}

// append stores the entries of one stream that are neither too far behind nor,
// together, too much for the stream, and answers for them.
func (s *Server) append(owner *tenant, target *stream, now time.Time, checked checkedStream) answer {
	var accepted []Entry
	var keys []entryKey
	var failed []failure
	size := 0
	newest, last := target.newest, target.last
	for _, entry := range checked.entries {
		// A repetition of the entry right before it does not count for anything.
		key := keyOf(entry)
		if key == last {
			continue
		}
		oldest := newest.Add(-s.limits.MaxBehind)
		if s.limits.MaxBehind >= 0 && !newest.IsZero() && entry.Timestamp.Before(oldest) {
			failed = append(failed, failure{entry, tooFarBehind(entry.Timestamp, oldest)})
			continue
		}
		size += entryBytes(entry)
		last = key
		if newest.Before(entry.Timestamp) {
			newest = entry.Timestamp
		}
		accepted, keys = append(accepted, entry), append(keys, key)
	}
	if !target.rate.AllowN(now, size) {
		return refuseEntries(http.StatusTooManyRequests, owner.name, checked, s.overRate(accepted, checked.text))
	}
	target.newest, target.last = newest, last
	for i, entry := range accepted {
		if _, duplicate := target.seen[keys[i]]; duplicate {
			continue
		}
		target.seen[keys[i]] = struct{}{}
		entry.Tenant, entry.Labels = owner.name, target.asMap
		s.entries = append(s.entries, entry)
	}
	if len(failed) > 0 {
		return refuseEntries(http.StatusBadRequest, owner.name, checked, failed)
	}
	return stored
}

// tooFarBehind words the refusal of an entry that is too far behind the newest
// of its stream.
func tooFarBehind(at, oldest time.Time) string {
	return fmt.Sprintf("entry too far behind, entry timestamp is: %s, oldest acceptable timestamp is: %s",
		at.Format(time.RFC3339), oldest.Format(time.RFC3339))
}

// overRate refuses every entry of a stream that sends too fast, since such a
// stream is refused whole.
func (s *Server) overRate(entries []Entry, stream string) []failure {
	failed := make([]failure, 0, len(entries))
	for _, entry := range entries {
		failed = append(failed, failure{entry, fmt.Sprintf("Per stream rate limit exceeded (limit: %s/sec) while attempting to ingest "+
			"for stream '%s' totaling %s, consider splitting a stream via additional labels or contact your Loki administrator "+
			"to see if the limit can be increased", byteSize(s.limits.StreamRateBytes), stream, byteSize(entryBytes(entry)))})
	}
	return failed
}

// refuseEntries names the first refused entries of a stream and counts all.
func refuseEntries(status int, owner string, checked checkedStream, failed []failure) answer {
	var text strings.Builder
	for _, failure := range failed[:min(len(failed), maxReasons)] {
		fmt.Fprintf(&text, "entry with timestamp %s ignored, reason: '%s',\n", failure.entry.Timestamp, failure.reason)
	}
	fmt.Fprintf(&text, "user '%s', total ignored: %d out of %d for stream: %s", owner, len(failed), len(checked.entries), checked.text)
	return answer{status, text.String()}
}

// byteSize writes a size in the largest unit that divides it.
func byteSize(n int) string {
	for _, unit := range []struct {
		bytes int
		name  string
	}{{1 << 30, "GB"}, {mebibyte, "MB"}, {kibibyte, "KB"}} {
		if n > 0 && n%unit.bytes == 0 {
			return fmt.Sprintf("%d%s", n/unit.bytes, unit.name)
		}
	}
	return fmt.Sprintf("%dB", n)
}
