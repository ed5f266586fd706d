// SPDX-License-Identifier: Apache-2.0

package labelkeepprocessor

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestListedNameMeansAttribute(t *testing.T) {
	for _, tt := range []struct {
		name, listed, attribute string
		want                    bool
	}{
		{"the same name", "service.name", "service.name", true},
		{"another name", "service.name", "service.namespace", false},
		{"a part of the name", "service", "service.name", false},
		{"a longer name", "service.name.x", "service.name", false},
		{"another case", "Namespace", "namespace", false},
		{"another case in another spelling", "Service_Name", "service.name", false},
		{"a space is a part of the name", " namespace", "namespace", false},

		{"Loki's spelling of a dotted attribute", "service_name", "service.name", true},
		{"OpenTelemetry's spelling of an attribute with underscores", "service.name", "service_name", true},
		{"a pod label", "app_kubernetes_io_name", "app.kubernetes.io/name", true},
		{"a pod label, the other way round", "app.kubernetes.io/name", "app_kubernetes_io_name", true},
		{"a run of illegal characters, each replaced", "foo__bar", "foo--bar", true},
		{"a run of illegal characters, put together", "foo_bar", "foo--bar", true},
		{"a run on the list, each replaced", "foo--bar", "foo__bar", true},
		{"a run on the list, put together", "foo--bar", "foo_bar", true},
		{"a run of underscores, put together", "foo_bar", "foo__bar", true},
		{"a run of underscores does not grow", "foo___bar", "foo--bar", false},
		{"a leading digit gets Loki's prefix", "key_2x", "2x", true},
		{"a leading digit, the other way round", "2x", "key_2x", true},
		{"a prefix without a digit", "key_x", "x", false},
		{"letters that are not Latin", "x_y", "x日志y", true},
		{"letters that are not Latin, each replaced", "x__y", "x日志y", true},
		{"letters that are not Latin, as they are", "日志", "日志", true},
		{"letters that are not Latin only", "_", "日志", false},
		{"a byte that is no UTF-8", "x_y", "x\xffy", true},
		{"two bytes that are no UTF-8, each replaced", "x__y", "x\xff\xfey", true},
		{"a dot at the end", "trailing_", "trailing.", true},
		{"two names that become the same label are two names", "a-b", "a.b", false},

		{"namespace of a Loki agent", "namespace", "k8s.namespace.name", true},
		{"pod of a Loki agent", "pod", "k8s.pod.name", true},
		{"container of a Loki agent", "container", "k8s.container.name", true},
		{"cluster of a Loki agent", "cluster", "k8s.cluster.name", true},
		{"node of a Loki agent", "node", "k8s.node.name", true},
		{"node_name of a Loki agent", "node_name", "k8s.node.name", true},
		{"app of a Loki agent", "app", "app.kubernetes.io/name", true},
		{"filename of a Loki agent", "filename", "log.file.path", true},
		{"a short name keeps an attribute of that name too", "namespace", "namespace", true},
		{"a short name stands for one attribute only", "namespace", "service.namespace", false},
		{"a short name stands for the dotted attribute only", "namespace", "k8s_namespace_name", false},
		{"an attribute does not stand for its short name", "k8s.namespace.name", "namespace", false},
		{"nor in Loki's spelling", "k8s_namespace_name", "namespace", false},
		{"the pod's name is not its uid", "pod", "k8s.pod.uid", false},

		{"job is a plain name", "job", "job", true},
		{"job stands for neither of its parts", "job", "k8s.namespace.name", false},
		{"instance is a plain name", "instance", "service.instance.id", false},
		{"level is a plain name", "level", "severity_text", false},
		{"stream is a plain name", "stream", "log.iostream", false},

		{"no pattern", ".*", "namespace", false},
		{"no glob", "k8s*", "k8s.namespace.name", false},

		{"the tenant needs no place on the list", "job", "__tenant_id__", true},
		{"nor does any other internal name", "job", "__path__", true},
		{"two underscores are enough", "job", "__", true},
		{"one underscore is not", "job", "_tenant_id_", false},
		{"a hint of upstream's exporter: labels of the resource", "job", "loki.resource.labels", true},
		{"a hint of upstream's exporter: labels of the record", "job", "loki.attribute.labels", true},
		{"a hint of upstream's exporter: format", "job", "loki.format", true},
		{"a hint of upstream's exporter: tenant", "job", "loki.tenant", true},
		{"loki. alone does not make a hint", "job", "loki.something", false},
		{"a hint in another spelling is none", "job", "loki_tenant", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, newNames([]string{tt.listed}).keeps(tt.attribute), "%q on the list, attribute %q", tt.listed, tt.attribute)
		})
	}
}

