// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/otlptranslator"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNames(t *testing.T) {
	for _, tt := range []struct{ attribute, want string }{
		// As Loki's OTLP endpoint names them.
		{"service.name", "service_name"},
		{"service_name", "service_name"},
		{"A-B", "A_B"},
		{"camelCase", "camelCase"},
		{"app.kubernetes.io/name", "app_kubernetes_io_name"},
		{"trailing.", "trailing_"},
		{"a..b", "a_b"},
		{"a__b", "a_b"},
		{"a___", "a_"},
		{"foo--bar", "foo_bar"},
		{"a b", "a_b"},
		{"a\u00a0b", "a_b"},
		{"a=\"b\"", "a_b_"},
		{"_x", "_x"},
		{"1", "key_1"},
		{"2x", "key_2x"},
		{"9z", "key_9z"},
		// Letters that Loki does not know.
		{"x日志y", "x_y"},
		{"日1", "_1"},
		{"日a", "_a"},
		{"é9", "_9"},
		{"k\xffm", "k_m"},
		{"k\x00m", "k_m"},
		// Names that nobody may see.
		{"__x", "_x"},
		{"__a_", "_a_"},
		{"__x__", "_x__"},
		{"__2__", "_2__"},
		// Copied from Kubernetes: one underscore for each character.
		{"k8s.pod.label.foo--bar", "k8s_pod_label_foo__bar"},
		{"k8s.pod.labels.app.kubernetes.io/name", "k8s_pod_labels_app_kubernetes_io_name"},
		{"k8s.pod.labels.a__b", "k8s_pod_labels_a__b"},
		{"k8s.pod.annotation.x/--y", "k8s_pod_annotation_x___y"},
		{"k8s.pod.annotations.é", "k8s_pod_annotations__"},
		{"k8s.pod.annotations.\xff\xff", "k8s_pod_annotations___"},
		{"k8s.namespace.labels.a..b", "k8s_namespace_labels_a__b"},
		{"k8s.namespace.annotations.a..b", "k8s_namespace_annotations_a__b"},
		{"k8s.node.labels.a..b", "k8s_node_labels_a__b"},
		{"k8s.node.annotations.a..b", "k8s_node_annotations_a__b"},
		{"k8s_pod_label_a__b", "k8s_pod_label_a__b"},
		{"k8s_pod_annotations_a__b", "k8s_pod_annotations_a__b"},
		{"k8s.pod.label.", "k8s_pod_label_"},
		{"k8s.pod.name", "k8s_pod_name"},
		{"k8s.deployment.label.a..b", "k8s_deployment_label_a_b"},
		{"xk8s.pod.label.a..b", "xk8s_pod_label_a_b"},
	} {
		t.Run(tt.attribute, func(t *testing.T) {
			assert.Equal(t, tt.want, lokiName(tt.attribute))
			requireGoodName(t, tt.attribute)
		})
	}
}

func TestNamesOfWhichNothingIsLeft(t *testing.T) {
	seen := map[string]string{}
	for _, attribute := range []string{"", "-", "_", "__", "___", "____", "_-_", "...", ". .", " ", "é", "日_", "日志", "注釈", "\xff", "\x00", "\uFFFD", "__日__"} {
		t.Run(fmt.Sprintf("%q", attribute), func(t *testing.T) {
			name := lokiName(attribute)
			assert.Regexp(t, `^key_[0-9a-f]{8}$`, name)
			assert.Empty(t, seen[name], "no other attribute has this name")
			seen[name] = attribute
			requireGoodName(t, attribute)
		})
	}
	assert.Equal(t, "key_e3b0c442", lokiName(""), "the name stays the same from version to version")
	assert.Equal(t, "key_7dbac1c2", lokiName("日志"))
}

func TestLongNamesAreCut(t *testing.T) {
	for _, attribute := range []string{
		strings.Repeat("a.", 1000),
		"k8s.pod.label." + strings.Repeat("-", 2000),
		strings.Repeat("é1", 1000),
	} {
		assert.Len(t, lokiName(attribute), maxNameBytes)
		requireGoodName(t, attribute)
	}
}

var legal = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// requireGoodName checks what holds for the name of every attribute.
func requireGoodName(t testing.TB, attribute string) {
	t.Helper()
	name := lokiName(attribute)
	require.Regexp(t, legal, name)
	require.True(t, legalName(name))
	require.False(t, strings.HasPrefix(name, "__"), "%q is reserved", name)
	require.LessOrEqual(t, len(name), maxNameBytes)
	require.Equal(t, name, lokiName(attribute), "it stays the same")
	normalised, err := (&otlptranslator.LabelNamer{}).Build(name)
	require.NoError(t, err, "Loki refuses the request for it")
	require.NotEmpty(t, normalised)
	n := names{}
	require.Equal(t, name, n.of(attribute))
	require.Equal(t, name, n.of(attribute), "the second time it comes from memory")
}

func TestEveryStringHasAGoodName(t *testing.T) {
	seeds(t, 3000, func(t *testing.T, r random) {
		requireGoodName(t, one(r, append([]string{""}, copiedNames...)...)+r.text(2000))
	})
}

func FuzzName(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
		f.Add("k8s.pod.labels." + s)
	}
	f.Fuzz(func(t *testing.T, attribute string) { requireGoodName(t, attribute) })
}

func TestNamesCannotFillTheMemory(t *testing.T) {
	n := names{}
	for i := range maxNames + 10 {
		n.of(fmt.Sprintf("attribute.%d", i))
	}
	assert.Len(t, n.all, maxNames)
	assert.Equal(t, "a_b", n.of("a.b"), "others are worked out")

	n = names{}
	long := strings.Repeat("x", longName+1)
	assert.Equal(t, long, n.of(long))
	assert.Empty(t, n.all)
}

func TestLegalNames(t *testing.T) {
	for _, name := range []string{"a", "_", "_a", "a9", "A_b", "service_name", strings.Repeat("a", 1024)} {
		assert.True(t, legalName(name), name)
	}
	for _, name := range []string{"", "9", "a.b", "a-b", "a b", "é", "a\xff", "__", "__a", strings.Repeat("a", 1025)} {
		assert.False(t, legalName(name), name)
	}
}
