// SPDX-License-Identifier: Apache-2.0

package severityprocessor

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

// load reads the processor's section as the user writes it.
func load(t *testing.T, yaml string) (*Config, error) {
	t.Helper()
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(yaml))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	cfg := createDefaultConfig().(*Config)
	if err := conf.Unmarshal(cfg); err != nil {
		return nil, err
	}
	return cfg, confmap.Validate(cfg)
}

func TestConfig(t *testing.T) {
	names := []string{"level", "severity", "log.level", "lvl", "levelname", "loglevel"}
	for _, c := range []struct {
		name, yaml string
		want       Config
	}{
		{"nothing", "", Config{MaxBytes: 256, Attributes: names}},
		{"the lowest limit", "max_bytes: 16", Config{MaxBytes: 16, Attributes: names}},
		{"the highest limit", "max_bytes: 65536", Config{MaxBytes: 65536, Attributes: names}},
		{"other names", "attributes: [my_level]", Config{MaxBytes: 256, Attributes: []string{"my_level"}}},
		{"no names", "attributes: []", Config{MaxBytes: 256, Attributes: []string{}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, err := load(t, c.yaml)
			require.NoError(t, err)
			assert.Equal(t, c.want, *cfg)
		})
	}
}

func TestBrokenConfig(t *testing.T) {
	for _, c := range []struct {
		name, yaml string
		want       []string
	}{
		{"a limit below the lowest", "max_bytes: 15", []string{"`max_bytes` must be between 16 and 65536, got 15"}},
		{"a limit above the highest", "max_bytes: 65537", []string{"`max_bytes` must be between 16 and 65536, got 65537"}},
		{"a name that is empty", `attributes: [level, ""]`, []string{"`attributes` must hold names, got \"\" at position 2"}},
		{"a name twice", "attributes: [a, b, a]", []string{"`attributes` must hold each name once, got \"a\" twice"}},
		{"everything at once", `{max_bytes: 0, attributes: ["", a, a]}`, []string{"got 0", "got \"\" at position 1", "got \"a\" twice"}},
		{"a key that does not exist", "max_byte: 16", []string{"max_byte"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(t, c.yaml)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestExamplesOfTheReadmeLoad(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	require.NotEmpty(t, examples)
	for _, example := range examples {
		retrieved, err := confmap.NewRetrievedFromYAML([]byte(example[1]))
		require.NoError(t, err)
		conf, err := retrieved.AsConf()
		require.NoError(t, err)
		for id := range conf.ToStringMap()["processors"].(map[string]any) {
			require.True(t, strings.HasPrefix(id, "severity"))
			section, err := conf.Sub("processors::" + id)
			require.NoError(t, err)
			cfg := createDefaultConfig()
			require.NoError(t, section.Unmarshal(cfg))
			require.NoError(t, confmap.Validate(cfg))
		}
	}
}
