// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/prometheus/otlptranslator"
)

// copiedNames are the prefixes of attributes that carry the name of a
// Kubernetes label or annotation. Alloy and Promtail replace each illegal
// character of those by an underscore, one for one, and dashboards rely on it.
var copiedNames = []string{
	"k8s.pod.label.", "k8s.pod.labels.", "k8s.pod.annotation.", "k8s.pod.annotations.",
	"k8s.namespace.label.", "k8s.namespace.labels.", "k8s.namespace.annotation.", "k8s.namespace.annotations.",
	"k8s.node.label.", "k8s.node.labels.", "k8s.node.annotation.", "k8s.node.annotations.",
	"k8s_pod_label_", "k8s_pod_labels_", "k8s_pod_annotation_", "k8s_pod_annotations_",
}

// maxNameBytes is what Loki accepts as the length of a label name.
const maxNameBytes = 1024

// reserved tells names that are never sent: Loki would store `__tenant_id__` as an
// ordinary label.
func reserved(name string) bool {
	return strings.HasPrefix(name, "__")
}

// lokiName returns the name that Loki knows an attribute by, which always
// matches [a-zA-Z_][a-zA-Z0-9_]*, never begins with two underscores, and is the
// same for the same attribute. The rule is that of Loki's own OTLP endpoint
// (prometheus/otlptranslator: runs of illegal characters become one underscore),
// except for copied Kubernetes names. A name of which nothing would be left,
// such as `日志`, becomes `key_` and eight digits of its SHA-256: one name that
// Loki cannot normalise makes it refuse the whole request.
func lokiName(attribute string) string {
	for _, prefix := range copiedNames {
		if rest, ok := strings.CutPrefix(attribute, prefix); ok && rest != "" {
			return cutName(oneForOne(prefix) + oneForOne(rest))
		}
	}
	name, err := (&otlptranslator.LabelNamer{}).Build(attribute)
	if err != nil {
		sum := sha256.Sum256([]byte(attribute))
		return "key_" + hex.EncodeToString(sum[:4])
	}
	// Only names that are reserved already still begin with two.
	if reserved(name) {
		name = "_" + strings.TrimLeft(name, "_")
	}
	return cutName(name)
}

// oneForOne replaces each illegal character, however many bytes it has, by one
// underscore.
func oneForOne(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, name)
}

func cutName(name string) string {
	return name[:min(len(name), maxNameBytes)]
}

// legalName reports whether a name can be sent as it is.
func legalName(name string) bool {
	if name == "" || len(name) > maxNameBytes || reserved(name) {
		return false
	}
	for i := range len(name) {
		c := name[i]
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// names remembers the Loki names of attributes, because working one out costs
// more than all else that is done for an attribute. It is used by one goroutine.
// What an application invents as keys cannot fill the memory: past maxNames, and
// for keys longer than longName, the names are worked out each time.
type names struct {
	all map[string]*knownName
	// recent are some of them, found without hashing the attribute: records have the
	// same few attributes again and again.
	recent [64]*knownName
}

type knownName struct{ attribute, name string }

const (
	maxNames = 4096
	longName = 256
)

func (n *names) of(attribute string) string {
	place := 0
	if size := len(attribute); size > 0 {
		place = (size + 5*int(attribute[0]) + 3*int(attribute[size-1])) % len(n.recent)
	}
	if known := n.recent[place]; known != nil && known.attribute == attribute {
		return known.name
	}
	known, ok := n.all[attribute]
	if !ok {
		name := lokiName(attribute)
		if len(n.all) >= maxNames || len(attribute) > longName {
			return name
		}
		if n.all == nil {
			n.all = map[string]*knownName{}
		}
		// The attribute points into a batch that is about to go away.
		known = &knownName{strings.Clone(attribute), name}
		n.all[known.attribute] = known
	}
	n.recent[place] = known
	return known.name
}
