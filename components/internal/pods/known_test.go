// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// created is when the pods of these tests were: 2026-11-26 20:27 UTC is minute 29,929,707.
var created = time.Date(2026, 11, 26, 20, 27, 0, 0, time.UTC)

func owned(kind, name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		yes := true
		p.CreationTimestamp = metav1.NewTime(created)
		p.OwnerReferences = append(p.OwnerReferences,
			metav1.OwnerReference{Kind: "Other", Name: "other", UID: "o"},
			metav1.OwnerReference{Kind: kind, Name: name, UID: "uid-owner", Controller: &yes})
	}
}

func labelled(pairs ...string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Labels = pairsOf(pairs) }
}

func annotated(pairs ...string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Annotations = pairsOf(pairs) }
}

func pairsOf(pairs []string) map[string]string {
	m := map[string]string{}
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		m[key] = value
	}
	return m
}

// runs gives the pod a container of an image.
func runs(name, image string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: name, Image: image})
	}
}

// know returns what follows from a pod.
func know(t testing.TB, p *corev1.Pod, rules Rules) *Known {
	t.Helper()
	return &Known{rules: &rules, pod: parsed(t, p, &rules)}
}

// text writes attributes as a line.
func text(attributes []Attribute) string {
	parts := make([]string, len(attributes))
	for i, a := range attributes {
		parts[i] = a.Key + "=" + a.Value
	}
	return strings.Join(parts, " ")
}

func TestOwners(t *testing.T) {
	rules := Rules{Metadata: []string{
		"k8s.deployment.name", "k8s.replicaset.name", "k8s.replicaset.uid", "k8s.statefulset.name", "k8s.statefulset.uid",
		"k8s.daemonset.name", "k8s.daemonset.uid", "k8s.cronjob.name", "k8s.job.name", "k8s.job.uid",
	}}
	for _, tt := range []struct {
		name string
		pod  []func(*corev1.Pod)
		want string
	}{
		{"nobody", nil, ""},
		{"the deployment of a replica set", []func(*corev1.Pod){labelled("pod-template-hash=7d4b9c6f5d"), owned("ReplicaSet", "web-7d4b9c6f5d")},
			"k8s.deployment.name=web k8s.replicaset.name=web-7d4b9c6f5d k8s.replicaset.uid=uid-owner"},
		{"a replica set of its own", []func(*corev1.Pod){owned("ReplicaSet", "web-7d4b9c6f5d")},
			"k8s.replicaset.name=web-7d4b9c6f5d k8s.replicaset.uid=uid-owner"},
		{"a replica set with another's hash", []func(*corev1.Pod){labelled("pod-template-hash=abc"), owned("ReplicaSet", "web-7d4b9c6f5d")},
			"k8s.replicaset.name=web-7d4b9c6f5d k8s.replicaset.uid=uid-owner"},
		{"a stateful set", []func(*corev1.Pod){owned("StatefulSet", "db")}, "k8s.statefulset.name=db k8s.statefulset.uid=uid-owner"},
		{"a daemon set", []func(*corev1.Pod){owned("DaemonSet", "agent")}, "k8s.daemonset.name=agent k8s.daemonset.uid=uid-owner"},
		{"a job", []func(*corev1.Pod){owned("Job", "migrate")}, "k8s.job.name=migrate k8s.job.uid=uid-owner"},
		{"the cron job of a job", []func(*corev1.Pod){owned("Job", "back-up-29929707")},
			"k8s.cronjob.name=back-up k8s.job.name=back-up-29929707 k8s.job.uid=uid-owner"},
		{"a pod of it that was made again a day later", []func(*corev1.Pod){owned("Job", "back-up-29928300")},
			"k8s.cronjob.name=back-up k8s.job.name=back-up-29928300 k8s.job.uid=uid-owner"},
		{"a job that ends in a date", []func(*corev1.Pod){owned("Job", "back-up-20261126")}, "k8s.job.name=back-up-20261126 k8s.job.uid=uid-owner"},
		{"a job that ends in other digits", []func(*corev1.Pod){owned("Job", "back-up-2992970")}, "k8s.job.name=back-up-2992970 k8s.job.uid=uid-owner"},
		{"a job that is nothing but digits", []func(*corev1.Pod){owned("Job", "29929707")}, "k8s.job.name=29929707 k8s.job.uid=uid-owner"},
		{"a job with a sign", []func(*corev1.Pod){owned("Job", "back-up-+9929707")}, "k8s.job.name=back-up-+9929707 k8s.job.uid=uid-owner"},
		{"something else", []func(*corev1.Pod){owned("Node", "node-a")}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, text(know(t, podOf("shop", "web", "1", tt.pod...), rules).Attributes("app", 0)))
		})
	}
}

