// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
)

// pair is one `key=value,` at the start of the text: ASCII, at most 256 characters each, blanks around them ignored.
// A key may hold anything, even commas, up to the first equals sign. Compiled it is 280 KB, which only a detection needs.
const pair = `^[ \t\r\n\f]*([\x00-\x7f]{1,256}?)[ \t\r\n\f]*=[ \t\r\n\f]*([\x00-\x7f]{0,256}?)[ \t\r\n\f]*(?:,|$)`

// newEnv returns the detector `env`: attributes that the environment states, in OTEL_RESOURCE_ATTRIBUTES or in its
// predecessor OTEL_RESOURCE.
func newEnv(settings) (detect, error) {
	return func(context.Context, *http.Client) (finding, error) {
		for _, variable := range []string{"OTEL_RESOURCE_ATTRIBUTES", "OTEL_RESOURCE"} {
			if list := strings.TrimSpace(os.Getenv(variable)); list != "" {
				return parsePairs(variable, list)
			}
		}
		return nothing(), nil
	}, nil
}

// parsePairs reads a list of pairs whose values are percent-encoded. Its errors name places and not what stands there.
func parsePairs(variable, list string) (finding, error) {
	found, pair := nothing(), regexp.MustCompile(pair)
	for at := 0; at < len(list); {
		match := pair.FindStringSubmatchIndex(list[at:])
		if match == nil {
			return nothing(), fmt.Errorf("%s: no key=value at character %d; separate pairs with commas, write ASCII, "+
				"and encode everything else as %%hh", variable, at+1)
		}
		key, value := list[at+match[2]:at+match[3]], list[at+match[4]:at+match[5]]
		decoded, err := url.QueryUnescape(value)
		if err != nil {
			return nothing(), fmt.Errorf("%s: the value of %q has a %% that two hexadecimal digits do not follow; "+
				"write %%25 for a percent sign", variable, key)
		}
		found.resource.Attributes().PutStr(key, decoded)
		at += match[1]
	}
	return found, nil
}
