// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/components/internal/tail"
)

func TestWhichContainersAreRead(t *testing.T) {
	id := tail.Container{Namespace: "shop", Pod: "web-0", UID: "uid-1", Name: "main"}
	for _, tt := range []struct {
		name string
		choice
		want bool
	}{
		{"all", choice{}, true},
		{"a namespace", choice{include: Selection{Namespaces: []string{"shop"}}}, true},
		{"another namespace", choice{include: Selection{Namespaces: []string{"sho"}}}, false},
		{"one of several", choice{include: Selection{Namespaces: []string{"x", "s?op"}}}, true},
		{"a pod", choice{include: Selection{Pods: []string{"web-*"}}}, true},
		{"a container", choice{include: Selection{Containers: []string{"[a-m]ain"}}}, true},
		{"all parts have to match", choice{include: Selection{Namespaces: []string{"shop"}, Containers: []string{"sidecar"}}}, false},
		{"an excluded namespace", choice{exclude: Selection{Namespaces: []string{"shop"}}}, false},
		{"an excluded pod", choice{exclude: Selection{Pods: []string{"web-0"}}}, false},
		{"an excluded container", choice{exclude: Selection{Containers: []string{"*"}}}, false},
		{"exclude goes before include", choice{include: Selection{Namespaces: []string{"shop"}}, exclude: Selection{Containers: []string{"main"}}}, false},
		{"another one is excluded", choice{exclude: Selection{Pods: []string{"web-1"}}}, true},
		{"the pod itself", choice{self: func(c tail.Container) bool { return c.UID == "uid-1" }}, false},
		{"another pod than itself", choice{self: func(c tail.Container) bool { return c.UID == "uid-2" }}, true},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, tt.wants(id)) })
	}
}

const (
	ownUID   = "0f6a2b1c-77aa-4c0e-9d5f-1c2d3e4f5a6b"
	otherUID = "99999999-77aa-4c0e-9d5f-1c2d3e4f5a6b"
	// What the kernel says to a container, and to a process on the node or with its
	// folders mounted.
	overlay    = "841 739 0:110 / / rw,relatime master:280 - overlay overlay rw,lowerdir=/var/lib/containerd/x\n"
	hostVolume = "620 26 0:52 / /var/lib/kubelet/pods/" + otherUID + "/volumes/kubernetes.io~projected/token rw,relatime shared:300 - tmpfs tmpfs rw\n"
	seenVolume = "621 26 259:1 /var/lib/kubelet/pods/" + otherUID + "/volumes/x /host/x rw - ext4 /dev/nvme0n1p1 rw\n"
	termLog    = "862 841 259:1 /var/lib/kubelet/pods/" + ownUID + "/containers/tributary/1f0c /dev/termination-log rw,relatime - ext4 /dev/nvme0n1p1 rw\n"
	etcHosts   = "861 841 259:1 /var/lib/kubelet/pods/" + ownUID + "/etc-hosts /etc/hosts rw,relatime - ext4 /dev/nvme0n1p1 rw\n"
	etcHosts2  = "861 841 259:3 /pods/" + ownUID + "/etc-hosts /etc/hosts rw,relatime - ext4 /dev/nvme0n1p3 rw\n"
	staticUID  = "3ab6fd1e0f9b4b3c8d7e6f5a4b3c2d1e"
)

func TestThePodItselfIsRecognized(t *testing.T) {
	type env = map[string]string
	for _, tt := range []struct {
		name   string
		env    env
		mounts string
		want   tail.Container // the one that is left out
	}{
		{"by a variable", env{"POD_UID": ownUID}, "", tail.Container{UID: ownUID}},
		{"by Tributary's variable before others", env{"POD_UID": otherUID, "TRIBUTARY_POD_UID": ownUID}, "", tail.Container{UID: ownUID}},
		{"by the mount of /etc/hosts", nil, overlay + etcHosts, tail.Container{UID: ownUID}},
		{"by the mount of the termination log", nil, overlay + termLog, tail.Container{UID: ownUID}},
		{"with the kubelet's folder on a disk of its own", nil, overlay + etcHosts2, tail.Container{UID: ownUID}},
		{"a static pod", nil, "861 841 259:1 /var/lib/kubelet/pods/" + staticUID + "/etc-hosts /etc/hosts rw - ext4 /dev/x rw\n", tail.Container{UID: staticUID}},
		{"although it sees volumes of other pods", nil, hostVolume + seenVolume + etcHosts, tail.Container{UID: ownUID}},
		{"on the node, where it sees volumes of all", nil, hostVolume + seenVolume, tail.Container{}},
		{"by its name", env{"POD_NAME": "me"}, overlay, tail.Container{Pod: "me"}},
		{"by the host name in a cluster", env{"KUBERNETES_SERVICE_HOST": "10.0.0.1", "HOSTNAME": "me"}, overlay, tail.Container{Pod: "me"}},
		{"not by the host name elsewhere", env{"HOSTNAME": "me"}, overlay, tail.Container{}},
		{"not at all", nil, "", tail.Container{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mounts := filepath.Join(t.TempDir(), "mountinfo")
			require.NoError(t, os.WriteFile(mounts, []byte(tt.mounts), 0o600))
			is := self(func(key string) string { return tt.env[key] }, mounts)
			if tt.want != (tail.Container{}) {
				assert.True(t, is(tt.want))
			}
			for _, other := range []tail.Container{{UID: otherUID}, {Pod: "other"}, {UID: "x", Pod: "x"}, {}} {
				assert.False(t, is(other), other)
			}
			if tt.want == (tail.Container{}) {
				assert.False(t, is(tail.Container{UID: ownUID, Pod: "me"}))
			}
		})
	}
	assert.False(t, self(func(string) string { return "" }, "/does/not/exist")(tail.Container{}))
}
