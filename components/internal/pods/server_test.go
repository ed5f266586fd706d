// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// server is an API server on the other side of an http.Client, without a network, so that a test
// with a clock of its own sees the times that are delivered. Watches end and send bookmarks as
// those of Kubernetes do.
type server struct {
	mu       sync.Mutex
	version  int
	objects  map[string]map[string]any // By resource/namespace/name.
	history  []change
	floor    int // Watches from before it have expired.
	changed  chan struct{}
	requests []seen
	connects int
	// fault answers in the place of the server; nil answers are the server's.
	fault func(*http.Request, call) (*http.Response, error)
	// mute keeps events and bookmarks from the watches that there are at the next change.
	mute bool
}

type change struct {
	version  int
	event    string
	resource string
	object   map[string]any
}

type seen struct {
	at    time.Time
	verb  string
	call  call
	token string
}

func newServer(objects ...metav1.Object) *server {
	s := &server{version: 100, objects: map[string]map[string]any{}, changed: make(chan struct{})}
	for _, o := range objects {
		s.set(o)
	}
	return s
}

func resourceOf(o metav1.Object) string {
	switch o.(type) {
	case *corev1.Pod:
		return podsResource
	case *corev1.Namespace:
		return namespacesResource
	}
	return nodesResource
}

func nameOf(o metav1.Object) string {
	return resourceOf(o) + "/" + o.GetNamespace() + "/" + o.GetName()
}

func (s *server) change(event string, o metav1.Object) {
	data, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	object := map[string]any{}
	if err := json.Unmarshal(data, &object); err != nil {
		panic(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	object["metadata"].(map[string]any)["resourceVersion"] = strconv.Itoa(s.version)
	s.history = append(s.history, change{version: s.version, event: event, resource: resourceOf(o), object: object})
	if event == "DELETED" {
		delete(s.objects, nameOf(o))
	} else {
		s.objects[nameOf(o)] = object
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *server) set(o metav1.Object) {
	s.mu.Lock()
	_, exists := s.objects[nameOf(o)]
	s.mu.Unlock()
	if exists {
		s.change("MODIFIED", o)
		return
	}
	s.change("ADDED", o)
}

func (s *server) remove(o metav1.Object) { s.change("DELETED", o) }

// forget makes all watches expire that begin before now.
func (s *server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.floor = s.version
}

func (s *server) setFault(fault func(*http.Request, call) (*http.Response, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

func (s *server) setMute(mute bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mute = mute
}

// count returns how many requests there were of a verb and resource, such as "list pods".
func (s *server) count(what string) (n int) {
	for _, r := range s.seen() {
		if r.call.String() == what {
			n++
		}
	}
	return n
}

func (s *server) seen() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// connect is the Connect of a Config. The token counts the connections.
func (s *server) connect() (*Connection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connects++
	token := strconv.Itoa(s.connects)
	return &Connection{URL: "https://api", Client: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		r.Header.Set("Authorization", token)
		return s.serve(r)
	})}}, nil
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (s *server) serve(r *http.Request) (*http.Response, error) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/api/v1/"), "/")
	c := call{verb: "list", resource: parts[0], query: r.URL.Query()}
	if len(parts) == 4 {
		c.verb, c.resource = "get", parts[2]
	} else if r.URL.Query().Get("watch") != "" {
		c.verb = "watch"
	}
	s.mu.Lock()
	s.requests = append(s.requests, seen{at: time.Now(), verb: c.verb, call: c, token: r.Header.Get("Authorization")})
	fault := s.fault
	s.mu.Unlock()
	if fault != nil {
		if response, err := fault(r, c); response != nil || err != nil {
			return response, err
		}
	}
	switch c.verb {
	case "get":
		s.mu.Lock()
		object := s.objects["pods/"+parts[1]+"/"+parts[3]]
		s.mu.Unlock()
		if object == nil {
			return answer(http.StatusNotFound, `{"kind":"Status","message":"not found"}`), nil
		}
		return answer(http.StatusOK, encode(object)), nil
	case "list":
		return answer(http.StatusOK, s.list(c)), nil
	}
	return s.watch(r, c), nil
}

func selected(object map[string]any, selector string) bool {
	node, byNode := strings.CutPrefix(selector, "spec.nodeName=")
	name, byName := strings.CutPrefix(selector, "metadata.name=")
	if byNode {
		return object["spec"].(map[string]any)["nodeName"] == node
	}
	return !byName || object["metadata"].(map[string]any)["name"] == name
}

func (s *server) list(c call) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	items := []any{}
	for _, name := range slices.Sorted(maps.Keys(s.objects)) {
		if strings.HasPrefix(name, c.resource+"/") && selected(s.objects[name], c.query.Get("fieldSelector")) {
			items = append(items, s.objects[name])
		}
	}
	return encode(map[string]any{"kind": "List", "metadata": map[string]any{"resourceVersion": strconv.Itoa(s.version)}, "items": items})
}

func (s *server) watch(r *http.Request, c call) *http.Response {
	from, _ := strconv.Atoi(c.query.Get("resourceVersion"))
	body, w := io.Pipe()
	s.mu.Lock()
	gone := from < s.floor
	s.mu.Unlock()
	go func() {
		if gone {
			_, _ = io.WriteString(w, `{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old resource version"}}`)
			_ = w.Close()
			return
		}
		_ = w.CloseWithError(s.stream(r.Context(), w, c, from))
	}()
	return &http.Response{StatusCode: http.StatusOK, Body: body, Header: http.Header{}, Request: r}
}

func (s *server) stream(ctx context.Context, w io.Writer, c call, from int) error {
	timeout, _ := strconv.Atoi(c.query.Get("timeoutSeconds"))
	last := time.NewTimer(time.Duration(timeout)*time.Second - 2*time.Second)
	defer last.Stop()
	end := time.NewTimer(time.Duration(timeout) * time.Second)
	defer end.Stop()
	mute := false
	for {
		s.mu.Lock()
		mute = mute || s.mute
		var events []change
		for _, h := range s.history {
			if h.version > from && h.resource == c.resource && selected(h.object, c.query.Get("fieldSelector")) && !mute {
				events = append(events, h)
			}
		}
		changed, version := s.changed, s.version
		s.mu.Unlock()
		for _, e := range events {
			from = e.version
			if _, err := io.WriteString(w, encode(map[string]any{"type": e.event, "object": e.object})+"\n"); err != nil {
				return err
			}
		}
		// A watch that is mute stays so, and open.
		finish := end.C
		if mute {
			finish = nil
		}
		select {
		case <-changed:
		case <-last.C:
			if mute {
				continue
			}
			bookmark := map[string]any{"type": "BOOKMARK", "object": map[string]any{"metadata": map[string]any{"resourceVersion": strconv.Itoa(version)}}}
			if _, err := io.WriteString(w, encode(bookmark)+"\n"); err != nil {
				return err
			}
		case <-finish:
			return io.EOF
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func encode(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

func answer(code int, body string) *http.Response {
	return &http.Response{
		StatusCode: code, Status: strconv.Itoa(code) + " " + http.StatusText(code), Header: http.Header{},
		Body: io.NopCloser(strings.NewReader(body)),
	}
}
