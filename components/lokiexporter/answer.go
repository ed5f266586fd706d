// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// verdict says what becomes of a request.
type verdict int

const (
	// delivered: Loki has all of it.
	delivered verdict = iota
	// refused: Loki has looked at the entries and refused some of them for good.
	refused
	// tooLarge: the request has to be split.
	tooLarge
	// suspicious: it failed, and perhaps always will because of what is in it.
	suspicious
	// waiting: it failed for a reason that lies outside of it.
	waiting
)

// answer is how an attempt ended.
type answer struct {
	verdict verdict
	// status is the HTTP status, 0 when there was no answer.
	status int
	// text is what Loki said, or the error of the connection.
	text string
	// retryAfter is how long the server asked to wait.
	retryAfter time.Duration
	// ofStream is true when the answer speaks of one stream, the last one: others
	// may pass meanwhile.
	ofStream bool
}

// label is the status for metrics and messages.
func (a *answer) label() string {
	if a.status == 0 {
		return "transport"
	}
	return strconv.Itoa(a.status)
}

// Error makes the answer an error.
func (a *answer) Error() string {
	if a.status == 0 {
		return a.text
	}
	return fmt.Sprintf("HTTP %d %s: %s", a.status, http.StatusText(a.status), summary(a.text))
}

// summary is the beginning of a text, on one line.
func summary(text string) string {
	const limit = 512
	text = strings.Join(strings.Fields(validText(text)), " ")
	if len(text) > limit {
		text = cutText(text, limit) + "…"
	}
	return text
}

// statusBlocked is what Loki answers when an administrator blocks the ingestion of
// a tenant. It looks like success, but nothing was stored.
const statusBlocked = 260

// Texts of Loki that say more than the status beside them.
const (
	textBlocked     = "ingestion blocked for user '"
	textStreamLimit = "aximum active stream limit exceeded when trying to create stream "
	textReceived    = "rpc error: code = ResourceExhausted desc = grpc: received message larger than max "
	textSent        = "rpc error: code = ResourceExhausted desc = trying to send message larger than max "
)

// judge reads an answer.
func judge(status int, header http.Header, text string) answer {
	a := answer{status: status, text: text, retryAfter: retryAfter(header)}
	switch {
	case status == statusBlocked || strings.HasPrefix(text, textBlocked):
		// An administrator may choose any status for it.
		a.verdict = waiting
	case status >= 200 && status < 300:
		a.verdict = delivered
		// No Loki answers so, but the page of a proxy or of a login does.
		if strings.HasPrefix(strings.ToLower(header.Get("Content-Type")), "text/html") {
			a.verdict = waiting
			a.text = "the answer is a web page, hence not Loki's: check `endpoint`"
		}
	case status == http.StatusRequestEntityTooLarge:
		a.verdict = tooLarge
	case status == http.StatusBadRequest && readRefusal(text).reason != "":
		a.verdict = refused
	case status == http.StatusTooManyRequests:
		a.verdict = suspicious
		limited := strings.HasPrefix(text, "m"+textStreamLimit) || strings.HasPrefix(text, "M"+textStreamLimit)
		a.ofStream = limited || ignoredOutOf.MatchString(text)
		if limited {
			a.verdict = waiting // A part of the stream would be one stream too many, too.
		}
	case status == http.StatusInternalServerError && (strings.HasPrefix(text, textReceived) || strings.HasPrefix(text, textSent)):
		// Too large between Loki's own parts, since it adds a pair to each entry.
		a.verdict = tooLarge
	case status == http.StatusBadRequest || status == http.StatusUnprocessableEntity || status >= 500:
		a.verdict = suspicious
	default:
		// 401, 403, 404, 405, a redirection: the configuration or the server has to
		// change, and the data waits for it.
		a.verdict = waiting
	}
	return a
}

// maxRetryAfter bounds what a server may ask for.
const maxRetryAfter = 10 * time.Minute

// retryAfter reads the header of that name, seconds or a date. Loki does not send
// it, gateways do.
func retryAfter(header http.Header) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		return time.Duration(min(max(seconds, 0), int(maxRetryAfter/time.Second))) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return min(max(time.Until(date), 0), maxRetryAfter)
	}
	return 0
}
