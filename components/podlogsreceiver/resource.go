// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/tributary-otel/tributary/components/internal/escape"
	"github.com/tributary-otel/tributary/components/internal/tail"
)

// Names of OpenTelemetry's semantic conventions.
const (
	namespaceKey = "k8s.namespace.name"
	podKey       = "k8s.pod.name"
	uidKey       = "k8s.pod.uid"
	containerKey = "k8s.container.name"
	restartKey   = "k8s.container.restart_count"
	streamKey    = "log.iostream"
)

// origin is where the lines of a file come from. It is made once for each file, and again
// when something else is known of the pod; it is never changed.
type origin struct {
	container tail.Container
	restart   int
	resource  pcommon.Resource
	// parser makes attributes of each line; nil makes none.
	parser parser
}

// newOrigin names the container as its folder does, and says what is known of the pod, which
// may be nil.
func newOrigin(id tail.Container, restart int, p *pod, ownPrefix string) *origin {
	o := &origin{container: id, restart: restart, resource: pcommon.NewResource()}
	a := o.resource.Attributes()
	a.EnsureCapacity(5)
	a.PutStr(namespaceKey, escaped(id.Namespace))
	a.PutStr(podKey, escaped(id.Pod))
	a.PutStr(uidKey, escaped(id.UID))
	a.PutStr(containerKey, escaped(id.Name))
	a.PutStr(restartKey, strconv.Itoa(restart))
	if p == nil || p.known == nil {
		return o
	}
	known, said := p.known.Attributes(id.Name, restart), p.said(id)
	a.EnsureCapacity(a.Len() + len(known) + len(said.Attributes))
	for _, attribute := range known {
		a.PutStr(attribute.Key, attribute.Value)
	}
	for _, attribute := range said.Attributes {
		a.PutStr(ownPrefix+attribute.Key, attribute.Value)
	}
	o.parser = parserOf(said.Parser)
	return o
}

// escaped is the name of a folder, which may hold any bytes, as text. A backend may refuse a
// whole request for a name that is none.
func escaped(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	var text strings.Builder
	escape.Write(&text, name)
	return text.String()
}