func TestServiceName(t *testing.T) {
	const prefix = "resource.opentelemetry.io/"
	everything := []func(*corev1.Pod){
		labelled("app.kubernetes.io/instance=instance", "app.kubernetes.io/name=name", "pod-template-hash=7d4b"),
		annotated(prefix + "service.name=annotation"), owned("ReplicaSet", "deploy-7d4b"), runs("app", "img:1"),
	}
	for _, tt := range []struct {
		name             string
		pod              []func(*corev1.Pod)
		otel, monitoring string
	}{
		{"annotation", everything, "annotation", "annotation"},
		{"instance", append(everything[:3:3], annotated()), "instance", "name"},
		{"name", []func(*corev1.Pod){labelled("app.kubernetes.io/name=name"), owned("StatefulSet", "db")}, "name", "name"},
		{"deployment", []func(*corev1.Pod){labelled("pod-template-hash=7d4b"), owned("ReplicaSet", "deploy-7d4b")}, "deploy", "app"},
		{"replica set", []func(*corev1.Pod){owned("ReplicaSet", "rs-7d4b")}, "rs-7d4b", "app"},
		{"stateful set", []func(*corev1.Pod){owned("StatefulSet", "db")}, "db", "app"},
		{"daemon set", []func(*corev1.Pod){owned("DaemonSet", "agent")}, "agent", "app"},
		{"cron job", []func(*corev1.Pod){owned("Job", "cron-29929707")}, "cron", "app"},
		{"job", []func(*corev1.Pod){owned("Job", "once")}, "once", "app"},
		{"pod", nil, "web", "app"},
		{"an empty annotation is none", []func(*corev1.Pod){annotated(prefix + "service.name=")}, "web", "app"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pod := podOf("shop", "web", "1", tt.pod...)
			for order, want := range map[Order]string{"": tt.otel, OrderOTel: tt.otel, OrderK8sMonitoring: tt.monitoring} {
				rules := Rules{Metadata: []string{"service.name"}, ServiceName: order, OTelAnnotations: true}
				assert.Equal(t, "service.name="+want, text(know(t, pod, rules).Attributes("app", 0)), "order %q", order)
			}
		})
	}
}

func TestServiceAttributes(t *testing.T) {
	all := []string{"service.namespace", "service.instance.id", "service.version"}
	const prefix = "resource.opentelemetry.io/"
	for _, tt := range []struct {
		name string
		pod  []func(*corev1.Pod)
		want string
	}{
		{"from the pod", []func(*corev1.Pod){runs("app", "reg:5000/img:1.2")},
			"service.instance.id=shop.web.app service.namespace=shop service.version=1.2"},
		{"tag and digest", []func(*corev1.Pod){runs("app", "img:1.2@sha256:ab")},
			"service.instance.id=shop.web.app service.namespace=shop service.version=1.2@sha256:ab"},
		{"digest", []func(*corev1.Pod){runs("app", "reg:5000/img@sha256:ab")},
			"service.instance.id=shop.web.app service.namespace=shop service.version=sha256:ab"},
		{"neither", []func(*corev1.Pod){runs("app", "reg:5000/img")}, "service.instance.id=shop.web.app service.namespace=shop"},
		{"a container that is not in the pod", nil, "service.instance.id=shop.web.app service.namespace=shop"},
		{"the label of the version", []func(*corev1.Pod){runs("app", "img:1.2"), labelled("app.kubernetes.io/version=9")},
			"service.instance.id=shop.web.app service.namespace=shop service.version=9"},
		{"annotations", []func(*corev1.Pod){
			runs("app", "img:1.2"), labelled("app.kubernetes.io/version=9"),
			annotated(prefix+"service.version=10", prefix+"service.namespace=ns", prefix+"service.instance.id=id"),
		}, "service.instance.id=id service.namespace=ns service.version=10"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rules := Rules{Metadata: all, OTelAnnotations: true}
			assert.Equal(t, tt.want, text(know(t, podOf("shop", "web", "1", tt.pod...), rules).Attributes("app", 0)))
		})
	}
}

