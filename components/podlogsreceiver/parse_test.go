// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/tributary-otel/tributary/components/internal/hints"
)

func TestWhatIsMadeOfALine(t *testing.T) {
	for _, tt := range []struct{ parser, line, want string }{
		{"json", `{"level":"warn","n":3,"f":1.5,"ok":true,"none":null}`, `{"f":1.5,"level":"warn","log.iostream":"stdout","n":3,"none":null,"ok":true}`},
		{"json", `  {"a":{"b":{"c":[1,"x",{"d":2}]}}} `, `{"a":{"b":{"c":[1,"x",{"d":2}]}},"log.iostream":"stdout"}`},
		{"json", `{"big":123456789012345678901234567890,"huge":1e999}`, `{"big":1.2345678901234568e+29,"huge":"1e999","log.iostream":"stdout"}`},
		{"json", `{"log.iostream":"mine","":"x","a":"<&>"}`, `{"a":"<&>","log.iostream":"stdout"}`},
		{"json", `{"a":1,"a":2}`, `{"a":2,"log.iostream":"stdout"}`},
		{"json", `{}`, `{"log.iostream":"stdout"}`},
		{"json", `{"a":1} and more`, ``},
		{"json", `{"a":`, ``},
		{"json", `[1,2]`, ``},
		{"json", `plain`, ``},
		{"json", ``, ``},
		{"logfmt", `level=warn msg="a b" n=3 flag empty=`, `{"level":"warn","log.iostream":"stdout","msg":"a b","n":"3"}`},
		{"logfmt", `log.iostream=mine a=1 a=2`, `{"a":"1","log.iostream":"stdout"}`},
		{"logfmt", `only words here`, ``},
		{"logfmt", `a="open`, ``},
		{"logfmt", `=x`, ``},
		{"logfmt", ``, ``},
	} {
		to := pcommon.NewMap()
		to.PutStr(streamKey, "stdout")
		err := parserOf(tt.parser)(tt.line, to)
		if tt.want == "" {
			require.Error(t, err, "%s %s", tt.parser, tt.line)
			assert.Equal(t, 1, to.Len(), tt.line)
			continue
		}
		require.NoError(t, err, tt.line)
		got, err := json.Marshal(to.AsRaw())
		require.NoError(t, err)
		want, err := json.Marshal(json.RawMessage(tt.want))
		require.NoError(t, err)
		assert.JSONEq(t, string(want), string(got), tt.line)
	}
	assert.Nil(t, parserOf(hints.ParserNone))
	assert.Nil(t, parserOf(""))
}

func TestWhatIsMadeOfALineIsBounded(t *testing.T) {
	var pairs, members []string
	for i := range 1000 {
		pairs = append(pairs, fmt.Sprintf("k%d=v", i))
		members = append(members, fmt.Sprintf(`"k%d":1`, i))
	}
	for name, line := range map[string]string{"logfmt": strings.Join(pairs, " "), "json": "{" + strings.Join(members, ",") + "}"} {
		to := pcommon.NewMap()
		require.NoError(t, parserOf(name)(line, to))
		assert.Equal(t, maxParsed, to.Len(), name)
	}
	deep := strings.Repeat(`{"a":`, 500) + "1" + strings.Repeat("}", 500)
	to := pcommon.NewMap()
	require.NoError(t, parseJSON(deep, to))
	value, depth := pcommon.NewValueEmpty(), 0
	value.SetEmptyMap()
	to.CopyTo(value.Map())
	for value.Type() == pcommon.ValueTypeMap {
		value, _ = value.Map().Get("a")
		depth++
	}
	assert.Equal(t, maxNested+1, depth)
	assert.Equal(t, strings.Repeat(`{"a":`, 500-maxNested-1)+"1"+strings.Repeat("}", 500-maxNested-1), value.Str())
}

func FuzzParse(f *testing.F) {
	f.Add(`{"a":[1,{"b":null}]}`)
	f.Add(`level=info msg="x y" a`)
	f.Fuzz(func(t *testing.T, line string) {
		for _, name := range []string{"json", "logfmt"} {
			to := pcommon.NewMap()
			to.PutStr(streamKey, "stdout")
			if parserOf(name)(line, to) != nil {
				require.Equal(t, 1, to.Len())
			}
			require.LessOrEqual(t, to.Len(), maxParsed)
			require.Equal(t, "stdout", text(to, streamKey))
		}
	})
}
