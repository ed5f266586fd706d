// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
)

func TestNamesOfFiles(t *testing.T) {
	long := strings.Repeat("a", 1024)
	for _, c := range []struct{ typ, name, storage, want string }{
		{"pod_logs", "", "", "receiver+pod_logs"},
		{"pod_logs", "shop", "", "receiver+pod_logs+shop"},
		{"pod_logs", "shop", "logs", "receiver+pod_logs+shop+logs"},
		{"pod_logs", "", "logs", "receiver+pod_logs++logs"},
		{"pod_logs", "logs", "", "receiver+pod_logs+logs"},
		{"pod_logs", "a+b", "", "receiver+pod_logs+a%2bb"},
		{"pod_logs", "a%2bb", "", "receiver+pod_logs+a%252bb"},
		{"pod_logs", "../../etc/passwd", "", "receiver+pod_logs+%2e%2e%2f%2e%2e%2fetc%2fpasswd"},
		{"pod_logs", ".", "..", "receiver+pod_logs+%2e+%2e%2e"},
		{"pod_logs", `C:\x`, "", "receiver+pod_logs+%43%3a%5cx"},
		{"Pod_Logs", "Shop", "", "receiver+%50od_%4cogs+%53hop"},
		{"pod_logs", "größe", "\x00\n", "receiver+pod_logs+gr%c3%b6%c3%9fe+%00%0a"},
		{"pod_logs", long, "", "receiver=90d17883afb9da61ad59b657fd5d66b9a1693ed4b1660847ae46cf4c6249cc87"},
	} {
		o := newOwner(component.KindReceiver, component.MustNewIDWithName(c.typ, "x"), "")
		if c.name == "" {
			o = newOwner(component.KindReceiver, component.MustNewID(c.typ), c.storage)
		} else {
			o = newOwner(component.KindReceiver, component.NewIDWithName(component.MustNewType(c.typ), c.name), c.storage)
		}
		assert.Equal(t, c.want, o.file)
	}
}

func TestLongNamesStayApart(t *testing.T) {
	r := start(t, t.TempDir())
	long := strings.Repeat("ü", 512)
	for _, name := range []string{long, long[2:], strings.ToUpper(long)} {
		client, err := r.GetClient(t.Context(), component.KindReceiver, component.MustNewIDWithName("pod_logs", name), strings.Repeat("x", 5000))
		require.NoError(t, err)
		assert.Empty(t, content(t, client))
		set(t, client, "a", name)
	}
	assert.Len(t, files(t, r.directory), 4)
}

// FuzzNames looks for two owners with one file, also where upper and lower case are
// the same, and for a file outside of the folder.
func FuzzNames(f *testing.F) {
	f.Add("a", "", "", "a")
	f.Add("a+b", "c", "a", "b+c")
	f.Add("A", "", "a", "")
	f.Add("%41", "", "A", "")
	f.Add("..", "/", ".", "./")
	f.Add(strings.Repeat("a", 200), "", strings.Repeat("a", 201), "")
	f.Fuzz(func(t *testing.T, name1, storage1, name2, storage2 string) {
		typ := component.MustNewType("t")
		one := newOwner(component.KindExporter, component.NewIDWithName(typ, name1), storage1)
		two := newOwner(component.KindExporter, component.NewIDWithName(typ, name2), storage2)
		same := name1 == name2 && storage1 == storage2
		if got := strings.EqualFold(one.file, two.file); got != same {
			t.Fatalf("%q and %q", one.file, two.file)
		}
		if got := one.name == two.name; got != same {
			t.Fatalf("%q and %q", one.name, two.name)
		}
		if len(one.file) > maxNameBytes || filepath.Base(one.file) != one.file || !filepath.IsLocal(one.file) {
			t.Fatalf("%q is no name of a file", one.file)
		}
	})
}
