// SPDX-License-Identifier: Apache-2.0

package kubernetes

import "github.com/tributary-otel/tributary/tests/testkit"

const module = "tests/kubernetes/server"

// The programs of a cluster, in the order in which they are built fastest. The versions are those that server/go.mod pins.
var (
	EtcdProgram = testkit.Pinned{
		Name: "etcd", Module: module, Require: "go.etcd.io/etcd/server/v3", Command: "go.etcd.io/etcd/server/v3",
	}
	APIProgram         = kubernetesProgram("kube-apiserver")
	ControllersProgram = kubernetesProgram("kube-controller-manager")
	SchedulerProgram   = kubernetesProgram("kube-scheduler")
	KubeletProgram     = kubernetesProgram("kubelet")
	ProxyProgram       = kubernetesProgram("kube-proxy")
	KubectlProgram     = kubernetesProgram("kubectl")
)

// kubernetesProgram is a command of Kubernetes. Without the variable, it would say that it has no version.
func kubernetesProgram(name string) testkit.Pinned {
	return testkit.Pinned{
		Name: name, Module: module, Require: "k8s.io/kubernetes", Command: "k8s.io/kubernetes/cmd/" + name,
		VersionIn: "k8s.io/component-base/version.gitVersion",
	}
}
