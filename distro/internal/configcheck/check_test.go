// SPDX-License-Identifier: Apache-2.0

package configcheck_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"go.opentelemetry.io/collector/featuregate"
)

func TestAGoodConfigurationPasses(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []string
		more  []string
	}{
		{"one file", []string{good}, nil},
		{"an old name of a type", []string{good, `
receivers: {file_log: {include: [/var/log/x]}}
exporters: {otlphttp: {endpoint: "http://h:1"}}
`}, nil},
		{"a variable set to nothing", []string{good, `
exporters: {otlp_http: {endpoint: "http://h:1", headers: {a: "${env:EMPTY}", b: "${EMPTY}"}}}`}, nil},
		{"a variable with a default", []string{good, `
exporters: {otlp_http: {endpoint: "${env:UNSET:-http://h:1}", compression: "${env:UNSET:-}"}}`}, nil},
		{"an escaped reference", []string{good, `
exporters: {otlp_http: {endpoint: "http://h:1", headers: {a: "$${UNSET}"}}}`}, nil},
		{"a variable in a value that another file replaces", []string{`
receivers: {otlp: {protocols: {http: {endpoint: "${env:UNSET}"}}}}`, good}, nil},
		{"two files that add to the same exporter", []string{good, `
exporters: {otlp_http: {endpoint: "http://h:1"}}`, `
exporters: {otlp_http: {timeout: 3s}}`}, nil},
		{"two files that say the same in other words", []string{good, `
exporters: {otlp_http: {endpoint: "http://h:1", timeout: 3s}}`, `
exporters: {otlp_http: {endpoint: http://h:1, timeout: "3s"}}`}, nil},
		{"an exporter that the command line changes", []string{good, `
exporters: {otlp_http: {endpoint: "http://h:1"}}`}, []string{"yaml:exporters::otlp_http::endpoint: http://h:2"}},
		{"another kind of component that two files define", []string{good, `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:1"}}}}`}, nil},
		{"anchors and merge keys", []string{good, `
receivers:
  filelog/a: &logs {include: [/a], start_at: end}
  filelog/b: {<<: *logs, include: [/b]}
`}, nil},
		{"a variable in a comment of a file that another one brings in", []string{`
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {debug: "${file:b.yaml}", nop: }
service: {pipelines: {logs: {receivers: [otlp], exporters: [nop]}}}
`, "verbosity: basic # not ${env:UNSET} nor ${file:nowhere}"}, nil},
		{"keys with colons", []string{good, "exporters::otlp_http::endpoint: http://h:1"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("EMPTY", "")
			files := write(t, c.files...)
			if strings.Contains(c.files[0], "${file:b.yaml}") {
				files = files[:1]
			}
			assert.NoError(t, validate(t, append(files, c.more...)...))
		})
	}
}

func TestAFileThatAnotherOneBringsInIsRead(t *testing.T) {
	t.Setenv("NAME", "c")
	files := write(t, `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: ${file:b.yaml}
service: {pipelines: {logs: {receivers: [otlp], exporters: [nop, otlp_http]}}}
`, "nop:\notlp_http:\n  endpoint: http://h:1\n  timeot: 3s\n  headers:\n    x: ${file:${env:NAME}.yaml}", "not: [yaml")
	lines(t, validate(t, files[0]), "b.yaml:4: exporters::otlp_http::timeot: unknown key (found: \"3s\"); did you mean `timeout`?")
}

func TestAVariableBehindAVariableIsMissed(t *testing.T) {
	t.Setenv("OUTER", "${env:UNSET}")
	lines(t, validate(t, write(t, good, `exporters: {debug: {verbosity: "${env:OUTER}"}}`)...),
		"the environment variable UNSET is not set; set UNSET or give a default with ${env:UNSET:-value}")
}

func TestReferencesInACircleAreFollowedOnce(t *testing.T) {
	t.Setenv("SELF", "${env:SELF}")
	files := write(t, good, `
exporters:
  otlp_http: ${file:c.yaml}
  debug: {verbosity: "${env:SELF}"}
`, "endpoint: http://h:1\nheaders: ${file:c.yaml}")
	lines(t, validate(t, files[:2]...),
		`b.yaml:2: exporters::otlp_http: the reference leads back to itself (found: "${file:c.yaml}")`,
		`b.yaml:3: exporters::debug::verbosity: the reference leads back to itself (found: "${env:SELF}")`)
}

func TestABrokenConfigurationIsRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []string
		more  []string
		want  []string
	}{
		{name: "unknown keys, with the nearest known one", files: []string{good, `
exporters:
  otlp_http:
    endpoint: http://h:1
    timeot: 30s
    retry_on_failure: {max_elapsed: 1s}
    flavour: mint
recievers:
`}, want: []string{
			"b.yaml:4: exporters::otlp_http::timeot: unknown key (found: \"30s\"); did you mean `timeout`?",
			"b.yaml:5: exporters::otlp_http::retry_on_failure::max_elapsed: unknown key (found: \"1s\"); did you mean `max_elapsed_time`?",
			`b.yaml:6: exporters::otlp_http::flavour: unknown key (found: "mint"); remove it or correct its name`,
			"b.yaml:7: recievers: unknown key (found: nothing); did you mean `receivers`?",
		}},
		{name: "values of a wrong type", files: []string{good, `
exporters:
  otlp_http:
    endpoint: [a, b]
    timeout: abc
    sending_queue:
      queue_size: many
    tls: [1]
receivers:
  filelog:
    include: [/x]
    max_log_size: 1 parsec
`}, want: []string{
			`b.yaml:3: exporters::otlp_http::endpoint: must be text, not a list (found: ["a", "b"])`,
			`b.yaml:4: exporters::otlp_http::timeout: not a duration (found: "abc"); write a number with a unit, such as 30s or 5m`,
			`b.yaml:6: exporters::otlp_http::sending_queue::queue_size: must be a whole number, not text (found: "many")`,
			`b.yaml:7: exporters::otlp_http::tls: must be a map, not a list (found: [1])`,
			`b.yaml:11: receivers::filelog::max_log_size: invalid byte size '1 parsec' (found: "1 parsec")`,
		}},
		{name: "variables that are not set, each place", files: []string{good, `
exporters:
  otlp_http:
    endpoint: ${env:UNSET_HOST}
    traces_endpoint: http://${UNSET_HOST}/t
    headers: {authorization: "Bearer ${env:UNSET_TOKEN}"}
`}, want: []string{
			`b.yaml:3: exporters::otlp_http::endpoint: the environment variable UNSET_HOST is not set (found: "${env:UNSET_HOST}"); set UNSET_HOST or give a default with ${env:UNSET_HOST:-value}`,
			`b.yaml:4: exporters::otlp_http::traces_endpoint: the environment variable UNSET_HOST is not set (found: "http://${UNSET_HOST}/t"); set UNSET_HOST or give a default with ${env:UNSET_HOST:-value}`,
			`b.yaml:5: exporters::otlp_http::headers::authorization: the environment variable UNSET_TOKEN is not set (found: "[REDACTED]${env:UNSET_TOKEN}"); set UNSET_TOKEN or give a default with ${env:UNSET_TOKEN:-value}`,
		}},
		{name: "a value that was fine as long as it was not expanded", files: []string{good, `
exporters: {otlp_http: {endpoint: "http://h:1", timeout: "${env:WORD}"}}
`}, want: []string{
			`b.yaml:1: exporters::otlp_http::timeout: not a duration (found: "${env:WORD}"); write a number with a unit, such as 30s or 5m`,
		}},
		{name: "unknown types and names that are none", files: []string{good, `
exporters:
  debuf:
  tea/pot:
  logging:
  "nop/":
`}, want: []string{
			"b.yaml:2: exporters::debuf: unknown exporter type \"debuf\"; did you mean `debug`?",
			`b.yaml:3: exporters::tea/pot: unknown exporter type "tea"; known: debug, nop, otlp_http, otlphttp`,
			"b.yaml:4: exporters::logging: unknown exporter type \"logging\"; the logging exporter is now called `debug`",
			`b.yaml:5: exporters::nop/: not the name of a component: in "nop/" id: the part after / should not be empty; write type or type/name`,
		}},
		{name: "exporters that two files define differently", files: []string{good, `
exporters:
  otlp_http:
    endpoint: http://one:1
    tls: {insecure: true}
    headers: {authorization: Bearer abcdef123456}
  debug: {verbosity: detailed}
`, `
exporters:
  otlp_http:
    endpoint: http://two:1
    tls: {insecure: true, ca_file: /ca}
    headers: {authorization: Bearer 654321fedcba}
  debug:
`}, want: []string{
			`c.yaml:3: exporters::otlp_http::endpoint: conflicts with b.yaml:3, which has "http://one:1" (found: "http://two:1"); keep one of the two; to let the later file win, start with --feature-gates=-tributary.refuseConflictingExporters`,
			`c.yaml:5: exporters::otlp_http::headers::authorization: conflicts with b.yaml:5, which has "[REDACTED]" (found: "[REDACTED]"); keep one of the two; to let the later file win, start with --feature-gates=-tributary.refuseConflictingExporters`,
			`c.yaml:6: exporters::debug: conflicts with b.yaml:6, which has more keys (found: nothing); keep one of the two; to let the later file win, start with --feature-gates=-tributary.refuseConflictingExporters`,
		}},
		{name: "what components refuse", files: []string{good, `
processors:
  batch: {send_batch_size: 10, send_batch_max_size: 5}
exporters:
  otlp_http:
  debug: {verbosity: loud}
connectors:
  nop:
`}, want: []string{
			"b.yaml:2: processors::batch::send_batch_max_size: send_batch_max_size must be greater or equal to send_batch_size (found: 5)",
			"b.yaml:4: exporters::otlp_http: at least one endpoint must be specified",
			`b.yaml:5: exporters::debug::verbosity: unknown metrics level "loud" (found: "loud")`,
			`b.yaml:7: connectors::nop: ambiguous ID: Found both "nop" exporter and "nop" connector. Change one of the components' IDs to eliminate ambiguity (e.g. rename "nop" connector to "nop/connector")`,
			`b.yaml:7: connectors::nop: unknown connector type "nop"; known: forward`,
		}},
		{name: "pipelines with names that stand for nothing", files: []string{good, `
service:
  extensions: [basicauth]
  pipelines:
    logs:
      receivers: [otpl]
      processors:
        - batch
    traces: {receivers: [], exporters: [nop]}
    longs: {receivers: [otlp], exporters: [nop]}
`}, want: []string{
			`b.yaml:2: service::extensions::0: there is no extension "basicauth" (found: "basicauth"); define it under extensions or take it out here`,
			"b.yaml:5: service::pipelines::logs::receivers::0: there is no receiver \"otpl\" (found: \"otpl\"); did you mean `otlp`?",
			`b.yaml:7: service::pipelines::logs::processors::0: there is no processor "batch" (found: "batch"); define it under processors or take it out here`,
			`b.yaml:8: service::pipelines::traces: must have at least one receiver`,
			`b.yaml:9: service::pipelines::longs: in "longs" id: unknown pipeline signal: "longs"`,
		}},
		{name: "a connector that leads nowhere", files: []string{good, `
connectors: {forward: }
service: {pipelines: {logs: {exporters: [nop, forward]}}}
`}, want: []string{
			`b.yaml:1: connectors::forward: connector "forward" used as exporter in [logs] pipeline but not used in any supported receiver pipeline`,
		}},
		{name: "nothing at all", files: []string{"# later"}, want: []string{
			"a.yaml: empty configuration file",
			"a.yaml: service::pipelines: service must have at least one pipeline",
		}},
		{name: "files that cannot be read, and what is wrong in the others", files: []string{
			"exporters:\n  otlp_http: {timeot: 1}\n", "receivers:\n  otlp: [\n", "hello", "a:\n  b: 1\nc: 2\na: 3\n",
		}, more: []string{".", "nowhere.yaml", "env:UNSET"}, want: []string{
			".: . is a folder; name a file in it",
			"a.yaml:2: exporters::otlp_http::timeot: unknown key (found: 1); did you mean `timeout`?",
			"b.yaml:2: not valid YAML: did not find expected node content; the mistake may be a line or two above",
			"c.yaml:1: not a configuration: there are no keys at the top; start with a key such as receivers:",
			"d.yaml:4: the key `a` is already there in line 1; keep one of them",
			"env:UNSET: the environment variable UNSET is not set; set it to a configuration",
			"nowhere.yaml: the file nowhere.yaml does not exist; correct the path or create the file",
		}},
		{name: "a file that a reference needs", files: []string{good, `
exporters: {otlp_http: {endpoint: "http://h:1", timeout: "${file:nowhere}", headers: {a: "${env:7UP}"}}}
`}, want: []string{
			`b.yaml:1: exporters::otlp_http::headers::a: environment variable "7UP" has invalid name: must match regex ^[a-zA-Z_][a-zA-Z0-9_]*$ (found: "${env:7UP}")`,
			`b.yaml:1: exporters::otlp_http::timeout: the file nowhere does not exist (found: "${file:nowhere}"); correct the path or create the file`,
		}},
		{name: "references that mean nothing", files: []string{good, `
exporters:
  otlp_http:
    endpoint: ${HOST:-http://h:1}
    headers: {a: "${TOKEN:-hunter2}"}
    timeout: ${env:UNSET}
`}, want: []string{
			`b.yaml:3: exporters::otlp_http::endpoint: this reference means nothing (found: "${HOST:-http://h:1}"); a default is written ${env:HOST:-value}`,
			`b.yaml:4: exporters::otlp_http::headers::a: this reference means nothing (found: "${TOKEN:-[REDACTED]}"); a default is written ${env:TOKEN:-value}`,
			`b.yaml:5: exporters::otlp_http::timeout: the environment variable UNSET is not set (found: "${env:UNSET}"); set UNSET or give a default with ${env:UNSET:-value}`,
		}},
		{name: "a value from the command line", files: []string{good}, more: []string{"yaml:exporters::debug::sampling_initial: lots"}, want: []string{
			`command line: exporters::debug::sampling_initial: must be a whole number, not text (found: "lots")`,
		}},
		{name: "a value behind an alias", files: []string{good, `
x-unused: &d abc
exporters:
  otlp_http: {endpoint: "http://h:1", timeout: *d}
`}, want: []string{
			`b.yaml:1: x-unused: unknown key (found: "abc"); the keys at the top are receivers, processors, exporters, connectors, extensions and service`,
			`b.yaml:3: exporters::otlp_http::timeout: not a duration (found: "abc"); write a number with a unit, such as 30s or 5m`,
		}},
		{name: "sections that are no maps", files: []string{good, `
exporters: [nop]
processors: {batch: fast}
`}, want: []string{
			`b.yaml:1: exporters: must be a map of exporters (found: ["nop"])`,
			`b.yaml:2: processors::batch: must be a map (found: "fast")`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("WORD", "soon")
			lines(t, validate(t, append(write(t, c.files...), c.more...)...), c.want...)
		})
	}
}

