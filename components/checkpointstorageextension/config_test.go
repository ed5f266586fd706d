// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

func TestConfig(t *testing.T) {
	t.Chdir(t.TempDir())
	writeFile(t, ".", "file", nil)
	for _, c := range []struct{ name, yaml, want string }{
		{name: "defaults", yaml: "{}"},
		{name: "a folder that is there", yaml: "directory: ."},
		{name: "a folder that is there and is not made", yaml: "{directory: ., create_directory: false}"},
		{name: "a folder that is made", yaml: "directory: a/b/c"},
		{
			name: "no folder", yaml: `directory: ""`,
			want: "`directory` must not be empty; name a folder for the checkpoints, such as /var/lib/tributary/checkpoints",
		},
		{name: "a file", yaml: "directory: file", want: "`directory` must be a folder, got the file \"file\""},
		{name: "below a file", yaml: "directory: file/a/b", want: "`directory` must lie in a folder, got \"file/a/b\" below the file \"file\""},
		{
			name: "a folder that is missing and is not made", yaml: "{directory: a, create_directory: false}",
			want: "`directory` must exist, got \"a\"; create it, or set `create_directory: true`",
		},
		{name: "no path", yaml: `directory: "a\0b"`, want: "`directory` must be a path that this system can have, got \"a\\x00b\": stat a\x00b: invalid argument"},
		{name: "a name that is too long", yaml: "directory: " + strings.Repeat("a", 300), want: "`directory` must be a path that this system can have"},
		{name: "a setting that does not exist", yaml: "fsync: true", want: "has invalid keys: fsync"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(t, c.yaml)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
		})
	}
	assert.Equal(t, []string{"file"}, files(t, "."), "nothing is made by looking")
}

func TestTheReadmeShowsAConfigurationThatLoads(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(readme)
	require.NotNil(t, block)
	retrieved, err := confmap.NewRetrievedFromYAML(block[1])
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	sub, err := conf.Sub("extensions::checkpoint_storage")
	require.NoError(t, err)
	config := createDefaultConfig()
	require.NoError(t, sub.Unmarshal(config))
	require.NoError(t, confmap.Validate(config))
	assert.Equal(t, createDefaultConfig(), config, "it shows the defaults")
}