func TestWhatWins(t *testing.T) {
	rules := Rules{Metadata: []string{"service.name"}, Labels: []Field{{Key: "app", TagName: "service.name"}}, OTelAnnotations: true}
	app := labelled("app=label", "app.kubernetes.io/name=name")
	assert.Equal(t, "service.name=label", text(know(t, podOf("shop", "web", "1", app), rules).Attributes("app", 0)))
	note := annotated("resource.opentelemetry.io/service.name=annotation")
	assert.Equal(t, "service.name=annotation", text(know(t, podOf("shop", "web", "1", app, note), rules).Attributes("app", 0)))
}

func TestAnnotationsOfOTel(t *testing.T) {
	const prefix = "resource.opentelemetry.io/"
	pod := podOf("shop", "web", "1", annotated(
		prefix+"deployment.environment.name=prod", prefix+"k8s.cluster.name=c1", prefix+"=nothing", "other=x",
		prefix+"k8s.namespace.name=bank", prefix+"k8s.pod.name=vault", prefix+"k8s.pod.uid=2", prefix+"container.id=3",
		prefix+"k8s.container.name=c", prefix+"k8s.container.restart_count=7", prefix+"k8s.node.name=n"))
	meta := []string{"k8s.pod.name", "k8s.namespace.name"}
	assert.Equal(t, "deployment.environment.name=prod k8s.cluster.name=c1 k8s.namespace.name=shop k8s.pod.name=web",
		text(know(t, pod, Rules{Metadata: meta, OTelAnnotations: true}).Attributes("app", 0)),
		"an owner does not pass off his lines as those of another pod")
	assert.Equal(t, "k8s.namespace.name=shop k8s.pod.name=web", text(know(t, pod, Rules{Metadata: meta}).Attributes("app", 0)))
}

func TestFields(t *testing.T) {
	regex := func(s string) Field {
		compiled, err := CompileKey(s)
		require.NoError(t, err)
		return Field{KeyRegex: compiled}
	}
	tagged := func(f Field, tag string) Field { f.TagName = tag; return f }
	pod := podOf("shop", "web", "1", labelled("team/a=1", "team/b=2", "my-team/c=3", "empty="), annotated("note=n"))
	for _, tt := range []struct {
		name                string
		labels, annotations []Field
		want                string
	}{
		{"nothing", nil, nil, ""},
		{"a key", []Field{{Key: "team/a"}}, nil, "k8s.pod.labels.team/a=1"},
		{"a key under another name", []Field{{Key: "team/a", TagName: "team"}}, nil, "team=1"},
		{"a key that is not there", []Field{{Key: "team/x"}}, nil, ""},
		{"an empty value of a key", []Field{{Key: "empty"}}, nil, "k8s.pod.labels.empty="},
		{"an annotation", nil, []Field{{Key: "note"}}, "k8s.pod.annotations.note=n"},
		{"an expression for whole keys", []Field{regex("team/.*")}, nil, "k8s.pod.labels.team/a=1 k8s.pod.labels.team/b=2"},
		{"alternatives are whole keys, too", []Field{regex("team/a|team")}, nil, "k8s.pod.labels.team/a=1"},
		{"a group", []Field{tagged(regex("team/(.*)"), "t.$1")}, nil, "t.a=1 t.b=2"},
		{"a named group", []Field{tagged(regex("(?P<who>.*)/c"), "${who}.c")}, nil, "my-team.c=3"},
		{"several keys of one name: the last one", []Field{tagged(regex("team/.*"), "team")}, nil, "team=2"},
		{"everything but what is empty", []Field{regex("e.*")}, nil, ""},
		{"another object", []Field{{Key: "team/a", From: FromNamespace}}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, text(know(t, pod, Rules{Labels: tt.labels, Annotations: tt.annotations}).Attributes("app", 0)))
		})
	}
	_, err := CompileKey("team(")
	require.ErrorContains(t, err, "error parsing regexp: missing closing ): `team(`")
}

