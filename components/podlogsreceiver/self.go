// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"os"
	"regexp"

	"github.com/tributary-otel/tributary/components/internal/tail"
)

// uidInMount finds the uid of the pod in what the kubelet mounts into each of its
// containers, such as /var/lib/kubelet/pods/<uid>/etc-hosts on /etc/hosts. The volumes
// of other pods, which a process on the node sees as well, have other places.
var uidInMount = regexp.MustCompile(`(?m)^\S+ \S+ \S+ \S*/pods/([0-9a-f-]{32,36})/(?:etc-hosts /etc/hosts|containers/\S+ /dev/termination-log) `)

// self returns what recognizes the pod that the process runs in. Its lines, read and
// printed again by an exporter such as `debug`, would never end.
func self(getenv func(string) string, mounts string) func(tail.Container) bool {
	uid := first(getenv("TRIBUTARY_POD_UID"), getenv("POD_UID"), getenv("K8S_POD_UID"))
	if uid == "" {
		if raw, err := os.ReadFile(mounts); err == nil {
			if found := uidInMount.FindSubmatch(raw); found != nil {
				uid = string(found[1])
			}
		}
	}
	if uid != "" {
		return func(id tail.Container) bool { return id.UID == uid }
	}
	name := first(getenv("TRIBUTARY_POD_NAME"), getenv("POD_NAME"), getenv("K8S_POD_NAME"))
	if name == "" && getenv("KUBERNETES_SERVICE_HOST") != "" {
		// In its own network, a pod is the host.
		name = getenv("HOSTNAME")
	}
	return func(id tail.Container) bool { return name != "" && id.Pod == name }
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
