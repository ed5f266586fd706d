// SPDX-License-Identifier: Apache-2.0

package hints

import (
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const prefix = "logs.tributary/"

type annotations = map[string]string

func prefixed(a annotations) annotations {
	with := annotations{"kubectl.kubernetes.io/restartedAt": "x", "logs.other/exclude": "true"}
	for key, value := range a {
		with[prefix+key] = value
	}
	return with
}

func TestWhatAnOwnerMaySay(t *testing.T) {
	excluded := Hints{Exclude: true}
	for name, tt := range map[string]struct {
		annotations annotations
		want        Hints // of the container `app`
	}{
		"nothing":                                {nil, Hints{}},
		"not to read it":                         {annotations{"exclude": "true"}, excluded},
		"to read it":                             {annotations{"exclude": "false"}, Hints{}},
		"not to read this container":             {annotations{"exclude.app": "true"}, excluded},
		"not to read another one":                {annotations{"exclude.web": "true"}, Hints{}},
		"only to read this one":                  {annotations{"exclude": "true", "exclude.app": "false"}, Hints{}},
		"to read some":                           {annotations{"containers": "web, a*"}, Hints{}},
		"to read others":                         {annotations{"containers": "web,side-*"}, excluded},
		"to read others, and not to exclude any": {annotations{"containers": "web", "exclude": "false"}, excluded},
		"that lines stand alone":                 {annotations{"multiline": "none"}, Hints{Multiline: "none"}},
		"how a record begins":                    {annotations{"multiline-start": `^\d`}, Hints{Start: `^\d`}},
		"how one of another container begins":    {annotations{"multiline-start.web": `^\d`}, Hints{}},
		"what the lines are":                     {annotations{"parser": "json"}, Hints{Parser: "json"}},
		"what those of this container are":       {annotations{"parser": "json", "parser.app": "logfmt", "parser.web": "none"}, Hints{Parser: "logfmt"}},
		"how many there may be":                  {annotations{"lines-per-second": "1.5k", "bytes-per-second": "64Ki"}, Hints{Lines: 1500, Bytes: 65536}},
		"something of its own": {
			annotations{"attributes": "team=shop, tier=a=b"}, Hints{Attributes: []Attribute{{"team", "shop"}, {"tier", "a=b"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, wrong := NewReader(prefix, Groups()).Container(prefixed(tt.annotations), "app")
			assert.Empty(t, wrong)
			got.others = false
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestWhatIsWrongIsIgnored(t *testing.T) {
	for annotation, want := range map[string]string{
		"exclude=yes":                  "it must be \"true\" or \"false\"",
		"exclude.web=":                 "it must be \"true\" or \"false\"",
		"containers=a,,b":              "it must be globs of names",
		"containers=[":                 "it must be globs of names",
		"containers.app=app":           "it holds for the whole pod",
		"multiline=java":               "a pattern goes into multiline-start",
		"multiline-start=(":            "missing closing )",
		"multiline-start=" + long:      "the pattern must have between 1 and 256 bytes, got 300",
		"multiline-start=(?=x)":        "no regular expression of RE2",
		"parser=xml":                   "it must be \"json\", \"logfmt\" or \"none\"",
		"lines-per-second=0":           "it must be a positive number",
		"lines-per-second=-1":          "it must be a positive number",
		"lines-per-second=1e999999999": "it must be a positive number",
		"lines-per-second=100m":        "it must be a positive number",
		"bytes-per-second=fast":        "it must be a positive number",
		"bytes-per-second.app=1":       "it holds for the whole pod",
		"attributes=team":              "it must be name=value",
		"attributes==x":                "it must be name=value",
		"attributes=te am=x":           "it must be name=value",
		"attributes=a=" + long:         "may have 256 bytes",
		"attributes=" + many:           "there may be 16 attributes, and there are 17",
		"path=/etc/shadow":             "there is no such option",
		"=x":                           "there is no such option",
		"multiline-start=" + `a\C`:     "no regular expression of RE2",
		"multiline-start=x{1001}":      "no regular expression of RE2",
		"multiline-start=" + "\xff(":   "no regular expression of RE2",
	} {
		key, value, _ := strings.Cut(annotation, "=")
		got, wrong := NewReader(prefix, Groups()).Container(prefixed(annotations{key: value}), "app")
		if assert.Len(t, wrong, 1, annotation) {
			assert.Equal(t, prefix+key, wrong[0].Key)
			assert.Equal(t, value, wrong[0].Value)
			assert.ErrorContains(t, wrong[0].Err, want, annotation)
		}
		assert.Equal(t, Hints{}, got, annotation)
	}
}

var (
	long = strings.Repeat("x", 300)
	many = strings.TrimSuffix(strings.Repeat("a=b,", 17), ",")
)

func TestWhatIsNotAllowedIsIgnored(t *testing.T) {
	all := annotations{
		"exclude": "true", "containers": "x", "multiline": "none", "multiline-start": "^x", "parser": "json",
		"lines-per-second": "1", "bytes-per-second": "1", "attributes": "a=b",
	}
	got, wrong := NewReader(prefix, nil).Container(prefixed(all), "app")
	assert.Equal(t, Hints{}, got)
	assert.Len(t, wrong, len(all))
	for _, w := range wrong {
		require.ErrorIs(t, w.Err, errNotAllowed)
	}
	got, wrong = NewReader(prefix, []Group{Parser}).Container(prefixed(all), "app")
	assert.Equal(t, Hints{Parser: "json"}, got)
	assert.Len(t, wrong, len(all)-1)
}

// An annotation is the only thing that somebody without rights on the node can hand to the collector.
func FuzzHints(f *testing.F) {
	f.Add("multiline-start", `^\d`, "app")
	f.Add("attributes", "a=b,c=d", "app")
	f.Add("bytes-per-second", "1e999999999", "app")
	f.Add("containers", "[a-z", "")
	f.Fuzz(func(t *testing.T, key, value, container string) {
		got, wrong := NewReader(prefix, Groups()).Container(annotations{prefix + key: value}, container)
		if len(wrong) > 0 {
			require.Equal(t, Hints{}, got)
		}
		require.False(t, math.IsNaN(got.Lines) || math.IsInf(got.Lines, 0) || got.Lines < 0)
		require.LessOrEqual(t, len(got.Attributes), MaxAttributes)
		if got.Start != "" {
			regexp.MustCompile(got.Start)
		}
	})
}
