// SPDX-License-Identifier: Apache-2.0

package kubernetes

import "github.com/tributary-otel/tributary/tests/testkit"

const module = "tests/kubernetes/server"

// The programs of a cluster, in the order in which they are built fastest. The versions are those that server/go.mod pins.
var (
	etcdProgram = testkit.Pinned{
		Name: "etcd", Module: module, Require: "go.etcd.io/etcd/server/v3", Command: "go.etcd.io/etcd/server/v3",
	}
	apiProgram         = kubernetesProgram("kube-apiserver")
	controllersProgram = kubernetesProgram("kube-controller-manager")
	schedulerProgram   = kubernetesProgram("kube-scheduler")
	kubeletProgram     = kubernetesProgram("kubelet")
	proxyProgram       = kubernetesProgram("kube-proxy")
	kubectlProgram     = kubernetesProgram("kubectl")
)

// kubernetesProgram is a command of Kubernetes. Without the variable, it would say that it has no version.
func kubernetesProgram(name string) testkit.Pinned {
	return testkit.Pinned{
		Name: name, Module: module, Require: "k8s.io/kubernetes", Command: "k8s.io/kubernetes/cmd/" + name,
		VersionIn: "k8s.io/component-base/version.gitVersion",
	}
}
