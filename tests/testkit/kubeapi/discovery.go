// SPDX-License-Identifier: Apache-2.0

package kubeapi

import (
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
)

// serverVersion is the release that the server claims to be. Clients compare
// major and minor only.
var serverVersion = version.Info{Major: "1", Minor: "36", GitVersion: "v1.36.0"}

// serveDiscovery answers the unaggregated discovery documents. The processor
// under test needs none of them; a person with kubectl does.
func (s *Server) serveDiscovery(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case r.URL.Path == "/version":
		writeJSON(w, http.StatusOK, serverVersion)
	case r.URL.Path == "/api":
		writeJSON(w, http.StatusOK, metav1.APIVersions{
			TypeMeta: metav1.TypeMeta{Kind: "APIVersions", APIVersion: "v1"},
			Versions: []string{"v1"},
		})
	case r.URL.Path == "/apis":
		writeJSON(w, http.StatusOK, groupList())
	case parts[0] == "api" && len(parts) == 2:
		serveResourceList(w, schema.GroupVersion{Version: parts[1]})
	case parts[0] == "apis" && len(parts) == 3:
		serveResourceList(w, schema.GroupVersion{Group: parts[1], Version: parts[2]})
	default:
		writeError(w, apierrors.NewGenericServerResponse(http.StatusNotFound, r.Method, schema.GroupResource{}, "", r.URL.Path, 0, true))
	}
}

func groupList() metav1.APIGroupList {
	list := metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}}
	seen := map[schema.GroupVersion]bool{{Version: "v1"}: true} // The core group is listed at /api.
	for i := range resources {
		gv := resources[i].GroupVersion()
		if seen[gv] {
			continue
		}
		seen[gv] = true
		entry := metav1.GroupVersionForDiscovery{GroupVersion: gv.String(), Version: gv.Version}
		list.Groups = append(list.Groups, metav1.APIGroup{
			Name:             gv.Group,
			Versions:         []metav1.GroupVersionForDiscovery{entry},
			PreferredVersion: entry,
		})
	}
	return list
}

func serveResourceList(w http.ResponseWriter, gv schema.GroupVersion) {
	list := metav1.APIResourceList{
		TypeMeta:     metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"},
		GroupVersion: gv.String(),
	}
	for i := range resources {
		if res := &resources[i]; res.GroupVersion() == gv {
			list.APIResources = append(list.APIResources, metav1.APIResource{
				Name:         res.plural,
				SingularName: strings.ToLower(res.Kind),
				Namespaced:   res.namespaced,
				Kind:         res.Kind,
				Verbs:        metav1.Verbs{"get", "list", "watch"},
			})
		}
	}
	if len(list.APIResources) == 0 {
		writeError(w, apierrors.NewNotFound(schema.GroupResource{Group: gv.Group}, gv.Version))
		return
	}
	writeJSON(w, http.StatusOK, list)
}

func resourceOf(to target) schema.GroupResource {
	if to.res == nil {
		return schema.GroupResource{}
	}
	return to.res.groupResource()
}
