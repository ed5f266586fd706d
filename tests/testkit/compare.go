// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Widths of a marker: "sq_", at least so many digits for the pod, "_", and
// exactly so many for the line.
const (
	markerPrefix = "sq_"
	podDigits    = 4
	lineDigits   = 9
)

// Diff is how the records that came differ from those expected. All lists are in
// the order of the expected ones.
type Diff struct {
	// Lost holds the markers found in no record.
	Lost []string
	// Duplicated holds the markers found in more than one record, each once.
	Duplicated []string
	// Wrong has an entry for each field of a record that differs. It names the
	// marker, the field, what was wanted and what came.
	Wrong []string
}

// Empty reports that there is no difference.
func (d Diff) Empty() bool {
	return len(d.Lost) == 0 && len(d.Duplicated) == 0 && len(d.Wrong) == 0
}

// String counts each kind of difference and shows the first five of it. It is
// empty when there is no difference.
func (d Diff) String() string {
	var s strings.Builder
	for _, kind := range []struct {
		name    string
		entries []string
	}{{"lost", d.Lost}, {"duplicated", d.Duplicated}, {"wrong", d.Wrong}} {
		if len(kind.entries) == 0 {
			continue
		}
		fmt.Fprintf(&s, "%d %s:\n", len(kind.entries), kind.name)
		for _, entry := range kind.entries[:min(5, len(kind.entries))] {
			fmt.Fprintf(&s, "  %s\n", entry)
		}
		if more := len(kind.entries) - 5; more > 0 {
			fmt.Fprintf(&s, "  … and %d more\n", more)
		}
	}
	return s.String()
}

// Compare matches records to what is expected by the marker in their body. It
// compares the body, the time stamp, the attribute log.iostream, and the resource
// attributes k8s.namespace.name, k8s.pod.name, k8s.pod.uid, k8s.container.name
// and k8s.container.restart_count, all of them strings. A body that holds
// the markers of several lines counts as a wrong one for each of them. Records
// without an expected marker are not looked at, so a backend may also get others.
func Compare(want []Expected, got []Record) Diff {
	found := make(map[string][]*Record, len(want))
	for _, w := range want {
		found[w.Marker] = nil
	}
	for i := range got {
		for _, marker := range markers(bodyText(got[i].Body)) {
			if copies, expected := found[marker]; expected {
				found[marker] = append(copies, &got[i])
			}
		}
	}
	var diff Diff
	for _, w := range want {
		copies := found[w.Marker]
		switch {
		case len(copies) == 0:
			diff.Lost = append(diff.Lost, w.Marker)
		case len(copies) > 1:
			diff.Duplicated = append(diff.Duplicated, w.Marker)
		}
		for _, record := range copies {
			diff.Wrong = append(diff.Wrong, differences(w, record)...)
		}
	}
	return diff
}

// bodyText is the text of a body to look for markers in.
func bodyText(body any) string {
	if text, ok := body.(string); ok {
		return text
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return fmt.Sprint(body)
	}
	return string(encoded)
}

// markers lists the different markers in a text.
func markers(text string) []string {
	var found []string
	for {
		_, rest, ok := strings.Cut(text, markerPrefix)
		if !ok {
			return found
		}
		text = rest
		pod := digits(rest)
		if pod < podDigits || !strings.HasPrefix(rest[pod:], "_") || digits(rest[pod+1:]) < lineDigits {
			continue
		}
		marker := markerPrefix + rest[:pod+1+lineDigits]
		if !slices.Contains(found, marker) {
			found = append(found, marker)
		}
	}
}

// digits counts the decimal digits at the start of a text.
func digits(text string) int {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return n
}

// differences lists the fields of a record that are not as expected.
func differences(want Expected, got *Record) []string {
	var wrong []string
	if got.Body != any(want.Body) {
		wrong = append(wrong, fmt.Sprintf("%s: body: %s", want.Marker, bodyDifference(want.Body, got.Body)))
	}
	if !got.Timestamp.Equal(want.Time) {
		wrong = append(wrong, fmt.Sprintf("%s: timestamp: want %s, got %s", want.Marker,
			want.Time.UTC().Format(time.RFC3339Nano), got.Timestamp.UTC().Format(time.RFC3339Nano)))
	}
	compare := func(name, value string, in map[string]any) {
		switch has, ok := in[name]; {
		case !ok:
			wrong = append(wrong, fmt.Sprintf("%s: %s: want %q, got none", want.Marker, name, value))
		case has != any(value):
			wrong = append(wrong, fmt.Sprintf("%s: %s: want %q, got %#v", want.Marker, name, value, has))
		}
	}
	compare("log.iostream", want.Stream, got.Attributes)
	compare("k8s.namespace.name", want.Pod.Namespace, got.Resource)
	compare("k8s.pod.name", want.Pod.Name, got.Resource)
	compare("k8s.pod.uid", want.Pod.UID, got.Resource)
	compare("k8s.container.name", want.Pod.Container, got.Resource)
	compare("k8s.container.restart_count", strconv.Itoa(want.Pod.Restart), got.Resource)
	return wrong
}

// bodyDifference shows two bodies from shortly before the point at which they
// part, because the start of a long line says little about its end.
func bodyDifference(want string, got any) string {
	text, ok := got.(string)
	if !ok {
		return fmt.Sprintf("want %s, got a %T: %s", abbreviate(want), got, abbreviate(bodyText(got)))
	}
	at := 0
	for at < len(want) && at < len(text) && want[at] == text[at] {
		at++
	}
	from := max(0, at-40)
	return fmt.Sprintf("want %d bytes, got %d, which part at byte %d: want …%s, got …%s",
		len(want), len(text), at, abbreviate(want[from:]), abbreviate(text[from:]))
}
