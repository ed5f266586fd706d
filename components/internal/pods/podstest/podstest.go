// SPDX-License-Identifier: Apache-2.0

// Package podstest offers the pods that a test sets, as the extension k8s_pods offers those of a
// node.
package podstest

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/tributary-otel/tributary/components/internal/pods"
)

// Provider knows the pods that a test sets. It may be used by several goroutines.
type Provider struct {
	*pods.Manual
	t testing.TB
}

// New returns a Provider that knows nothing yet.
func New(t testing.TB, rules pods.Rules) *Provider {
	return &Provider{Manual: pods.NewManual(rules), t: t}
}

// SetPod adds a pod, or gives it another state.
func (p *Provider) SetPod(pod *corev1.Pod) {
	p.t.Helper()
	p.set(pod, p.Put)
}

// SetNamespace adds a namespace, or gives it another state.
func (p *Provider) SetNamespace(namespace *corev1.Namespace) {
	p.t.Helper()
	p.set(namespace, p.PutNamespace)
}

// DeletePod deletes a pod. While somebody tracks it, it stays known, and longer unless they forget it.
func (p *Provider) DeletePod(pod *corev1.Pod) {
	p.Delete(pods.Key{Namespace: pod.Namespace, Name: pod.Name, UID: string(pod.UID)})
}

func (p *Provider) set(object any, put func([]byte) error) {
	p.t.Helper()
	data, err := json.Marshal(object)
	if err == nil {
		err = put(data)
	}
	if err != nil {
		p.t.Errorf("set %T: %v", object, err)
	}
}
