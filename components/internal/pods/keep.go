// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// How much of the annotations of a pod is kept, in bytes of keys and values. They may be a
// megabyte, for each of a hundred pods.
const (
	maxValueBytes      = 8 << 10
	maxAnnotationBytes = 64 << 10
)

// lastApplied is a copy of the whole manifest that kubectl leaves.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// keepAnnotations returns what is kept of the annotations of a pod. What the rules name and what
// speaks to log collectors comes first, then the others by key. A value is kept as a whole or
// not at all; it counts how many are left out.
func keepAnnotations(all map[string]string, rules *Rules) (kept map[string]string, leftOut int) {
	keys := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		if first := preferred(a, rules); first != preferred(b, rules) {
			if first {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	left := maxAnnotationBytes
	for _, key := range keys {
		value := all[key]
		switch size := len(key) + len(value); {
		case key == lastApplied:
		case len(value) > maxValueBytes, size > left:
			leftOut++
		default:
			if kept == nil {
				kept = make(map[string]string, len(all))
			}
			kept[key] = value
			left -= size
		}
	}
	return kept, leftOut
}

// preferredPrefixes are those of annotations by which people speak to log collectors.
var preferredPrefixes = []string{otelPrefix, "logs.", "k8s.grafana.com/logs."}

func preferred(key string, rules *Rules) bool {
	hasPrefix := func(prefix string) bool { return strings.HasPrefix(key, prefix) }
	return slices.ContainsFunc(preferredPrefixes, hasPrefix) || chooses(rules.Annotations, FromPod, key)
}

// withoutScheme cuts the runtime from a container's id: containerd://<id>.
func withoutScheme(id string) string {
	if _, after, ok := strings.Cut(id, "://"); ok {
		return after
	}
	return id
}

// meta is what is kept of a namespace or a node: its labels and annotations that the rules ask
// for. It is never changed.
type meta struct {
	Name        string            `json:"name"`
	UID         string            `json:"uid,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

func (m *meta) equal(o *meta) bool {
	if m == nil || o == nil {
		return m == o
	}
	return m.Name == o.Name && m.UID == o.UID && maps.Equal(m.Labels, o.Labels) && maps.Equal(m.Annotations, o.Annotations)
}

// parseMeta reads a namespace or a node as the API server sends it.
func parseMeta(data []byte, source Source, rules *Rules) (kept *meta, version string, err error) {
	var api struct {
		Metadata apiMeta `json:"metadata"`
	}
	if err := json.Unmarshal(data, &api); err != nil {
		return nil, "", err
	}
	m := &api.Metadata
	return &meta{
		Name: m.Name, UID: m.UID,
		Labels: chosen(rules.Labels, source, m.Labels), Annotations: chosen(rules.Annotations, source, m.Annotations),
	}, m.ResourceVersion, nil
}
