// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Connection leads to the API server.
type Connection struct {
	// Client proves who we are. It is closed by CloseIdleConnections.
	Client *http.Client
	// URL is the base address, such as https://10.0.0.1:443.
	URL string
}

// String returns the address for people, without a password.
func (c *Connection) String() string {
	u, err := url.Parse(c.URL)
	if err != nil {
		return "the API server"
	}
	return u.Redacted()
}

// Outcome is how a request went.
type Outcome struct {
	Resource string // pods, nodes, namespaces.
	Verb     string // get, list, watch.
	Result   string // The status, such as 200, or "error" when there was no answer.
}

// failure is what keeps the API server from answering, or us from using the answer.
type failure struct {
	kind failureKind
	err  error
}

type failureKind int

const (
	// away is a server that does not answer as it should; all resources wait.
	away failureKind = iota
	// denied is a resource that we may not read; the others go on.
	denied
	// expired is a version that the server has forgotten.
	expired
	// missing is an object that the server does not have.
	missing
)

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func is(err error, kind failureKind) bool {
	var f *failure
	return errors.As(err, &f) && f.kind == kind
}

// api sends requests. It may be used by several goroutines.
type api struct {
	connect func() (*Connection, error)
	pace    *pace
	trouble *trouble
	stats   *stats

	mu         sync.Mutex
	connection *Connection
}

// call is one request.
type call struct {
	resource, verb string
	path           string
	query          url.Values
}

func (c *call) String() string { return c.verb + " " + c.resource }

// open sends a request when the pace allows it, and returns the body of an answer that is good
// so far. Whoever has read it calls answered or broken.
func (a *api) open(ctx context.Context, c call) (io.ReadCloser, error) {
	if err := a.pace.wait(ctx); err != nil {
		return nil, err
	}
	connection, err := a.connected()
	if err != nil {
		return nil, a.broken(ctx, c, fmt.Errorf("connect to the API server: %w", err))
	}
	address := strings.TrimSuffix(connection.URL, "/") + c.path
	if len(c.query) > 0 {
		address += "?" + c.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, a.broken(ctx, c, err)
	}
	request.Header.Set("Accept", "application/json")
	response, err := connection.Client.Do(request)
	if err != nil {
		if ctx.Err() == nil {
			a.stats.request(c, "error")
		}
		// The address is that of the server, not all that was asked.
		var detail *url.Error
		if errors.As(err, &detail) {
			err = detail.Err
		}
		a.disconnect(connection)
		return nil, a.broken(ctx, c, fmt.Errorf("ask %s: %w", connection, err))
	}
	a.stats.request(c, strconv.Itoa(response.StatusCode))
	if response.StatusCode == http.StatusOK {
		return response.Body, nil
	}
	defer func() { _ = response.Body.Close() }()
	err = a.refused(c, connection, response)
	if !is(err, away) {
		a.reached()
	}
	return nil, err
}

// reached says that the server is there, whatever it answers.
func (a *api) reached() {
	a.pace.answered()
	a.trouble.over(apiServer)
}

// answered says that a request was answered as it should.
func (a *api) answered(c call) {
	a.stats.good(c.resource)
	a.reached()
	if c.verb != "get" {
		a.trouble.over(c.resource)
	}
}

// broken says that there was no answer that can be used.
func (a *api) broken(ctx context.Context, c call, err error) error {
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return ctx.Err()
	}
	return a.failed(fmt.Errorf("%s: %w", c.String(), err), 0)
}

func (a *api) failed(err error, retryAfter time.Duration) error {
	a.pace.failed(retryAfter)
	a.trouble.failed(apiServer, err)
	return &failure{kind: away, err: err}
}

// refused makes an error of an answer that is none.
func (a *api) refused(c call, connection *Connection, response *http.Response) error {
	code := response.StatusCode
	err := fmt.Errorf("%s: %s answers %s%s", c.String(), connection, response.Status, reasonOf(response.Body))
	switch {
	case code == http.StatusNotFound && c.verb == "get":
		return &failure{kind: missing, err: err}
	case code == http.StatusGone:
		return &failure{kind: expired, err: err}
	case code == http.StatusForbidden:
		return &failure{kind: denied, err: fmt.Errorf("%w; a ClusterRole of the service account needs "+
			`the rule {apiGroups: [""], resources: [%s], verbs: [%s]}`, err, c.resource, verbsOf(c.resource))}
	case code == http.StatusUnauthorized:
		// The next connection reads the token again.
		a.disconnect(connection)
		err = fmt.Errorf("%w; the token may have expired, it is read again", err)
	case code < 500 && code != http.StatusTooManyRequests:
		return &failure{kind: denied, err: err}
	}
	return a.failed(err, retryAfter(response.Header))
}

// verbsOf are the verbs that are used on a resource.
func verbsOf(resource string) string {
	if resource == podsResource {
		return "get, list, watch"
	}
	return "list, watch"
}

// retryAfter reads how many seconds the server wants to be left alone. A date is not looked
// at: its clock and ours may differ.
func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, int(maxRetryAfter/time.Second))) * time.Second
}

// reasonOf reads what the server says in a refusal.
func reasonOf(body io.Reader) string {
	var status struct {
		Message string `json:"message"`
	}
	if err := json.NewDecoder(io.LimitReader(body, 16<<10)).Decode(&status); err != nil || status.Message == "" {
		return ""
	}
	if len(status.Message) > 300 {
		status.Message = status.Message[:300] + "…"
	}
	return ": " + status.Message
}

// connected returns the connection, and makes it when there is none.
func (a *api) connected() (*Connection, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.connection == nil {
		connection, err := a.connect()
		if err != nil {
			return nil, err
		}
		a.connection = connection
	}
	return a.connection, nil
}

// disconnect gives up a connection, so that the next one reads certificates and token again.
func (a *api) disconnect(connection *Connection) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.connection == connection {
		a.connection = nil
	}
	connection.Client.CloseIdleConnections()
}

// renew gives up the connection that there is.
func (a *api) renew() {
	a.mu.Lock()
	connection := a.connection
	a.mu.Unlock()
	if connection != nil {
		a.disconnect(connection)
	}
}
