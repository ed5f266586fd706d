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

// origin is where the lines of a file come from. It is made once for each file.
type origin struct {
	container tail.Container
	resource  pcommon.Resource
}

func newOrigin(f *tail.File) *origin {
	id := f.Container()
	o := &origin{container: id, resource: pcommon.NewResource()}
	a := o.resource.Attributes()
	a.EnsureCapacity(5)
	a.PutStr(namespaceKey, escaped(id.Namespace))
	a.PutStr(podKey, escaped(id.Pod))
	a.PutStr(uidKey, escaped(id.UID))
	a.PutStr(containerKey, escaped(id.Name))
	a.PutStr(restartKey, strconv.Itoa(f.Restart()))
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