func TestContainers(t *testing.T) {
	rules := Rules{Metadata: []string{
		"container.id", "container.image.name", "container.image.repo_digests", "container.image.tag", "container.image.tags", "k8s.container.name",
	}}
	status := func(name string, restarts int32, id, last string) corev1.ContainerStatus {
		s := corev1.ContainerStatus{Name: name, RestartCount: restarts, ContainerID: "containerd://" + id, ImageID: "docker-pullable://reg/" + name + "@sha256:ab"}
		if last != "" {
			s.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ContainerID: "containerd://" + last}
		}
		return s
	}
	pod := podOf("shop", "web", "1", runs("app", "reg:5000/app:1.0"), runs("side", "side"))
	pod.Spec.InitContainers = []corev1.Container{{Name: "init", Image: "init@sha256:cd"}}
	pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug", Image: "busybox:2"}}}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{status("app", 2, "app2", "app1"), {Name: "side", ImageID: "sha256:ef"}}
	pod.Status.InitContainerStatuses = []corev1.ContainerStatus{status("init", 0, "init0", "")}
	pod.Status.EphemeralContainerStatuses = []corev1.ContainerStatus{status("debug", 0, "debug0", "")}
	k := know(t, pod, rules)
	const app = "container.image.name=reg:5000/app container.image.repo_digests=reg/app@sha256:ab container.image.tag=1.0 container.image.tags=1.0 k8s.container.name=app"
	for _, tt := range []struct {
		name    string
		restart int
		want    string
	}{
		{"app", 2, "container.id=app2 " + app},
		{"app", 1, "container.id=app1 " + app},
		{"app", 0, app},
		{"side", 0, "container.image.name=side container.image.tag=latest container.image.tags=latest k8s.container.name=side"},
		{"init", 0, "container.id=init0 container.image.name=init container.image.repo_digests=reg/init@sha256:ab k8s.container.name=init"},
		{"debug", 0, "container.id=debug0 container.image.name=busybox container.image.repo_digests=reg/debug@sha256:ab " +
			"container.image.tag=2 container.image.tags=2 k8s.container.name=debug"},
		{"other", 0, "k8s.container.name=other"},
	} {
		assert.Equal(t, tt.want, text(k.Attributes(tt.name, tt.restart)), "%s, restart %d", tt.name, tt.restart)
	}

	// A container that waits for its next start has ended, and is the last one that ended.
	waits := podOf("shop", "web", "1", runs("app", "app"))
	waits.Status.ContainerStatuses = []corev1.ContainerStatus{status("app", 2, "app2", "app2")}
	k = know(t, waits, Rules{Metadata: []string{"container.id"}})
	assert.Equal(t, "container.id=app2", text(k.Attributes("app", 2)))
	assert.Empty(t, k.Attributes("app", 1))
}

func TestTheIDsOfEarlierStartsStay(t *testing.T) {
	rules := Rules{Metadata: []string{"container.id"}}
	c := newCache(&rules)
	tracked := c.Track(Key{"shop", "web", "1"})
	for restart := range 40 {
		pod := podOf("shop", "web", "1", runs("app", "app"))
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "app", RestartCount: int32(restart), ContainerID: fmt.Sprintf("cri-o://id%d", restart)}}
		c.put(parsed(t, pod, &rules))
	}
	c.put(parsed(t, podOf("shop", "web", "1", runs("app", "app")), &rules))
	for restart := range 40 {
		want := ""
		if restart >= 40-keptIDs {
			want = fmt.Sprintf("container.id=id%d", restart)
		}
		assert.Equal(t, want, text(tracked.Known().Attributes("app", restart)))
	}
}