// FuzzNames compares the match with its definition, written down with regular expressions, and the remembered answer
// with the first one.
func FuzzNames(f *testing.F) {
	for _, seed := range [][2]string{
		{"service_name", "service.name"},
		{"service.name", "service_name"},
		{"foo_bar", "foo--bar"},
		{"key_2x", "2x"},
		{"x_y", "x日志\xffy"},
		{"日志", "-"},
		{"namespace", "k8s.namespace.name"},
		{"a", "__b"},
		{"__a", "_a"},
		{"_", "."},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, listed, attribute string) {
		n := newNames([]string{listed})
		got := n.keeps(attribute)
		if want := means(listed, attribute); got != want {
			t.Fatalf("%q on the list, attribute %q: got %v, want %v", listed, attribute, got, want)
		}
		v := newVerdicts(n)
		for range 2 {
			if v.keeps(attribute) != got {
				t.Fatalf("%q on the list, attribute %q: another answer from memory", listed, attribute)
			}
		}
	})
}

var (
	illegal    = regexp.MustCompile(`[^a-zA-Z0-9_]`)
	runs       = regexp.MustCompile(`_+`)
	firstDigit = regexp.MustCompile(`^[0-9]`)
	reserved   = regexp.MustCompile(`^__[\s\S]*__$`)
)

// means is the definition of a match.
func means(listed, attribute string) bool {
	return strings.HasPrefix(attribute, "__") ||
		attribute == "loki.tenant" || attribute == "loki.format" ||
		attribute == "loki.resource.labels" || attribute == "loki.attribute.labels" ||
		listed == attribute ||
		isForm(listed, attribute) || isForm(attribute, listed) ||
		aliases[listed] != "" && aliases[listed] == attribute
}

// isForm tells whether form is what name becomes in Loki.
func isForm(form, name string) bool {
	each := illegal.ReplaceAllString(name, "_")
	if form == each {
		return true
	}
	// Loki leaves the underscores around its reserved names, and has no name for one without letters and digits.
	together := runs.ReplaceAllString(each, "_")
	if reserved.MatchString(name) {
		together = "__" + runs.ReplaceAllString(illegal.ReplaceAllString(name[2:len(name)-2], "_"), "_") + "__"
	}
	together = firstDigit.ReplaceAllString(together, "key_$0")
	return strings.Trim(together, "_") != "" && form == together
}

func TestVerdictsStopGrowing(t *testing.T) {
	v := newVerdicts(newNames([]string{"service_name"}))
	long := strings.Repeat("x", maxVerdictName+1)
	assert.False(t, v.keeps(long))
	assert.Empty(t, *v.known.Load(), "a long name is not remembered")
	for i := range maxVerdicts + 100 {
		require.False(t, v.keeps(fmt.Sprintf("invented.%d", i)))
	}
	v.remember("asked at the same moment", true)
	assert.Len(t, *v.known.Load(), maxVerdicts)
	assert.True(t, v.keeps("service.name"), "what finds no place is decided all the same")
	assert.True(t, v.keeps("service.name"))
}

func TestVerdictsAreSafeForConcurrentUse(t *testing.T) {
	v := newVerdicts(newNames([]string{"kept"}))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 2 * maxVerdicts {
				assert.False(t, v.keeps(fmt.Sprintf("invented.%d", i)))
				assert.True(t, v.keeps("kept"))
			}
		})
	}
	all.Wait()
	assert.Len(t, *v.known.Load(), maxVerdicts)
}
