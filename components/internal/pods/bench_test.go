// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// usual is a pod as there are many: two containers, ten labels, some annotations.
func usual(i, annotationBytes int) *corev1.Pod {
	p := podOf(fmt.Sprintf("namespace-%d", i%20), fmt.Sprintf("web-7d4b9c6f5d-%05d", i), fmt.Sprintf("0f9c7c9e-7b1b-4c51-9b0e-%012d", i),
		owned("ReplicaSet", "web-7d4b9c6f5d"), runs("app", "registry.example/team/app:1.2.3"), runs("proxy", "registry.example/mesh/proxy:1.20"))
	for j := range 10 {
		p.Labels[fmt.Sprintf("app.kubernetes.io/label-%d", j)] = fmt.Sprintf("value-%d", j)
	}
	p.Annotations = map[string]string{lastApplied: strings.Repeat("m", 4000), "prometheus.io/scrape": "true", "sidecar/inject": "true"}
	for j := 0; j < annotationBytes; j += 4000 {
		p.Annotations[fmt.Sprintf("large/%d", j)] = strings.Repeat("x", 4000)
	}
	for j, name := range []string{"app", "proxy"} {
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: name, ContainerID: fmt.Sprintf("containerd://%064d", 2*i+j), ImageID: fmt.Sprintf("registry.example/%s@sha256:%064d", name, j),
		})
	}
	return p
}

// BenchmarkHeap measures what 110 pods take, all of them tracked, with the attributes of their containers.
func BenchmarkHeap(b *testing.B) {
	rules := Rules{Metadata: []string{
		"k8s.node.name", "k8s.deployment.name", "service.name", "service.namespace", "service.version", "service.instance.id", "container.id",
	}, OTelAnnotations: true}
	for _, bb := range []struct {
		name  string
		bytes int
	}{{"usual", 0}, {"1MB of annotations each", 1 << 20}} {
		b.Run(bb.name, func(b *testing.B) {
			objects := make([][]byte, 110)
			for i := range objects {
				objects[i] = []byte(encode(usual(i, bb.bytes)))
			}
			var before, after runtime.MemStats
			for b.Loop() {
				runtime.GC()
				runtime.ReadMemStats(&before)
				c := newCache(&rules)
				for _, object := range objects {
					p, _, _, err := parsePod(object, &rules)
					if err != nil {
						b.Fatal(err)
					}
					c.put(p)
					known := c.Track(p.key()).Known()
					known.Attributes("app", 0)
					known.Attributes("proxy", 0)
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				runtime.KeepAlive(c)
			}
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1024, "KiB")
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1024/110, "KiB/pod")
		})
	}
}

func BenchmarkParse(b *testing.B) {
	object := []byte(encode(usual(1, 0)))
	b.SetBytes(int64(len(object)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, _, err := parsePod(object, &Rules{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkKnown(b *testing.B) {
	c := newCache(&Rules{Metadata: []string{"service.name"}})
	p, _, _, err := parsePod([]byte(encode(usual(1, 0))), c.rules)
	if err != nil {
		b.Fatal(err)
	}
	c.put(p)
	tracked := c.Track(p.key())
	b.ReportAllocs()
	for b.Loop() {
		tracked.Known().Attributes("app", 0)
	}
}
