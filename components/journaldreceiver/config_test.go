// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/helper"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.yaml.in/yaml/v3"

	"github.com/tributary-otel/tributary/components/internal/journal"
)

// readConfig reads settings as the collector does.
func readConfig(t testing.TB, settings string) (*Config, error) {
	t.Helper()
	var raw map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(settings), &raw))
	config := createDefaultConfig().(*Config)
	return config, confmap.NewFromStringMap(raw).Unmarshal(config)
}

// configOf reads settings that are right.
func configOf(t testing.TB, settings string) *Config {
	t.Helper()
	config, err := readConfig(t, settings)
	require.NoError(t, err)
	require.NoError(t, config.Validate())
	return config
}

// What is set for OpenTelemetry's receiver loads, with what its README shows.
func TestSettingsOfOpenTelemetrysReceiver(t *testing.T) {
	id := component.MustNewIDWithName("file_storage", "journald")
	for settings, want := range map[string]func(*Config){
		`{}`: func(*Config) {},
		`{units: [ssh], priority: info, directory: /run/log/journal}`: func(c *Config) {
			c.Units, c.Priority, c.Directory = []string{"ssh"}, "info", OneOrMore{"/run/log/journal"}
		},
		`{storage: file_storage/journald, start_at: beginning}`: func(c *Config) { c.Storage, c.StartAt = &id, "beginning" },
		`{matches: [{_SYSTEMD_UNIT: ssh}, {_SYSTEMD_UNIT: kubelet, _UID: "1000"}], units: [kubelet, systemd], identifiers: [systemd]}`: func(c *Config) {
			c.Matches = []map[string]string{{"_SYSTEMD_UNIT": "ssh"}, {"_SYSTEMD_UNIT": "kubelet", "_UID": "1000"}}
			c.Units, c.Identifiers = []string{"kubelet", "systemd"}, []string{"systemd"}
		},
		`{files: [/a.journal], grep: x, dmesg: true, namespace: +a, merge: true, include_log_record_original: true}`: func(c *Config) {
			c.Files, c.Grep, c.Dmesg, c.Namespace, c.Merge, c.IncludeLogRecordOriginal = []string{"/a.journal"}, "x", true, "+a", true, true
		},
		`{root_path: /host, journalctl_path: /usr/bin/journalctl, all: true, convert_message_bytes: true}`: func(c *Config) {
			c.RootPath, c.JournalctlPath, c.All, c.ConvertMessageBytes = "/host", "/usr/bin/journalctl", true, true
		},
		`{retry_on_failure: {enabled: true, initial_interval: 1s, max_interval: 30s, max_elapsed_time: 5m}}`: func(c *Config) {
			c.RetryOnFailure = RetryConfig{InitialInterval: time.Second, MaxInterval: 30 * time.Second, Enabled: true, MaxElapsedTime: 5 * time.Minute}
		},
		`{type: journald_input, id: a, output: [b], attributes: {x: y}, resource: {v: w}}`: func(c *Config) {
			c.OperatorID, c.OutputIDs = "a", []string{"b"}
			c.Attributes, c.Resource = map[string]helper.ExprStringConfig{"x": "y"}, map[string]helper.ExprStringConfig{"v": "w"}
		},
	} {
		t.Run(settings, func(t *testing.T) {
			wanted := createDefaultConfig().(*Config)
			want(wanted)
			assert.Equal(t, wanted, configOf(t, settings))
		})
	}
	assert.Len(t, configOf(t, `operators: [{type: noop}, {type: json_parser}]`).Operators, 2)
}

func TestListsMayBeSingleTexts(t *testing.T) {
	for settings, want := range map[string]OneOrMore{
		`directory: /a`: {"/a"}, `directory: [/a, /b]`: {"/a", "/b"}, `directory: ""`: nil, `directory: "/a,b"`: {"/a,b"},
	} {
		config, err := readConfig(t, settings)
		require.NoError(t, err, settings)
		assert.ElementsMatch(t, want, config.Directory, settings)
	}
	assert.Equal(t, map[string]OneOrMore{"A": {"x"}, "B": {"y", "z"}}, configOf(t, `include: {A: x, B: [y, z]}`).Include)
}

