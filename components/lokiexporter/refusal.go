// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// What Loki says with a 400 when it refuses some entries, or streams, for good and
// stores the others (pkg/validation/validate.go, pkg/ingester/stream.go, v3.7).
//
// Its distributor names the same text once, with how often it arose:
//
//	2 errors like: entry for stream '{a="b"}' has timestamp too old: …; 1 errors like: …
//
// or alone when there is one only. Its ingester names the first ten entries of a
// stream, then the number of all:
//
//	entry with timestamp 2026-11-23 13:53:17.784408203 +0000 UTC ignored, reason: 'entry too far behind, …',
//	user 'fake', total ignored: 1 out of 2 for stream: {a="b"}
//
// The texts repeat label values, which may hold anything, in quotes.

// Reasons that only Loki itself can find.
const (
	reasonTooFarBehind   = "too_far_behind"
	reasonOutOfOrder     = "out_of_order"
	reasonLabelName      = "label_name_too_long"
	reasonDuplicateLabel = "duplicate_label_names"
	reasonMetaDisallowed = "disallowed_structured_metadata"
	reasonMissingLabels  = "missing_labels"
	reasonMissingLabel   = "missing_enforced_labels"
	reasonInvalidLabels  = "invalid_labels"
)

// Reasons that are not Loki's.
const (
	// reasonTooLarge: a request with nothing but this entry is too large.
	reasonTooLarge = "request_body_too_large"
	// reasonServerError and reasonBadRequest: it never took the entry, but others,
	// and gives no reason that is known here.
	reasonServerError = "server_error"
	reasonBadRequest  = "bad_request"
)

// refusals are how the distributor's texts begin, with the reasons under which
// Loki counts them. ofStream are those that concern a stream with all its entries.
var refusals = []struct {
	text     *regexp.Regexp
	reason   string
	ofStream bool
}{
	{begins(`[Mm]ax entry size '\d+' bytes exceeded for stream `), reasonLineTooLong, false},
	{begins(`entry for ` + streamText + ` has timestamp too old: `), reasonTooOld, false},
	{begins(`entry for ` + streamText + ` has timestamp too new: `), reasonTooNew, false},
	{begins(`entry for ` + streamText + ` has \d+ label names; limit \d+`), reasonLabelCount, true},
	{begins(streamText + ` has label name too long: `), reasonLabelName, true},
	{begins(streamText + ` has label value too long: `), reasonLabelValue, true},
	{begins(streamText + ` has duplicate label name: `), reasonDuplicateLabel, true},
	{begins(streamText + ` has structured metadata too large: `), reasonMetaTooLarge, false},
	{begins(streamText + ` has too many structured metadata labels: `), reasonMetaTooMany, false},
	{begins(streamText + ` includes structured metadata, but this feature is disallowed`), reasonMetaDisallowed, false},
	{begins(`error at least one label pair is required per stream`), reasonMissingLabels, true},
	{begins(`missing required labels '`), reasonMissingLabel, true},
	{begins(`error parsing labels '`), reasonInvalidLabels, true},
	{begins(`couldn't parse labels: `), reasonInvalidLabels, true},
}

// streamText is a stream in a text without what was in quotes.
const streamText = `stream '\{[^}]*\}'`

func begins(text string) *regexp.Regexp {
	return regexp.MustCompile(`^` + text)
}

var (
	quoted        = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	groupedErrors = regexp.MustCompile(`(?:^|; )(\d{1,9}) errors like: `)
	ignoredEntry  = regexp.MustCompile(`(?m)^entry with timestamp (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) \+0000 UTC ignored, reason: '(.*)',$`)
	ignoredOutOf  = regexp.MustCompile(`(?m)^user '.*', total ignored: (\d+) out of (\d+) for stream: `)
)

// refusal is what a text says of the entries that Loki refused for good.
type refusal struct {
	// reason is "" when the text is not one that Loki refuses entries with. Of
	// several reasons it is the first; alone says that there is no other.
	reason string
	alone  bool
	// ofStream is true when a stream is refused with all its entries.
	ofStream bool
	// count is how many refusals the text speaks of for certain: of entries, or of
	// streams.
	count int
	// times are the times of the refused entries in Unix nanoseconds, with how often
	// each occurs; nil when they are not the whole truth about a stream of which Loki
	// saw seen entries.
	times map[int64]int
	seen  int
}

func readRefusal(text string) refusal {
	text = quoted.ReplaceAllLiteralString(text, `""`)
	// Only the beginning is certainly Loki's: some texts end with a label value that
	// is not quoted.
	if m := ignoredOutOf.FindStringSubmatch(text); m != nil && strings.HasPrefix(text, "entry with timestamp ") {
		return readIgnored(text, number(m[1]), number(m[2]))
	}
	r := refusal{alone: true}
	groups := groupedErrors.FindAllStringSubmatchIndex(text, -1)
	if groups == nil || groups[0][0] > 0 {
		r.reason, r.ofStream = readReason(text)
		r.count = 1
		return r
	}
	for i, g := range groups {
		end := len(text)
		if i+1 < len(groups) {
			end = groups[i+1][0]
		}
		reason, ofStream := readReason(text[g[1]:end])
		if i == 0 {
			r.reason, r.ofStream = reason, ofStream
		}
		r.alone = r.alone && reason == r.reason
		r.count += number(text[g[2]:g[3]])
	}
	return r
}

// readReason reads one text of the distributor.
func readReason(text string) (reason string, ofStream bool) {
	for i := range refusals {
		if refusals[i].text.MatchString(text) {
			return refusals[i].reason, refusals[i].ofStream
		}
	}
	return "", false
}

// readIgnored reads a text of the ingester. Entries that were over the rate of the
// stream are not refused for good. The ingester does not list all of them, and
// what the distributor had refused before is in no answer.
func readIgnored(text string, total, seen int) refusal {
	r := refusal{alone: true, times: map[int64]int{}, seen: seen}
	for _, e := range ignoredEntry.FindAllStringSubmatch(text, -1) {
		reason := ""
		switch {
		case strings.HasPrefix(e[2], "entry too far behind"):
			reason = reasonTooFarBehind
		case strings.HasPrefix(e[2], "entry out of order"):
			reason = reasonOutOfOrder
		}
		t, err := time.Parse("2006-01-02 15:04:05.999999999", e[1])
		if reason == "" || err != nil {
			continue
		}
		if r.reason == "" {
			r.reason = reason
		}
		r.alone = r.alone && reason == r.reason
		r.count++
		r.times[t.UnixNano()]++
	}
	if r.count != total {
		r.times = nil
	}
	return r
}

// number reads digits; what is too large is 0.
func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}
