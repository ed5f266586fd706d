// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tributary-otel/tributary/components/internal/pods"
	"github.com/tributary-otel/tributary/components/internal/pods/podstest"
	"github.com/tributary-otel/tributary/components/internal/ratelimit"
	"github.com/tributary-otel/tributary/components/internal/tail"
	"github.com/tributary-otel/tributary/components/podlogsreceiver/internal/metadata"
)

// cluster is a node whose pods somebody knows.
type cluster struct {
	*node
	provider *podstest.Provider
	sink     *consumertest.LogsSink
}

// known is the extension.
type known struct {
	component.StartFunc
	component.ShutdownFunc
	*podstest.Provider
}

func newCluster(t *testing.T) *cluster {
	c := &cluster{node: newNode(t), sink: &consumertest.LogsSink{}}
	c.provider = podstest.New(t, pods.Rules{
		Metadata: []string{"k8s.node.name", "k8s.pod.uid"}, Labels: []pods.Field{{Key: "app", TagName: "app"}},
	})
	id := component.MustNewID("k8s_pods")
	c.config.Metadata = &id
	c.extensions = map[component.ID]component.Component{id: known{Provider: c.provider}}
	c.next = c.sink
	return c
}

type (
	has  = map[string]string
	says = map[string]string
)

func apiPod(name, uid string, labels has, annotations says) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(uid), Labels: labels, Annotations: annotations},
		Spec:       corev1.PodSpec{NodeName: "node-a"},
	}
}

// records are what was delivered, as `body {resource attribute} {record attribute}` of the attributes named.
func (c *cluster) records(names ...string) (list []string) {
	for _, logs := range c.sink.AllLogs() {
		for _, r := range logs.ResourceLogs().All() {
			for _, s := range r.ScopeLogs().All() {
				for _, record := range s.LogRecords().All() {
					text := record.Body().AsString()
					for _, name := range names {
						v, ok := r.Resource().Attributes().Get(name)
						if !ok {
							v, ok = record.Attributes().Get(name)
						}
						if ok {
							text += " " + name + "=" + v.AsString()
						}
					}
					list = append(list, text)
				}
			}
		}
	}
	return list
}

// knows sets a pod and waits until the receiver has taken that: what is written from then on is read by it.
func (c *cluster) knows(pod *corev1.Pod) {
	c.t.Helper()
	c.provider.SetPod(pod)
	require.Eventually(c.t, func() bool { return c.provider.Untaken() == 0 }, patience, time.Millisecond)
}

// gets waits until exactly these records have come.
func (c *cluster) gets(names []string, want ...string) {
	c.t.Helper()
	require.Eventually(c.t, func() bool { return len(c.records()) >= len(want) }, patience, 5*time.Millisecond, "%q", c.records())
	require.Equal(c.t, want, c.records(names...))
}

func (c *cluster) counted(kind tail.Trouble, n int64) {
	c.t.Helper()
	require.Eventually(c.t, func() bool { return c.receiver.trouble.Of(kind) == n }, patience, 5*time.Millisecond, "%s", kind)
}

var app = []string{"app", "k8s.node.name"}

func TestTheFirstLineOfAPodHasItsMetadata(t *testing.T) {
	c := newCluster(t)
	c.config.MetadataTimeout = time.Hour
	c.provider.SetPod(apiPod("web-0", "uid-1", has{"app": "web"}, nil))
	c.start()
	c.write(web, "0.log", cri("known before"))
	c.gets(app, "known before app=web k8s.node.name=node-a")
	c.write("shop_web-1_uid-2/main", "0.log", cri("not yet known"))
	c.write(web, "0.log", cri("others go on"))
	c.gets(app, "known before app=web k8s.node.name=node-a", "others go on app=web k8s.node.name=node-a")
	c.provider.SetPod(apiPod("web-1", "uid-2", has{"app": "late"}, nil))
	c.gets(app, "known before app=web k8s.node.name=node-a", "others go on app=web k8s.node.name=node-a", "not yet known app=late k8s.node.name=node-a")
	assert.Zero(t, c.receiver.trouble.Of(unknownPod))
}

