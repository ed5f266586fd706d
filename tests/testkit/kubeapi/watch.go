// SPDX-License-Identifier: Apache-2.0

package kubeapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
)

// watchStream writes the events of one watch. After a failed write, which
// means that the client is gone, it only remembers the error.
type watchStream struct {
	res     *resource
	partial bool
	encoder *json.Encoder
	flush   func() error
	err     error
	sent    uint64 // The newest resource version the client knows of.
}

// serveWatch streams events until the client leaves, the timeout it asked for
// passes, watches are dropped or an outage begins.
func (s *Server) serveWatch(w *answer, r *http.Request, res *resource, sel selection, opts options, adm admission) {
	initial, start, err := s.startWatch(res, sel, opts)
	gone := apierrors.IsResourceExpired(err)
	if err != nil && !gone {
		writeError(w, err)
		return
	}
	defer s.countWatch()()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	stream := &watchStream{
		res:     res,
		partial: wantsMetadata(r.Header),
		encoder: json.NewEncoder(w),
		flush:   http.NewResponseController(w).Flush,
		sent:    start,
	}
	// The headers go out at once: a client waits for them before it takes the
	// watch for open, and there may be no event for long.
	stream.err = stream.flush()
	if gone {
		stream.fail(err)
		return
	}
	for _, object := range initial {
		stream.send(watch.Added, object.Object)
	}
	if opts.sendInitialEvents != nil && *opts.sendInitialEvents && opts.bookmarks {
		stream.bookmark(map[string]any{metav1.InitialEventsAnnotationKey: "true"})
	}
	if w.fault.NoBookmarks {
		opts.bookmarks = false
	}
	if w.fault.Silent {
		select {
		case <-adm.outage:
		case <-adm.dropped:
			panic(http.ErrAbortHandler)
		case <-r.Context().Done():
		}
		return
	}
	s.follow(r, stream, sel, opts, adm)
}

// countWatch counts an open watch until the function that it returns is called.
func (s *Server) countWatch() (end func()) {
	add := func(n int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.watches += n
	}
	add(1)
	return func() { add(-1) }
}

// startWatch returns the objects that the watch has to announce as ADDED
// before anything else, and the resource version after which it continues.
func (s *Server) startWatch(res *resource, sel selection, opts options) ([]*unstructured.Unstructured, uint64, error) {
	// Without a version, or at version 0, a watch begins with the present
	// state unless the client says otherwise.
	fresh := opts.version == "" || opts.version == "0"
	announce := fresh
	if opts.sendInitialEvents != nil {
		announce = *opts.sendInitialEvents
	}
	objects, version := s.list(res, sel)
	if announce {
		return objects, version, nil
	}
	if fresh {
		return nil, version, nil
	}
	version, err := strconv.ParseUint(opts.version, 10, 64)
	if err != nil {
		return nil, 0, apierrors.NewBadRequest("parse resourceVersion: " + err.Error())
	}
	return nil, version, s.checkCompacted(version)
}

// checkCompacted returns the error of a client that has to list again, because
// it wants changes that are forgotten.
func (s *Server) checkCompacted(version uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if version >= s.compacted {
		return nil
	}
	return apierrors.NewResourceExpired(fmt.Sprintf("too old resource version: %d (%d)", version, s.compacted))
}

func (s *Server) follow(r *http.Request, stream *watchStream, sel selection, opts options, adm admission) {
	var timeout <-chan time.Time // Never ready if the client set none.
	if opts.timeout > 0 {
		timer := time.NewTimer(opts.timeout)
		defer timer.Stop()
		timeout = timer.C
	}
	for stream.err == nil {
		changes, changed, up := s.since(stream.res, stream.sent, adm.outage)
		if !up {
			return
		}
		hidden := false
		for _, c := range changes {
			event, object := sel.translate(stream.res, c)
			stream.sent, hidden = c.version, event == ""
			if !hidden {
				stream.send(event, object.Object)
			}
		}
		// A real server sends bookmarks about once a minute. Doing so whenever
		// the newest change was not for this watch keeps tests from waiting,
		// and serves the same end: the client need not read it all again.
		if hidden && opts.bookmarks {
			stream.bookmark(nil)
		}
		select {
		case <-changed:
		case <-adm.outage:
		case <-adm.dropped:
			panic(http.ErrAbortHandler)
		case <-timeout:
			if opts.bookmarks {
				stream.bookmark(nil)
			}
			return
		case <-r.Context().Done():
			return
		}
	}
}

func (w *watchStream) send(event watch.EventType, object map[string]any) {
	if w.err != nil {
		return
	}
	if w.partial {
		object = metadataOnly(object)
	}
	w.write(event, object)
}

func (w *watchStream) write(event watch.EventType, object any) {
	// Encode ends each event with the newline that delimits it.
	if w.err = w.encoder.Encode(map[string]any{"type": event, "object": object}); w.err == nil {
		w.err = w.flush()
	}
}

// fail ends the watch with an error in place of an event. A real server answers
// so, with the status 200, once it has understood the request.
func (w *watchStream) fail(err error) {
	failure := &apierrors.StatusError{}
	if w.err != nil || !errors.As(err, &failure) {
		return
	}
	status := failure.Status()
	status.Kind, status.APIVersion = "Status", "v1"
	w.write(watch.Error, status)
}

// bookmark tells the client the version it has reached, in an otherwise empty
// object of the kind it watches.
func (w *watchStream) bookmark(annotations map[string]any) {
	object := w.res.empty()
	metadata := map[string]any{"resourceVersion": formatVersion(w.sent)}
	if len(annotations) > 0 {
		metadata["annotations"] = annotations
	}
	object["metadata"] = metadata
	w.send(watch.Bookmark, object)
}
