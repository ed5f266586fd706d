// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// yamlBlock is a block of YAML in a page; those within a list are indented.
var yamlBlock = regexp.MustCompile("(?ms)^( *)```yaml\n(.*?)^ *```$")

// What a reader pastes has to work: each block that holds sections of a configuration is a third file between a source
// and a backend, as the pages say.
func TestDocsShowConfigurationsThatWork(t *testing.T) {
	unsetTributary(t)
	config := filepath.Join(root, "distro", "config")
	for _, page := range []string{
		"docs/migrate-from-alloy.md", "distro/config/README.md",
		"components/lokiexporter/README.md", "components/labelkeepprocessor/README.md", "components/severityprocessor/README.md",
		"components/queueconnector/README.md", "components/fastcompressionextension/README.md",
		"components/podlogsreceiver/README.md", "components/k8spodsextension/README.md",
	} {
		raw, err := os.ReadFile(filepath.Join(root, page))
		require.NoError(t, err)
		blocks := yamlBlock.FindAllStringSubmatch(string(raw), -1)
		require.NotEmpty(t, blocks, page)
		for n, block := range blocks {
			text := strings.ReplaceAll("\n"+block[2], "\n"+block[1], "\n")
			var sections tree
			if yaml.Unmarshal([]byte(text), &sections) != nil || sections == nil {
				continue // A part of a list.
			}
			if sections["rules"] != nil {
				continue // Of a ClusterRole.
			}
			t.Run(fmt.Sprintf("%s block %d", page, n+1), func(t *testing.T) {
				stages, out := filepath.Join(t.TempDir(), "stages.yaml"), filepath.Join(t.TempDir(), "out.yaml")
				require.NoError(t, os.WriteFile(stages, []byte(text), 0o600))
				require.NoError(t, os.WriteFile(out, []byte("service: {pipelines: {logs/out: {receivers: [forward], exporters: [loki]}}}"), 0o600))
				files := []string{filepath.Join(config, "kubernetes.yaml"), stages}
				if strings.Contains(text, "/host") {
					files[0] = filepath.Join(config, "host.yaml")
				}
				exporters := sections.sub("exporters")
				switch {
				case strings.Contains(text, "logs/out"):
				case exporters.sub("loki")["endpoint"] != nil:
					files = append(files, out)
				case exporters["loki/grafana_cloud"] != nil:
					files = append(files, filepath.Join(config, "backends", "grafana-cloud-loki.yaml"))
				default:
					files = append(files, filepath.Join(config, "backends", "loki.yaml"))
				}
				validate(t, files...)
			})
		}
	}
}