func TestALineIsNotKeptBackForEverForItsMetadata(t *testing.T) {
	c := newCluster(t)
	c.config.MetadataTimeout = 300 * time.Millisecond
	c.start()
	begin := time.Now()
	c.write(web, "0.log", cri("one"))
	c.gets([]string{"app", podKey, uidKey}, "one k8s.pod.name=web-0 k8s.pod.uid=uid-1")
	assert.GreaterOrEqual(t, time.Since(begin), c.config.MetadataTimeout)
	c.counted(unknownPod, 1)
	c.knows(apiPod("web-0", "uid-1", has{"app": "web"}, nil))
	c.write(web, "0.log", cri("two"))
	c.gets(app, "one", "two app=web k8s.node.name=node-a")
	c.knows(apiPod("web-0", "uid-1", has{"app": "changed"}, nil))
	c.write(web, "0.log", cri("three"))
	c.gets(app, "one", "two app=web k8s.node.name=node-a", "three app=changed k8s.node.name=node-a")
	assert.EqualValues(t, 1, c.receiver.trouble.Of(unknownPod))
}

func TestAPodThatIsGoneBeforeItIsKnownLosesNothing(t *testing.T) {
	c := newCluster(t)
	c.config.MetadataTimeout = time.Hour
	c.start()
	c.write(web, "0.log", cri("one", "two"))
	require.Eventually(t, func() bool { return c.receiver.tail.Gauges().Reading == 1 }, patience, 5*time.Millisecond)
	require.NoError(t, os.RemoveAll(filepath.Join(c.pods, "shop_web-0_uid-1")))
	c.restart() // It waits on, in the copy.
	require.Equal(t, 1, c.logs.FilterField(zap.String("kind", "spilled")).Len())
	c.provider.SetPod(apiPod("web-0", "uid-1", has{"app": "web"}, nil))
	c.gets(app, "one app=web k8s.node.name=node-a", "two app=web k8s.node.name=node-a")
}

func TestPodsAreChosenByWhatTheyHave(t *testing.T) {
	for name, tt := range map[string]struct {
		config func(*Config)
		has
		says
		want bool
	}{
		"without a selector":                  {func(*Config) {}, nil, nil, true},
		"a label that is there":               {func(c *Config) { c.Include.PodLabels = "app=web" }, has{"app": "web"}, nil, true},
		"a label with another value":          {func(c *Config) { c.Include.PodLabels = "app=web" }, has{"app": "db"}, nil, false},
		"a label that must not be there":      {func(c *Config) { c.Include.PodLabels = "!app" }, has{"app": "web"}, nil, false},
		"a label that is excluded":            {func(c *Config) { c.Exclude.PodLabels = "app in (web,db)" }, has{"app": "web"}, nil, false},
		"another label is excluded":           {func(c *Config) { c.Exclude.PodLabels = "app in (web,db)" }, has{"app": "x"}, nil, true},
		"no label, and some are excluded":     {func(c *Config) { c.Exclude.PodLabels = "app in (web,db)" }, nil, nil, true},
		"an annotation that is there":         {func(c *Config) { c.Include.PodAnnotations = annotationsAre("a/b", "on", "y*") }, nil, says{"a/b": "yes"}, true},
		"an annotation with another value":    {func(c *Config) { c.Include.PodAnnotations = annotationsAre("a/b", "on") }, nil, says{"a/b": "off"}, false},
		"an annotation that is missing":       {func(c *Config) { c.Include.PodAnnotations = annotationsAre("a/b", "*") }, nil, nil, false},
		"an annotation that is excluded":      {func(c *Config) { c.Exclude.PodAnnotations = annotationsAre("a/b", "off") }, nil, says{"a/b": "off"}, false},
		"what the owner excludes":             {func(*Config) {}, nil, says{"logs.tributary/exclude": "true"}, false},
		"other containers of the owner":       {func(*Config) {}, nil, says{"logs.tributary/containers": "side"}, false},
		"what the owner must not exclude":     {func(c *Config) { c.Annotations.Allow = nil }, nil, says{"logs.tributary/exclude": "true"}, true},
		"what the owner excludes elsewhere":   {func(c *Config) { c.Annotations.Prefix = "example.com/" }, nil, says{"logs.tributary/exclude": "true"}, true},
		"labels and the names in the path":    {func(c *Config) { c.Include.PodLabels, c.Exclude.Pods = "app=web", []string{"web-0"} }, has{"app": "web"}, nil, false},
		"a namespace and a label are asked":   {func(c *Config) { c.Include.PodLabels, c.Include.Namespaces = "app=web", []string{"shop"} }, has{"app": "web"}, nil, true},
		"an annotation of another kind stays": {func(*Config) {}, nil, says{"logs.tributary/nothing": "true"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			tt.config(c.config)
			require.NoError(t, c.config.Validate())
			c.provider.SetPod(apiPod("web-0", "uid-1", tt.has, tt.says))
			r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), c.config, c.sink)
			require.NoError(t, err)
			require.NoError(t, r.roster.find(host{extensions: c.extensions}, c.config.Metadata))
			defer r.roster.close()
			assert.Equal(t, tt.want, r.Wanted(tail.Container{Namespace: "shop", Pod: "web-0", UID: "uid-1", Name: "main"}))
			assert.True(t, r.Wanted(tail.Container{Namespace: "shop", Pod: "web-1", UID: "uid-1", Name: "main"}), "nothing is known of it")
		})
	}
}

