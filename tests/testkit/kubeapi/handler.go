// SPDX-License-Identifier: Apache-2.0

package kubeapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
)

// serve answers one API request, always in JSON: client-go decodes by the
// content type of the answer, whichever encoding it prefers.
func (s *Server) serve(writer http.ResponseWriter, r *http.Request) {
	to, found := parseTarget(r.URL.Path)
	opts, err := parseOptions(r.URL.Query())
	adm := s.admit(r, to, opts)
	w := &answer{ResponseWriter: writer, fault: adm.fault, mu: &s.mu, request: adm.request}
	if !hold(r.Context(), adm.fault.Delay, adm.outage) || adm.fault.Disconnect && !adm.fault.Truncate {
		panic(http.ErrAbortHandler)
	}
	switch {
	case adm.down:
		writeError(w, apierrors.NewServiceUnavailable("the server is in an outage"))
	case adm.unknown:
		writeError(w, unauthorized())
	case adm.fault.Status != 0:
		writeError(w, adm.fault.failure(adm.request.Verb, to))
	case r.Method != http.MethodGet:
		writeError(w, apierrors.NewGenericServerResponse(http.StatusMethodNotAllowed, r.Method, resourceOf(to), to.name, "the server is read-only", 0, false))
	case !found:
		s.serveDiscovery(w, r)
	case err != nil:
		writeError(w, apierrors.NewBadRequest(err.Error()))
	case to.name != "":
		s.serveObject(w, r, to)
	default:
		s.serveCollection(w, r, to, opts, adm)
	}
}

// admission is what the server has to say to a request before it looks at it.
type admission struct {
	request         *Request // Nil if it is not recorded.
	outage, dropped <-chan struct{}
	down, unknown   bool
	fault           Fault
}

// admit records a request and decides whether and how it is answered. A request
// that is refused anyway uses up no fault.
func (s *Server) admit(r *http.Request, to target, opts options) admission {
	s.mu.Lock()
	defer s.mu.Unlock()
	adm := admission{outage: s.outage, dropped: s.dropped, down: s.down, unknown: !s.known(r.Header)}
	if to.res == nil || r.Method != http.MethodGet {
		return adm
	}
	adm.request = newRequest(to, opts, r.URL.Query())
	s.requests = append(s.requests, adm.request)
	if !adm.down && !adm.unknown {
		adm.fault = s.takeFault(adm.request)
	}
	return adm
}

func (s *Server) serveObject(w http.ResponseWriter, r *http.Request, to target) {
	object := s.get(to.res, types.NamespacedName{Namespace: to.namespace, Name: to.name})
	if object == nil {
		writeError(w, apierrors.NewNotFound(to.res.groupResource(), to.name))
		return
	}
	content := object.Object
	if wantsMetadata(r.Header) {
		content = metadataOnly(content)
	}
	writeJSON(w, http.StatusOK, content)
}

func (s *Server) serveCollection(w *answer, r *http.Request, to target, opts options, adm admission) {
	query := r.URL.Query()
	sel, err := parseSelection(to.res, to.namespace, query.Get("fieldSelector"), query.Get("labelSelector"))
	if err != nil {
		writeError(w, apierrors.NewBadRequest(err.Error()))
		return
	}
	if opts.watch {
		s.serveWatch(w, r, to.res, sel, opts, adm)
		return
	}
	if opts.sendInitialEvents != nil {
		writeError(w, apierrors.NewBadRequest("sendInitialEvents is forbidden for list"))
		return
	}
	s.serveList(w, to.res, sel, wantsMetadata(r.Header))
}

func (s *Server) serveList(w http.ResponseWriter, res *resource, sel selection, partial bool) {
	objects, version := s.list(res, sel)
	kind, apiVersion := res.Kind+"List", res.GroupVersion().String()
	if partial {
		kind, apiVersion = "PartialObjectMetadataList", "meta.k8s.io/v1"
	}
	items := make([]any, 0, len(objects))
	for _, object := range objects {
		if partial {
			items = append(items, metadataOnly(object.Object))
			continue
		}
		items = append(items, withoutKind(object.Object))
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"kind":       kind,
		"apiVersion": apiVersion,
		"metadata":   map[string]any{"resourceVersion": formatVersion(version)},
		"items":      items,
	})
}

// writeError answers with the Status that clients turn back into the error.
func writeError(w http.ResponseWriter, err error) {
	failure := &apierrors.StatusError{}
	if !errors.As(err, &failure) {
		failure = apierrors.NewInternalError(err)
	}
	status := failure.Status()
	// Without its kind the body would not be recognized as a Status.
	status.Kind, status.APIVersion = "Status", "v1"
	if status.Details != nil && status.Details.RetryAfterSeconds > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(status.Details.RetryAfterSeconds)))
	}
	writeJSON(w, int(status.Code), status)
}

func writeJSON(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	// The client may be gone, and then nobody is left to tell.
	_ = json.NewEncoder(w).Encode(body)
}