func TestTheTitleSaysHowManyAndThatNothingRuns(t *testing.T) {
	files := write(t, good, "exporters: {nop: {a: 1, b: 2}}")
	require.ErrorContains(t, validate(t, files...), "the configuration has 2 problems; nothing was started\n  ")
	files = write(t, good, "exporters: {nop: {a: 1}}")
	require.ErrorContains(t, validate(t, files...), "the configuration has 1 problem; nothing was started\n  ")
}

func TestWhoOverlaysOnPurposeCanSaySo(t *testing.T) {
	const gate = "tributary.refuseConflictingExporters"
	require.NoError(t, featuregate.GlobalRegistry().Set(gate, false))
	t.Cleanup(func() { require.NoError(t, featuregate.GlobalRegistry().Set(gate, true)) })

	files := write(t, good, `exporters: {otlp_http: {endpoint: "http://h:1"}}`, `exporters: {otlp_http: {endpoint: "http://h:2"}}`)
	require.NoError(t, validate(t, files...))
}

func TestAFileThatIsTooLargeIsNotRead(t *testing.T) {
	files := write(t, good, "# "+strings.Repeat("x", 1<<20)+"\n", `exporters: {otlp_http: {endpoint: "${file:b.yaml}"}}`)
	const says = "the file b.yaml cannot be read: it is larger than 1 MiB, which no configuration is"
	lines(t, validate(t, files[0], files[1]), "b.yaml: "+says)
	lines(t, validate(t, files[0], files[2]), "c.yaml:1: exporters::otlp_http::endpoint: "+says+` (found: "${file:b.yaml}")`)
}