func annotationsAre(key string, globs ...string) map[string][]string {
	return map[string][]string{key: globs}
}

func TestAPodMayBeWantedLater(t *testing.T) {
	c := newCluster(t)
	excluded := says{"logs.tributary/exclude": "true"}
	c.provider.SetPod(apiPod("web-0", "uid-1", nil, excluded))
	c.provider.SetPod(apiPod("web-1", "uid-2", nil, nil))
	c.write(web, "0.log", cri("one"))
	c.write("shop_web-1_uid-2/main", "0.log", cri("other"))
	c.start()
	c.gets(nil, "other")
	assert.EqualValues(t, 1, c.receiver.tail.Gauges().Containers)
	c.provider.SetPod(apiPod("web-0", "uid-1", nil, nil))
	c.gets(nil, "other", "one")
	c.provider.SetPod(apiPod("web-0", "uid-1", nil, excluded))
	require.Eventually(t, func() bool { return c.receiver.tail.Gauges().Containers == 1 }, patience, 5*time.Millisecond)
	c.write(web, "0.log", cri("two"))
	c.write("shop_web-1_uid-2/main", "0.log", cri("another"))
	c.gets(nil, "other", "one", "another")
	c.restart() // The position is kept as well.
	c.write("shop_web-1_uid-2/main", "0.log", cri("the last"))
	c.gets(nil, "other", "one", "another", "the last")
	c.provider.SetPod(apiPod("web-0", "uid-1", nil, nil))
	c.gets(nil, "other", "one", "another", "the last", "two")
}

// A line that is not complete would hold its file for ever.
func TestAPodThatIsNotWantedAnyMoreLeavesNothingOpen(t *testing.T) {
	c := newCluster(t)
	c.provider.SetPod(apiPod("web-0", "uid-1", nil, nil))
	c.start()
	c.write(web, "0.log", cri("one")+out+"P half of a line\n")
	c.gets(nil, "one")
	c.provider.SetPod(apiPod("web-0", "uid-1", nil, says{"logs.tributary/exclude": "true"}))
	c.gets(nil, "one", "half of a line")
	require.Eventually(t, func() bool {
		g := c.receiver.tail.Gauges()
		return g.Containers+g.Reading+g.Idle+g.Waiting+g.Finished == 0
	}, patience, 5*time.Millisecond)
}