func TestBrokenSettingsAreRefused(t *testing.T) {
	for settings, want := range map[string]string{
		`start_at: middle`:     "`start_at` must be \"beginning\" or \"end\", got \"middle\"",
		`timestamp: x`:         "`timestamp` must be \"realtime\" or \"source\", got \"x\"",
		`service_name_from: x`: "`service_name_from` must be \"identifier\", \"unit\" or \"comm\", got \"x\"",
		`invalid_utf8: x`:      "`invalid_utf8` must be \"escape\" or \"bytes\", got \"x\"",
		`body: x`:              "`body` must be \"message\", \"map\" or \"json\", got \"x\"",
		`{body: json, operators: [{type: noop}]}`:      "`body` must be \"map\" or left out with `operators`, or with expressions in `attributes` or `resource`, got \"json\"",
		`{body: message, resource: {a: EXPR(body.A)}}`: "`body` must be \"map\" or left out with `operators`, or with expressions in `attributes` or `resource`, got \"message\"",
		`max_age: -1s`:                             "`max_age` must not be negative, got -1s",
		`root_path: host`:                          "`root_path` must be an absolute path, got \"host\"",
		`{directory: /a, files: [/b]}`:             "`directory` and `files` must not be set both",
		`directory: [/a, ""]`:                      "`directory::1` must not be empty",
		`files: ["[a"]`:                            "`files::0` must be a glob of files, got \"[a\"",
		`namespaces: [a/b]`:                        "`namespaces::0` must be a glob of names, got \"a/b\"",
		`resource_fields: [_UID]`:                  "`resource_fields` must be of _HOSTNAME, _MACHINE_ID, _PID, _COMM, _EXE, _CMDLINE, CONTAINER_ID_FULL, CONTAINER_NAME, IMAGE_NAME, got \"_UID\"",
		`fields: {include: [""]}`:                  "`fields::include::0` must be a glob of names, got \"\"",
		`fields: {exclude: ["[a"]}`:                "`fields::exclude::0` must be a glob of names, got \"[a\"",
		`units: [a, ""]`:                           "`units::1` must not be empty",
		`units: ["a[b"]`:                           "`units::0` cannot be used, got \"a[b\": `[` without `]`",
		`exclude_units: ["a[b"]`:                   "`exclude_units::0` cannot be used, got \"a[b\": `[` without `]`",
		`user_units: ["a[b"]`:                      "`user_units::0` cannot be used, got \"a[b\": `[` without `]`",
		`identifiers: [""]`:                        "`identifiers::0` must not be empty",
		`transports: [""]`:                         "`transports::0` must not be empty",
		`matches: [{}]`:                            "`matches::0` must name a field",
		`exclude_matches: [{a: b}]`:                "`exclude_matches::0` must have names of fields as keys (A-Z, 0-9, _), got \"a\"",
		`include: {A: "("}`:                        "`include::A` must be regular expressions (RE2), got \"(\": error parsing regexp: missing closing ): `(`",
		`exclude: {1A: x}`:                         "`exclude` must have names of fields as keys (A-Z, 0-9, _), got \"1A\"",
		`include: {A: []}`:                         "`include::A` must have an expression",
		`priority: loud`:                           "`priority` must be a priority (`warning`, `4`) or a range (`err..info`), got \"loud\": \"loud\" is no priority",
		`priority: err..9`:                         "`priority` must be a priority (`warning`, `4`) or a range (`err..info`), got \"err..9\": \"9\" is no priority",
		`facilities: [x]`:                          "`facilities::0` cannot be used, got \"x\": \"x\" is no facility",
		`grep: (?=a)`:                              "`grep` must be a regular expression (RE2), got \"(?=a)\": error parsing regexp: invalid or unsupported Perl syntax: `(?=`",
		`batch: {max_records: 0}`:                  "`batch::max_records` must be positive, got 0",
		`batch: {max_bytes: -1}`:                   "`batch::max_bytes` must be positive, got -1",
		`batch: {timeout: 0s}`:                     "`batch::timeout` must be positive, got 0s",
		`in_flight: {max_bytes: 0}`:                "`in_flight::max_bytes` must be positive, got 0",
		`in_flight: {max_batches: 0}`:              "`in_flight::max_batches` must be positive, got 0",
		`dead_letter: {max_bytes: 0}`:              "`dead_letter::max_bytes` must be positive, got 0",
		`shutdown_timeout: 0s`:                     "`shutdown_timeout` must be positive, got 0s",
		`retry_on_failure: {initial_interval: 0s}`: "`retry_on_failure::initial_interval` must be positive, got 0s",
		`retry_on_failure: {max_interval: -1s}`:    "`retry_on_failure::max_interval` must be positive, got -1s",
		`max_field_bytes: 1023`:                    "`max_field_bytes` must be between 1024 and 805306368, got 1023",
		`{start_at: x, grep: (, batch: {max_bytes: 0}}`: "`start_at` must be \"beginning\" or \"end\", got \"x\"\n" +
			"`grep` must be a regular expression (RE2), got \"(\": error parsing regexp: missing closing ): `(`\n`batch::max_bytes` must be positive, got 0",
	} {
		t.Run(settings, func(t *testing.T) {
			config, err := readConfig(t, settings)
			require.NoError(t, err)
			assert.EqualError(t, config.Validate(), want)
		})
	}
}

