// SPDX-License-Identifier: Apache-2.0

package severityprocessor

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPairsAreReadInOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	keys := []string{"level", "lvl", "severity", "loglevel", "msg", "LEVEL", "levels", "my.level", "error"}
	bare := []string{"error", "WARN", "info,", "debug;", "x", "", "30", `a"b`, "a=b", "level=error;x"}
	quoted := []string{"error", "", "level=error", ` level=error `, `a "level=error" b`, `\`, `\"`, "level=error\\", "é = é"}
	found := 0
	for range 10_000 {
		want, weak := none, none
		pairs := []string{"first=1"}
		for range r.IntN(6) {
			key := keys[r.IntN(len(keys))]
			var value string
			switch r.IntN(3) {
			case 0:
				value = bare[r.IntN(len(bare))]
				pairs = append(pairs, key+"="+value)
				value = strings.TrimRight(value, ",;")
			case 1:
				value = quoted[r.IntN(len(quoted))]
				pairs = append(pairs, fmt.Sprintf("%s=%q", key, value))
			default:
				pairs = append(pairs, []string{"word", "INFO", `"level=error"`, "Error:", ","}[r.IntN(5)])
				continue
			}
			switch key {
			case "level", "lvl", "severity":
				if want == none && (key != "severity" || value != "30") {
					want = levelOfValue(1, value)
				}
			case "loglevel":
				if weak == none {
					weak = levelOfValue(1, value)
				}
			}
		}
		if want == none {
			want = weak
		}
		if want != none {
			found++
		}
		for _, blank := range []string{" ", "  ", "\t"} {
			line := strings.Join(pairs, blank)
			require.Equal(t, want, detect(line, maxMaxBytes), line)
			require.Equal(t, want, detect(line+"\nlevel=fatal", maxMaxBytes), line)
		}
	}
	require.Greater(t, found, 1_500, "the lines have levels")
}