func TestWhatIsToldOfAnnotationsIsBounded(t *testing.T) {
	c := newCluster(t)
	r := newRoster(c.config, newTrouble(c.settings.Logger, nil))
	require.NoError(t, r.find(host{extensions: c.extensions}, c.config.Metadata))
	r.subscribe()
	defer r.close()
	id := tail.Container{Namespace: "shop", Pod: "web-0", UID: "uid-1", Name: "main"}
	for i := range 10 * maxTold {
		c.provider.SetPod(apiPod("web-0", "uid-1", nil, says{"logs.tributary/parser": fmt.Sprint(i)}))
		r.changed.Store(true)
		p := r.enter(id, time.Now())
		r.pass(time.Now(), func(tail.Container) {}, func() {})
		require.LessOrEqual(t, len(p.told), maxTold)
	}
}

func TestWhatTheOwnerSaysOfItsLines(t *testing.T) {
	c := newCluster(t)
	c.provider.SetPod(apiPod("web-0", "uid-1", nil, says{
		"logs.tributary/parser":     "json",
		"logs.tributary/attributes": "team=shop,k8s.pod.name=other",
	}))
	c.start()
	c.write(web, "0.log", cri(`{"status":500}`, "no object"))
	names := []string{"status", "custom.team", "custom.k8s.pod.name", podKey}
	of := " custom.team=shop custom.k8s.pod.name=other k8s.pod.name=web-0"
	c.gets(names, `{"status":500} status=500`+of, "no object"+of)
	assert.EqualValues(t, 1, c.receiver.trouble.Of(unparsedLine))
	c.knows(apiPod("web-0", "uid-1", nil, says{"logs.tributary/parser.main": "logfmt"}))
	c.write(web, "0.log", cri("status=200"))
	c.gets(names, `{"status":500} status=500`+of, "no object"+of, "status=200 status=200 k8s.pod.name=web-0")
}

func TestAWrongAnnotationIsToldOnce(t *testing.T) {
	c := newCluster(t)
	wrong := says{"logs.tributary/parser": "xml"}
	c.provider.SetPod(apiPod("web-0", "uid-1", nil, wrong))
	c.start()
	c.write(web, "0.log", cri("one"))
	c.write("shop_web-0_uid-1/side", "0.log", cri("two"))
	require.Eventually(t, func() bool { return len(c.records()) == 2 }, patience, 5*time.Millisecond)
	c.knows(apiPod("web-0", "uid-1", has{"app": "changed"}, wrong))
	c.write(web, "0.log", cri("three"))
	require.Eventually(t, func() bool { return len(c.records()) == 3 }, patience, 5*time.Millisecond)
	told := c.logs.FilterField(zap.String("kind", "bad_annotation")).All()
	require.Len(t, told, 1)
	fields := told[0].ContextMap()
	assert.Equal(t, "shop", fields["namespace"])
	assert.Equal(t, "web-0", fields["pod"])
	assert.Equal(t, "logs.tributary/parser", fields["annotation"])
	assert.Equal(t, "xml", fields["value"])
	assert.EqualValues(t, 1, c.receiver.trouble.Of(badAnnotation))
}

// Pods of a stateful set have the same names one after the other, and the files of the one before may be there still.
func TestPodsThatHaveTheSameNameAreToldApart(t *testing.T) {
	c := newCluster(t)
	c.config.MetadataTimeout = time.Hour
	c.start()
	const generations = 20
	for i := range generations {
		uid := fmt.Sprintf("uid-%d", i)
		c.write("shop_web-0_"+uid+"/main", "0.log", cri(uid))
		if i > 0 {
			before := apiPod("web-0", fmt.Sprintf("uid-%d", i-1), nil, nil)
			c.provider.DeletePod(before)
			c.write("shop_web-0_"+string(before.UID)+"/main", "0.log", cri(string(before.UID)))
		}
		c.provider.SetPod(apiPod("web-0", uid, has{"app": uid}, nil))
	}
	require.Eventually(t, func() bool { return len(c.records()) == 2*generations-1 }, patience, 5*time.Millisecond)
	for _, record := range c.records("app") {
		var body, attribute string
		_, err := fmt.Sscanf(record, "%s app=%s", &body, &attribute)
		require.NoError(t, err, record)
		assert.Equal(t, body, attribute)
	}
}

