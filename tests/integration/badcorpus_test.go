// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// refusalLimit is how long it may take until a broken configuration is refused: 2 s on a machine that does nothing else.
const refusalLimit = 15 * time.Second

func TestBadInputOfAnySizeAndDepthIsRefusedInTime(t *testing.T) {
	const token = "extensions:\n  bearertokenauth:\n    token: " + secret + "\n"
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"10 MB with a slip in the last line": {
			token + strings.Repeat("# a comment of no use at all, over and over\n", 240_000) + "exporters:\n  nop:\n    a: 1\n",
			[]string{"bad.yaml cannot be read: it is larger than 1 MiB"},
		},
		"10 MB of keys":      {token + "exporters:\n" + strings.Repeat("  nop:\n", 1_400_000), []string{"bad.yaml cannot be read: it is larger than 1 MiB"}},
		"10 MB in one value": {token + "exporters:\n  nop: " + strings.Repeat("x", 10<<20), []string{"bad.yaml cannot be read: it is larger than 1 MiB"}},
		"10 MB of nothing":   {strings.Repeat("\x00", 10<<20), []string{"bad.yaml"}},
		"1 MB with a slip in the last line": {
			token + strings.Repeat("# a comment of no use at all, over and over\n", 20_000) + "exporters:\n  nop:\n    a: 1\n",
			[]string{"bad.yaml:20006: exporters::nop::a: unknown key"},
		},
		"10 MB that a value refers to": {token + "exporters:\n  nop: ${file:large.yaml}\n", []string{"bad.yaml:5: exporters::nop: ", "larger than 1 MiB"}},
		"a file of itself":             {token + "exporters:\n  nop: ${file:bad.yaml}\n", []string{"bad.yaml:5: exporters::nop: the reference leads back to itself"}},
		"a variable of itself":         {token + "exporters:\n  nop: ${env:CYCLE}\n", []string{"bad.yaml:5: exporters::nop: the reference leads back to itself"}},
		"brackets in brackets":         {token + "exporters: " + strings.Repeat("[", 100_000), []string{"bad.yaml"}},
		"maps in maps":                 {token + "exporters: {nop: " + strings.Repeat("{a: ", 200) + strings.Repeat("}", 201), []string{"bad.yaml:4: exporters::nop::a: unknown key"}},
		"aliases of aliases":           {token + bomb(), []string{"bad.yaml"}},
		"bytes that are no text":       {"\xff\xfe" + token, []string{"bad.yaml"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "bad.yaml"), []byte(c.text), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "large.yaml"), bytes.Repeat([]byte("x"), 10<<20), 0o600))
			p := testkit.Start(t, testkit.Options{Args: []string{"--config=bad.yaml"}, Dir: dir, Env: []string{"CYCLE=${env:CYCLE}"}})
			code, elapsed := p.Wait(t, refusalLimit)
			t.Logf("refused after %s", elapsed)
			assert.Equal(t, 1, code)
			assert.Less(t, len(p.Stderr()), 64<<10, "a message that somebody can read")
			orderly(t, p)
			for _, part := range c.want {
				assert.Contains(t, p.Stderr(), part)
			}
		})
	}
}

// bomb is a document of a few lines that would be millions of values.
func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 10; i++ {
		alias := fmt.Sprintf("*a%d", i-1)
		fmt.Fprintf(&b, "a%d: &a%[1]d [%s]\n", i, strings.TrimSuffix(strings.Repeat(alias+", ", 10), ", "))
	}
	return b.String()
}

// orderly wants one message at most, which is no crash and has no secret.
func orderly(t *testing.T, p *testkit.Process) {
	t.Helper()
	said := p.Stdout() + p.Stderr()
	assert.LessOrEqual(t, strings.Count("\n"+said, "\nError: "), 1, said)
	for _, never := range []string{secret, "panic:", "goroutine ", "fatal error"} {
		assert.NotContains(t, said, never)
	}
}

// What is shipped, with a few things changed at random.
func TestBadInputByChanceNeverCrashes(t *testing.T) {
	seed := uint64(time.Now().UnixNano()) % 1_000_000
	random := rand.New(rand.NewPCG(seed, 0))
	var sources []string
	for _, name := range []string{"kubernetes.yaml", "backends/grafana-cloud-loki.yaml"} {
		text, err := os.ReadFile(filepath.Join(testkit.Root(), "distro", "config", name))
		require.NoError(t, err)
		sources = append(sources, strings.ReplaceAll(string(text), `"${env:TRIBUTARY_GRAFANA_CLOUD_TOKEN:-}"`, `"`+secret+`"`))
	}
	require.Contains(t, sources[1], secret, "the test plants nothing")
	refusals := 0
	for range 25 {
		dir := t.TempDir()
		opts := testkit.Options{Args: []string{"validate"}, Dir: dir}
		for i, text := range sources {
			name := fmt.Sprintf("%d.yaml", i)
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(spoilt(random, text)), 0o600))
			opts.Args = append(opts.Args, "--config="+name)
		}
		p := testkit.Start(t, opts)
		code, _ := p.Wait(t, refusalLimit)
		orderly(t, p)
		refusals += code
		assert.Contains(t, []int{0, 1}, code)
		if t.Failed() {
			t.Fatalf("seed %d, the files are\n%s", seed, spoiltFiles(t, dir))
		}
	}
	assert.Positive(t, refusals, "nothing was broken: the test tests nothing")
}

// spoilt changes up to four lines of a text. The line of the secret keeps its key, by which it is known as one.
func spoilt(random *rand.Rand, text string) string {
	lines := strings.Split(text, "\n")
	for range 1 + random.IntN(4) {
		at := random.IntN(len(lines))
		if strings.Contains(lines[at], secret) || strings.HasPrefix(lines[at], "#") || lines[at] == "" {
			continue
		}
		switch random.IntN(6) {
		case 0:
			lines = append(lines[:at:at], lines[at+1:]...)
		case 1:
			lines[at] = " " + lines[at]
		case 2:
			lines[at] += []string{" x", ": y", " {", " ${env:NOT_THERE}", " ${nothing:here}", " &a *a", "\t"}[random.IntN(7)]
		case 3:
			cut := random.IntN(len(lines[at]))
			lines[at] = lines[at][:cut] + string(rune(random.IntN(0x250))) + lines[at][cut+1:]
		case 4:
			lines = append(lines[:at+1:at+1], lines[at:]...)
		case 5:
			lines[at] = strings.Replace(lines[at], ":", "", 1)
		}
	}
	return strings.Join(lines, "\n")
}

func spoiltFiles(t *testing.T, dir string) string {
	var all strings.Builder
	for _, name := range []string{"0.yaml", "1.yaml"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		fmt.Fprintf(&all, "--- %s\n%s\n", name, text)
	}
	return all.String()
}