func TestMetadataOfPods(t *testing.T) {
	pod := podOf("shop", "web", "1")
	pod.Spec.Hostname, pod.Status.PodIP, pod.CreationTimestamp = "host", "10.1.2.3", metav1.NewTime(created)
	rules := Rules{Metadata: []string{
		"k8s.namespace.name", "k8s.pod.name", "k8s.pod.uid", "k8s.pod.hostname", "k8s.pod.ip", "k8s.pod.start_time", "k8s.node.name", "k8s.node.uid",
	}}
	const rest = "k8s.namespace.name=shop k8s.node.name=node-a k8s.pod.hostname=host k8s.pod.ip=10.1.2.3 k8s.pod.name=web k8s.pod.start_time=%s k8s.pod.uid=1"
	assert.Equal(t, fmt.Sprintf(rest, "2026-11-26T20:27:00Z"), text(know(t, pod, rules).Attributes("app", 0)))
	started := metav1.NewTime(created.Add(time.Minute))
	pod.Status.StartTime = &started
	assert.Equal(t, fmt.Sprintf(rest, "2026-11-26T20:28:00Z"), text(know(t, pod, rules).Attributes("app", 0)))

	k := know(t, pod, Rules{Metadata: []string{"k8s.node.uid"}})
	k.node = &meta{Name: "node-b", UID: "2"}
	assert.Empty(t, k.Attributes("app", 0), "the uid of another node")
	for _, name := range MetadataNames {
		assert.NotContains(t, name, " ")
	}
}

func TestAnnotationsAreBounded(t *testing.T) {
	large, fits := strings.Repeat("x", maxValueBytes+1), strings.Repeat("x", maxValueBytes-100)
	all := map[string]string{
		lastApplied: "{}", "large": large, "z.named": fits, "resource.opentelemetry.io/z": "1", "logs.tributary/parser": "json",
	}
	for i := range 100 {
		all[fmt.Sprintf("filler/%02d", i)] = fits
	}
	pod := podOf("shop", "web", "1")
	pod.Annotations = all
	rules := Rules{Annotations: []Field{{Key: "z.named"}}}
	kept := parsed(t, pod, &rules)
	assert.NotContains(t, kept.Annotations, lastApplied)
	assert.NotContains(t, kept.Annotations, "large")
	assert.Equal(t, "1", kept.Annotations["resource.opentelemetry.io/z"])
	assert.Equal(t, "json", kept.Annotations["logs.tributary/parser"])
	assert.Equal(t, fits, kept.Annotations["z.named"])
	size := 0
	for key, value := range kept.Annotations {
		size += len(key) + len(value)
	}
	assert.LessOrEqual(t, size, maxAnnotationBytes)
	assert.Greater(t, size, maxAnnotationBytes-maxValueBytes)
	assert.Contains(t, kept.Annotations, "filler/00")
	assert.NotContains(t, kept.Annotations, "filler/99")
	_, _, leftOut, err := parsePod([]byte(encode(pod)), &rules)
	require.NoError(t, err)
	assert.Equal(t, 1+100-(len(kept.Annotations)-3), leftOut)
}

func TestKeys(t *testing.T) {
	for folder, want := range map[string]Key{
		"shop_web-1_6a": {"shop", "web-1", "6a"},
		"shop_web_6a_x": {},
		"shop_web":      {},
		"_web_6a":       {},
		"shop__6a":      {},
		"shop_web_":     {},
		"":              {},
		"kube-system_etcd-node-a_0123456789abcdef0123456789abcdef": {"kube-system", "etcd-node-a", "0123456789abcdef0123456789abcdef"},
	} {
		key, ok := ParseKey(folder)
		assert.Equal(t, want, key)
		assert.Equal(t, want != Key{}, ok, folder)
		if ok {
			assert.Equal(t, folder, key.String())
		}
	}
}