func TestAStaticPodHasTheUIDOfTheAPIServer(t *testing.T) {
	c := newCluster(t)
	const hash = "3ab6fd1e0f9b4b3c8d7e6f5a4b3c2d1e"
	c.provider.SetPod(apiPod("etcd-node-a", "uid-7", has{"app": "etcd"}, says{
		"kubernetes.io/config.hash": hash, "kubernetes.io/config.mirror": hash,
	}))
	c.start()
	c.write("shop_etcd-node-a_"+hash+"/etcd", "0.log", cri("line"))
	c.gets([]string{"app", uidKey}, "line app=etcd k8s.pod.uid=uid-7")
}

func TestAnExtensionThatKnowsNoPodsIsRefused(t *testing.T) {
	n := newNode(t)
	id := component.MustNewID("checkpoint_storage")
	n.config.Metadata = &id
	n.refuse = "`metadata` names \"checkpoint_storage\", which is not an extension of the service that knows pods; k8s_pods is one"
	n.start()
	other := component.MustNewID("k8s_pods")
	n = newNode(t)
	n.config.Metadata = &other
	n.refuse = "`metadata` names \"k8s_pods\""
	n.start()
}

func TestTheOwnerMayLowerTheLimitOfThePod(t *testing.T) {
	c := newCluster(t)
	c.config.RateLimit.Pod.LinesPerSecond = 1000
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), c.config, c.sink)
	require.NoError(t, err)
	require.NoError(t, r.roster.find(host{extensions: c.extensions}, c.config.Metadata))
	defer r.roster.close()
	id := tail.Container{Namespace: "shop", Pod: "web-0", UID: "uid-1", Name: "main"}
	for limits, want := range map[[2]string]ratelimit.Limit{
		{"", ""}:        {},
		{"10", ""}:      {LinesPerSecond: 10},
		{"0.5", "64Ki"}: {LinesPerSecond: 1, BytesPerSecond: 65536},
		{"1M", "-1"}:    {LinesPerSecond: 1_000_000},
	} {
		said := says{}
		for i, key := range []string{"lines-per-second", "bytes-per-second"} {
			if limits[i] != "" {
				said["logs.tributary/"+key] = limits[i]
			}
		}
		c.provider.SetPod(apiPod("web-0", "uid-1", nil, said))
		r.roster.leave(id)
		r.roster.enter(id, time.Now())
		assert.Equal(t, want, r.roster.limit(id), limits)
	}
	assert.Zero(t, r.roster.limit(tail.Container{Pod: "nobody"}))
}

func TestALimitThatTheOwnerSetsHoldsAtOnce(t *testing.T) {
	c := newCluster(t)
	c.provider.SetPod(apiPod("web-0", "uid-1", nil, nil))
	c.start()
	c.write(web, "0.log", cri("first"))
	c.gets(nil, "first")
	c.knows(apiPod("web-0", "uid-1", nil, says{"logs.tributary/lines-per-second": "1"}))
	var lines []string
	for i := range 200 {
		lines = append(lines, fmt.Sprintf("line %d", i))
	}
	c.write(web, "0.log", cri(lines...))
	require.Eventually(t, func() bool { return c.receiver.tail.Gauges().Paused == 1 }, patience, 5*time.Millisecond)
	assert.Less(t, len(c.records()), 100)
	c.provider.SetPod(apiPod("web-0", "uid-1", nil, nil))
	require.Eventually(t, func() bool { return len(c.records()) == 201 }, patience, 5*time.Millisecond)
}