func TestUnknownSettingsAreRefused(t *testing.T) {
	for _, settings := range []string{"unit: [a]", "batch: {size: 1}", "fields: {drop: [a]}", "dead_letter: {directory: /x}"} {
		_, err := readConfig(t, settings)
		assert.ErrorContains(t, err, "invalid keys", settings)
	}
}

func TestSettingsThatMeanNothing(t *testing.T) {
	assert.Empty(t, configOf(t, `{retry_on_failure: {enabled: true}}`).ignored())
	assert.Equal(t, []string{"journalctl_path", "all", "convert_message_bytes", "retry_on_failure::max_elapsed_time"},
		configOf(t, `{journalctl_path: x, all: true, convert_message_bytes: true, retry_on_failure: {max_elapsed_time: 1s}}`).ignored())
}

func TestWhichBodyAnEntryGets(t *testing.T) {
	for settings, want := range map[string]string{
		`{}`: "message", `body: json`: "json", `body: map`: "map", `operators: [{type: noop}]`: "map",
		`attributes: {a: EXPR(body.A)}`: "map", `attributes: {a: b}`: "message",
	} {
		assert.Equal(t, want, configOf(t, settings).body(), settings)
	}
}

func TestOptionsOfTheReader(t *testing.T) {
	machine := journal.ID{0xab}
	host := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(host, "etc"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(host, "etc", "machine-id"), []byte(machine.String()+"\n"), 0o644))
	for _, tt := range []struct {
		settings string
		want     journal.Options
	}{
		{`{}`, journal.Options{}},
		{`merge: true`, journal.Options{Merge: true}},
		{`directory: /a`, journal.Options{Directories: []string{"/a"}, Merge: true}},
		{`files: ["/a/*.journal"]`, journal.Options{Files: []string{"/a/*.journal"}, Merge: true}},
		{`{root_path: /no, directory: /a}`, journal.Options{Directories: []string{"/no/a"}, Merge: true}},
		{`{root_path: /no, files: [/a]}`, journal.Options{Files: []string{"/no/a"}, Merge: true}},
		{`root_path: /no`, journal.Options{Directories: []string{"/no/var/log/journal", "/no/run/log/journal"}, Merge: true}},
		{`root_path: ` + host, journal.Options{Directories: []string{host + "/var/log/journal", host + "/run/log/journal"}, MachineID: machine}},
		{`namespace: a`, journal.Options{Namespaces: []string{"a"}}},
		{`namespace: +a`, journal.Options{Namespaces: []string{"", "a"}}},
		{`namespace: "*"`, journal.Options{Namespaces: []string{"", "*"}}},
		{`namespaces: [a, b*]`, journal.Options{Namespaces: []string{"a", "b*"}}},
		{`namespaces: ["*"]`, journal.Options{Namespaces: []string{"", "*"}}},
		{`max_field_bytes: 2048`, journal.Options{MaxFieldBytes: 2048}},
	} {
		t.Run(tt.settings, func(t *testing.T) {
			got, err := configOf(t, tt.settings).options()
			require.NoError(t, err)
			assert.NotNil(t, got.Filter, "debug is left out")
			got.Filter = nil
			if tt.want.MaxFieldBytes == 0 {
				tt.want.MaxFieldBytes = 1 << 20
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestTheRunningBoot(t *testing.T) {
	if _, err := os.Stat(bootFile); err != nil {
		t.Skip("this system does not say which boot is running:", err)
	}
	for settings, want := range map[string]bool{`{}`: false, `current_boot_only: true`: true, `dmesg: true`: true} {
		options, err := configOf(t, settings).options()
		require.NoError(t, err)
		assert.Equal(t, want, options.BootID != journal.ID{}, settings)
	}
}

func TestIdentifiersInFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "id")
	_, err := readID(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(path, []byte("uninitialized\n"), 0o644))
	_, err = readID(path)
	require.ErrorContains(t, err, path+`: "uninitialized" is no identifier`)
}

// The README is what a user reads.
func TestTheREADMENamesEachSetting(t *testing.T) {
	raw, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var keys func(reflect.Type)
	keys = func(of reflect.Type) {
		for field := range of.Fields() {
			if key := field.Tag.Get("mapstructure"); key != ",squash" && key != "type" {
				assert.Contains(t, string(raw), "`"+key+"`")
			}
			if field.Type.Kind() == reflect.Struct {
				keys(field.Type)
			}
		}
	}
	keys(reflect.TypeFor[Config]())
}
