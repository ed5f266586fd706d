// SPDX-License-Identifier: Apache-2.0

package lokifake

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// checker applies the limits to single streams and entries, and collects the
// reasons for refusing some.
type checker struct {
	limits  Limits
	now     time.Time
	reasons []string
	times   map[string]int
}

// refuse notes why a stream or an entry is refused.
func (c *checker) refuse(err error) {
	reason := err.Error()
	if c.times == nil {
		c.times = map[string]int{}
	}
	if c.times[reason] == 0 {
		c.reasons = append(c.reasons, reason)
	}
	c.times[reason]++
}

// answer joins the reasons; alike ones are named once with their number.
func (c *checker) answer() answer {
	switch {
	case len(c.reasons) == 0:
		return stored
	case len(c.reasons) == 1 && c.times[c.reasons[0]] == 1:
		return answer{http.StatusBadRequest, c.reasons[0]}
	}
	parts := make([]string, 0, len(c.reasons))
	for _, reason := range c.reasons {
		parts = append(parts, fmt.Sprintf("%d errors like: %s", c.times[reason], reason))
	}
	return answer{http.StatusBadRequest, strings.Join(parts, "; ")}
}

func (c *checker) checkLabels(labels labelSet) error {
	text := labels.String()
	if n := len(labels) - 1; exceeds(n, c.limits.LabelNames) {
		return fmt.Errorf("entry for stream '%s' has %d label names; limit %d", text, n, c.limits.LabelNames)
	}
	previous := ""
	for _, label := range labels {
		switch {
		case exceeds(len(label.Name), c.limits.LabelNameBytes):
			return fmt.Errorf("stream '%s' has label name too long: '%s'", text, label.Name)
		case exceeds(len(label.Value), c.limits.LabelValueBytes):
			return fmt.Errorf("stream '%s' has label value too long: '%s'", text, label.Value)
		case label.Name == previous:
			return fmt.Errorf("stream '%s' has duplicate label name: '%s'", text, label.Name)
		}
		previous = label.Name
	}
	return nil
}

// checkEntries returns the entries that pass, with their metadata normalised. Its
// error concerns the whole request.
func (c *checker) checkEntries(labels labelSet, entries []Entry) (checkedStream, error) {
	checked := checkedStream{labels: labels, text: labels.String()}
	for _, entry := range entries {
		if err := c.checkEntry(checked.text, entry); err != nil {
			c.refuse(err)
			continue
		}
		metadata, err := normalize(entry.Metadata)
		if err != nil {
			return checked, err
		}
		entry.Metadata = metadata
		checked.entries = append(checked.entries, entry)
	}
	return checked, nil
}

func (c *checker) checkEntry(stream string, entry Entry) error {
	size, pairs := metadataBytes(entry.Metadata), len(entry.Metadata)
	oldest, latest := c.now.Add(-c.limits.MaxAge), c.now.Add(c.limits.MaxAhead)
	// Loki compares nanoseconds since 1970 as int64. A time beyond their range wraps
	// around: the year 2554 is too old, and 1677 too new.
	nanos := entry.Timestamp.UnixNano()
	at := entry.Timestamp.Format(time.RFC3339)
	switch {
	case c.limits.MaxAge >= 0 && nanos < oldest.UnixNano():
		return fmt.Errorf("entry for stream '%s' has timestamp too old: %v, oldest acceptable timestamp is: %v",
			stream, at, oldest.Format(time.RFC3339))
	case c.limits.MaxAhead >= 0 && nanos > latest.UnixNano():
		return fmt.Errorf("entry for stream '%s' has timestamp too new: %v", stream, at)
	case exceeds(len(entry.Line), c.limits.LineBytes):
		return fmt.Errorf("max entry size '%d' bytes exceeded for stream '%s' while adding an entry with length '%d' bytes",
			c.limits.LineBytes, stream, len(entry.Line))
	case pairs > 0 && exceeds(size, c.limits.MetadataBytes):
		return fmt.Errorf("stream '%s' has structured metadata too large: '%d' bytes, limit: '%d' bytes. "+
			"Please see `limits_config.max_structured_metadata_size` or contact your Loki administrator to increase it",
			stream, size, c.limits.MetadataBytes)
	case exceeds(pairs, c.limits.MetadataPairs):
		return fmt.Errorf("stream '%s' has too many structured metadata labels: '%d', limit: '%d'. "+
			"Please see `limits_config.max_structured_metadata_entries_count` or contact your Loki administrator to increase it",
			stream, pairs, c.limits.MetadataPairs)
	}
	return nil
}
