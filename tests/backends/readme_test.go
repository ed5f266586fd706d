// SPDX-License-Identifier: Apache-2.0

package backends

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// examples are the blocks of YAML of the README, by something that only one of them has.
func examples(t *testing.T, mark string) string {
	t.Helper()
	var found []string
	for _, block := range regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllStringSubmatch(read(t, server("README.md")), -1) {
		if strings.Contains(block[1], mark) {
			found = append(found, block[1])
		}
	}
	require.Len(t, found, 1, mark)
	return found[0]
}

func TestTheExampleWithAnotherRetention(t *testing.T) {
	dir := folder(t, strings.ReplaceAll(examples(t, "200Gi"), "tributary/deploy", "ROOT/deploy"))
	config := strings.Replace(read(t, server("loki", "loki.yaml")), "744h", "168h", 1)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "loki.yaml"), []byte(config), 0o600))
	objects := render(t, dir)
	set := find(t, objects, "StatefulSet", "loki").typed.(*appsv1.StatefulSet)
	assert.Equal(t, "200Gi", set.Spec.VolumeClaimTemplates[0].Spec.Resources.Requests.Storage().String())
	for _, v := range set.Spec.Template.Spec.Volumes {
		if v.Name == "config" {
			assert.Equal(t, config, find(t, objects, "ConfigMap", v.ConfigMap.Name).typed.(*corev1.ConfigMap).Data["loki.yaml"])
		}
	}
}

func TestTheExampleWithAnotherBucket(t *testing.T) {
	header := "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: logging\nresources: [ROOT/deploy/kubernetes/backends/loki-s3]\n"
	objects := render(t, folder(t, header+examples(t, "amazonaws")))
	set := find(t, objects, "StatefulSet", "loki").typed.(*appsv1.StatefulSet)
	config := find(t, objects, "ConfigMap", set.Spec.Template.Spec.Containers[0].EnvFrom[0].ConfigMapRef.Name).typed.(*corev1.ConfigMap)
	// Each variable of the file is one that the pod has.
	have := map[string]bool{}
	for name := range config.Data {
		have[name] = true
	}
	for _, e := range set.Spec.Template.Spec.Containers[0].Env {
		have[e.Name] = true
	}
	for _, name := range regexp.MustCompile(`\$\{([A-Z0-9_]+)`).FindAllStringSubmatch(read(t, server("loki-s3", "loki.yaml")), -1) {
		assert.True(t, have[name[1]], name[1])
	}
}

func TestTheOtherExamples(t *testing.T) {
	volume := decode(t, []byte(examples(t, "nodeAffinity")))
	require.Len(t, volume, 1)
	pv := volume[0].typed.(*corev1.PersistentVolume)
	set := find(t, render(t, server("loki")), "StatefulSet", "loki").typed.(*appsv1.StatefulSet)
	assert.Equal(t, set.Spec.VolumeClaimTemplates[0].Name+"-"+set.Name+"-0", pv.Spec.ClaimRef.Name)
	assert.NotNil(t, pv.Spec.NodeAffinity.Required)
	assert.Len(t, decode(t, []byte(examples(t, "prometheus-k8s"))), 2)

	// The Secrets that the README makes are those that the pods name.
	text := read(t, server("README.md"))
	for name, keys := range secrets {
		for _, key := range keys {
			assert.Regexp(t, "create secret generic "+name+" .*--from-literal="+key+"=", text)
		}
	}
}
