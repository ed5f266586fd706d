// SPDX-License-Identifier: Apache-2.0

package kubeapi

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Request is one read of a resource, in the terms of a role: what a client
// needs is the set of verbs and resources of its requests.
type Request struct {
	// Verb is get, list or watch. A list that is streamed through a watch
	// (sendInitialEvents) is a watch.
	Verb string
	// Resource is the plural name without group, such as pods.
	Resource string
	// Name is that of the object of a get.
	Name string
	// Namespace is empty for requests that span all namespaces and for
	// resources without namespace.
	Namespace string
	// FieldSelector is as the client sent it, empty if there was none.
	FieldSelector string
	// LabelSelector is as the client sent it, empty if there was none.
	LabelSelector string
	// ResourceVersion is as the client sent it, empty if there was none.
	ResourceVersion string
	// Status is that of the answer, 0 while there is none and for a connection
	// that was closed in place of one.
	Status int
	// Bytes is the size of the body of the answer so far: of JSON without
	// compression, as this server sends it.
	Bytes int64
}

func newRequest(to target, opts options, query url.Values) *Request {
	verb := "list"
	switch {
	case to.name != "":
		verb = "get"
	case opts.watch:
		verb = "watch"
	}
	return &Request{
		Verb:            verb,
		Resource:        to.res.plural,
		Name:            to.name,
		Namespace:       to.namespace,
		FieldSelector:   query.Get("fieldSelector"),
		LabelSelector:   query.Get("labelSelector"),
		ResourceVersion: opts.version,
	}
}

// target is the resource that a path leads to. The name is empty unless it
// leads to a single object.
type target struct {
	res       *resource
	namespace string
	name      string
}

// parseTarget understands /api/v1/… and /apis/<group>/<version>/… paths of
// served resources. Subresources are not served.
func parseTarget(path string) (target, bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	var gv schema.GroupVersion
	switch {
	case parts[0] == "api" && len(parts) > 2:
		gv, parts = schema.GroupVersion{Version: parts[1]}, parts[2:]
	case parts[0] == "apis" && len(parts) > 3:
		gv, parts = schema.GroupVersion{Group: parts[1], Version: parts[2]}, parts[3:]
	default:
		return target{}, false
	}

	var to target
	// Two parts are the namespace itself: /api/v1/namespaces/<name>.
	if scoped := parts[0] == "namespaces" && len(parts) > 2; scoped {
		to.namespace, parts = parts[1], parts[2:]
	}
	to.res = findResource(gv, parts[0])
	if to.res == nil || len(parts) > 2 || to.namespace != "" && !to.res.namespaced {
		return target{}, false
	}
	if len(parts) == 2 {
		to.name = parts[1]
	}
	if to.name != "" && to.res.namespaced && to.namespace == "" {
		return target{}, false
	}
	return to, true
}

// options are the query parameters that the server honours. It ignores limit
// and continue, as a server may, and answers every list in one page.
type options struct {
	watch             bool
	version           string
	bookmarks         bool
	sendInitialEvents *bool
	timeout           time.Duration // 0 stands for none.
}

func parseOptions(query url.Values) (options, error) {
	o := options{version: query.Get("resourceVersion")}
	for name, set := range map[string]func(bool){
		"watch":               func(v bool) { o.watch = v },
		"allowWatchBookmarks": func(v bool) { o.bookmarks = v },
		"sendInitialEvents":   func(v bool) { o.sendInitialEvents = &v },
	} {
		value := query.Get(name)
		if value == "" {
			continue
		}
		parsed, err := strconv.ParseBool(value)
		if err != nil {
			return options{}, fmt.Errorf("parse %s: %w", name, err)
		}
		set(parsed)
	}
	if value := query.Get("timeoutSeconds"); value != "" {
		seconds, err := strconv.ParseUint(value, 10, 31)
		if err != nil {
			return options{}, fmt.Errorf("parse timeoutSeconds: %w", err)
		}
		o.timeout = time.Duration(seconds) * time.Second
	}
	return o, nil
}

// wantsMetadata reports whether the client prefers PartialObjectMetadata to
// whole objects. Only what it says about JSON counts, since that is all the
// server speaks; a client that does not mention JSON gets it nevertheless, in
// the shape of its first choice.
func wantsMetadata(header http.Header) bool {
	var first map[string]string
	for _, part := range strings.Split(strings.Join(header.Values("Accept"), ","), ",") {
		mediaType, params, err := mime.ParseMediaType(part)
		if err != nil || params["as"] == "Table" {
			continue
		}
		if first == nil {
			first = params
		}
		if mediaType == "application/json" || mediaType == "*/*" {
			first = params
			break
		}
	}
	return strings.HasPrefix(first["as"], "PartialObjectMetadata")
}
