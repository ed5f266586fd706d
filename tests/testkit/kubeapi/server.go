// SPDX-License-Identifier: Apache-2.0

// Package kubeapi is a small Kubernetes API server for tests. It keeps objects
// in memory and serves the read side of the API (get, list and watch) over
// plain HTTP on a loopback port, well enough for client-go informers, typed
// clients and metadata clients that live in another process, such as the
// k8s_attributes processor of a collector under test.
//
// It knows pods, namespaces and nodes of core/v1, replicasets, deployments,
// statefulsets and daemonsets of apps/v1, and jobs and cronjobs of batch/v1.
// There is no authentication, no admission, no defaulting and no garbage
// collection, and the API cannot be written to: tests change the cluster
// through the methods of Server.
package kubeapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// firstVersion is where resource versions start. It is not zero, because a
// resource version of 0 means "any state" to clients.
const firstVersion = 100

// closePatience is how long Start's cleanup lets answers finish.
const closePatience = time.Second

// Server is one fake cluster. All its methods may be called from any
// goroutine. A call that makes no sense, such as adding an object twice,
// marks the test as failed and changes nothing.
type Server struct {
	t    testing.TB
	http *httptest.Server

	mu          sync.Mutex
	version     uint64
	collections map[*resource]*collection
	changed     chan struct{} // Closed and replaced whenever version grows.
	outage      chan struct{} // Closed while the server is down.
	down        bool
	requests    []Request
}

// Start runs a server on an ephemeral port of 127.0.0.1 that holds the given
// objects, and stops it at the end of the test. Stopping ends open watches at
// once and does not wait for clients to hang up.
func Start(t testing.TB, objects ...runtime.Object) *Server {
	t.Helper()
	s := &Server{
		t:           t,
		version:     firstVersion,
		collections: make(map[*resource]*collection, len(resources)),
		changed:     make(chan struct{}),
		outage:      make(chan struct{}),
	}
	for i := range resources {
		s.collections[&resources[i]] = newCollection()
	}
	for _, object := range objects {
		s.Add(object)
	}
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(func() {
		s.SetDown(true)
		// Close waits for the handlers. A client that has stopped reading would
		// hold one of them in a write for ever, so its connection is cut.
		cut := time.AfterFunc(closePatience, s.http.CloseClientConnections)
		defer cut.Stop()
		s.http.Close()
	})
	return s
}

// URL returns the base address of the server, such as http://127.0.0.1:41234,
// without a trailing slash.
func (s *Server) URL() string { return s.http.URL }

// Kubeconfig writes a kubeconfig file that leads to this server, without
// credentials, and returns its path. The file lives as long as the test t. A
// k8s_attributes processor with auth_type kubeConfig finds the file through
// the KUBECONFIG environment variable; its other auth types insist on HTTPS
// and cannot reach this server.
func (s *Server) Kubeconfig(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, fmt.Appendf(nil, kubeconfig, s.URL()), 0o600); err != nil {
		t.Fatalf("write kubeconfig: %v", err)
	}
	return path
}

const kubeconfig = `apiVersion: v1
kind: Config
clusters:
- name: kubeapi
  cluster:
    server: %s
contexts:
- name: kubeapi
  context:
    cluster: kubeapi
    user: kubeapi
current-context: kubeapi
users:
- name: kubeapi
  user: {}
`

// Add creates a copy of the object and emits ADDED to watches. The copy gets
// the next resource version and, where the object has none, a UID and the
// present second as creation time.
func (s *Server) Add(object runtime.Object) { s.change(watch.Added, object) }

// Update replaces the object of the same kind, namespace and name with a copy
// of the given one and emits MODIFIED to watches, or ADDED or DELETED to those
// whose selectors match only one of the two states. UID and creation time are
// kept where the given object has none; its resource version is ignored, so
// there are no conflicts.
func (s *Server) Update(object runtime.Object) { s.change(watch.Modified, object) }

// Delete removes the object of the same kind, namespace and name and emits
// DELETED, with the last state it had here, to watches. There is no graceful
// deletion and objects owned by it stay.
func (s *Server) Delete(object runtime.Object) { s.change(watch.Deleted, object) }

func (s *Server) change(event watch.EventType, object runtime.Object) {
	s.t.Helper()
	res, copied, err := toStored(object)
	if err == nil {
		err = s.apply(event, res, copied)
	}
	if err != nil {
		s.t.Errorf("kubeapi: %s object: %v", event, err)
	}
}

// SetDown starts (true) or ends (false) an outage. During an outage every
// request is answered with 503 and no Retry-After; open watches end, and see
// none of the changes made after SetDown has returned. Objects and resource
// versions survive, so that a client may resume its watch afterwards.
func (s *Server) SetDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if down == s.down {
		return
	}
	s.down = down
	if down {
		close(s.outage)
		return
	}
	s.outage = make(chan struct{})
}

// Requests returns the requests for resources seen so far, oldest first,
// including those refused during an outage. Discovery is not recorded.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}
