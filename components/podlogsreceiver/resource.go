// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"

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
	a.PutStr(namespaceKey, id.Namespace)
	a.PutStr(podKey, id.Pod)
	a.PutStr(uidKey, id.UID)
	a.PutStr(containerKey, id.Name)
	a.PutStr(restartKey, strconv.Itoa(f.Restart()))
	return o
}
