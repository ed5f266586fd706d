// SPDX-License-Identifier: Apache-2.0

package labelkeepprocessor

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"go.opentelemetry.io/collector/confmap"
)

func TestConfig(t *testing.T) {
	for _, tt := range []struct {
		name, yaml string
		want       []string
	}{
		{name: "a list is enough", yaml: `values: [namespace]`},
		{name: "others may be dropped", yaml: `{values: [namespace], others: drop}`},
		{name: "others may be demoted", yaml: `{values: [namespace], others: demote}`},
		{name: "a name may be listed twice, in one spelling or in two", yaml: `values: [service_name, service_name, service.name]`},
		{name: "routing data may be listed, which changes nothing", yaml: `values: [__tenant_id__, loki.format]`},
		{name: "an empty list is refused", yaml: `values: []`, want: []string{"`values` must name at least one attribute to keep, got an empty list; list the labels"}},
		{name: "so is a list without a value", yaml: `values:`, want: []string{"`values` must name at least one attribute to keep"}},
		{name: "so is no list at all", yaml: `others: demote`, want: []string{"`values` must name at least one attribute to keep"}},
		{name: "an empty name is refused, with its position", yaml: `values: [namespace, "", job]`, want: []string{"`values` must not hold an empty name, got one at position 2; remove it"}},
		{name: "what happens to others is one of two words", yaml: `{values: [namespace], others: keep}`, want: []string{"`others` must be \"drop\" or \"demote\", got \"keep\""}},
		{name: "the words are lower case", yaml: `{values: [namespace], others: Drop}`, want: []string{"got \"Drop\""}},
		{name: "an empty word is none of the two", yaml: `{values: [namespace], others: ""}`, want: []string{"got \"\""}},
		{name: "all that is wrong is said at once", yaml: `{values: ["", ""], others: keep}`, want: []string{"at position 1", "at position 2", "`others` must"}},
		{name: "an unknown key is refused", yaml: `{values: [namespace], value: [job]}`, want: []string{"value"}},
		{name: "a list of something else is refused", yaml: `values: {namespace: true}`, want: []string{"values"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := createDefaultConfig()
			err := fromYAML(t, tt.yaml).Unmarshal(cfg)
			if err == nil {
				err = confmap.Validate(cfg)
			}
			if len(tt.want) == 0 {
				require.NoError(t, err)
			}
			for _, want := range tt.want {
				assert.ErrorContains(t, err, want)
			}
		})
	}
}

func TestOthersAreDroppedByDefault(t *testing.T) {
	assert.Equal(t, OthersDrop, createDefaultConfig().(*Config).Others)
}

func TestReadmeExampleLoads(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(readme, -1)
	require.NotEmpty(t, examples)
	for _, example := range examples {
		processors, err := fromYAML(t, string(example[1])).Sub("processors")
		require.NoError(t, err)
		require.NotEmpty(t, processors.ToStringMap())
		for id := range processors.ToStringMap() {
			settings, err := processors.Sub(id)
			require.NoError(t, err)
			cfg := createDefaultConfig()
			require.NoError(t, settings.Unmarshal(cfg), id)
			require.NoError(t, confmap.Validate(cfg), id)
		}
	}
}

func fromYAML(t *testing.T, text string) *confmap.Conf {
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(text))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	return conf
}
