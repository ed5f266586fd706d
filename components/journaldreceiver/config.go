// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"slices"
	"strings"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/helper"
	"go.opentelemetry.io/collector/component"

	"github.com/tributary-otel/tributary/components/internal/outlet"
)

// Config is what a user says about the receiver. It holds every setting of the receiver
// `journald` of OpenTelemetry's contrib repository, and more.
type Config struct {
	// Directory are the folders with the journals, or with folders of journals (default:
	// /var/log/journal and /run/log/journal, as far as they exist).
	Directory OneOrMore `mapstructure:"directory"`
	// Files are globs of journal files, which are read in place of Directory.
	Files []string `mapstructure:"files"`
	// RootPath is put in front of Directory, Files and the place of machine-id, where
	// the file system of the host is mounted (default: none).
	RootPath string `mapstructure:"root_path"`
	// Namespace is the journal namespace that is read, `+<name>` for that one and the
	// default one, `*` for all (default: the default one).
	Namespace string `mapstructure:"namespace"`
	// Namespaces are more of them, by globs.
	Namespaces []string `mapstructure:"namespaces"`
	// Merge reads the journals of other machines as well (default: false, unless
	// Directory or Files is set: then all that lies there is read).
	Merge bool `mapstructure:"merge"`

	// StartAt says where reading begins at the first start, `beginning` or `end`
	// (default: end).
	StartAt string `mapstructure:"start_at"`
	// MaxAge begins at entries that are not older, in place of StartAt (default: 0, not
	// used).
	MaxAge time.Duration `mapstructure:"max_age"`
	// CurrentBootOnly reads entries of the running boot (default: false).
	CurrentBootOnly bool `mapstructure:"current_boot_only"`
	// Storage is the extension that keeps the position (default: none, it is lost with
	// the process).
	Storage *component.ID `mapstructure:"storage"`

	// Selection chooses entries.
	Selection `mapstructure:",squash"`
	// Shape says what becomes of an entry.
	Shape `mapstructure:",squash"`

	// InputConfig holds `attributes` and `resource`, which are put on each record;
	// `id`, which is part of the key in the storage; `output`, the operator that is the
	// first; and `type`, which means nothing.
	helper.InputConfig `mapstructure:",squash"`
	// Operators are run on entries, in the form that `body: map` gives them.
	Operators []operator.Config `mapstructure:"operators"`

	// Batch says what is sent at once.
	Batch BatchConfig `mapstructure:"batch"`
	// InFlight bounds what is read and not delivered.
	InFlight InFlightConfig `mapstructure:"in_flight"`
	// RetryOnFailure says how long to pause between attempts.
	RetryOnFailure RetryConfig `mapstructure:"retry_on_failure"`
	// DeadLetter is where records go that the backend refuses for good.
	DeadLetter outlet.DeadLetterConfig `mapstructure:"dead_letter"`
	// ShutdownTimeout is how long a shutdown waits for what is in flight (default:
	// 20s). What is not delivered by then is read again after the start.
	ShutdownTimeout time.Duration `mapstructure:"shutdown_timeout"`

	// JournalctlPath, All and ConvertMessageBytes mean nothing here: no program is run,
	// and all fields are read as they are.
	JournalctlPath      string `mapstructure:"journalctl_path"`
	All                 bool   `mapstructure:"all"`
	ConvertMessageBytes bool   `mapstructure:"convert_message_bytes"`
}

// Selection chooses entries. All its settings have to agree.
type Selection struct {
	// Units are names or globs of units, `nginx` for `nginx.service`. As `journalctl -u`
	// does, it takes what the unit says and what systemd says of it. UserUnits are those
	// of users; an entry of either is enough.
	Units     []string `mapstructure:"units"`
	UserUnits []string `mapstructure:"user_units"`
	// ExcludeUnits leaves out what Units would take.
	ExcludeUnits []string `mapstructure:"exclude_units"`
	// Identifiers are syslog identifiers.
	Identifiers        []string `mapstructure:"identifiers"`
	ExcludeIdentifiers []string `mapstructure:"exclude_identifiers"`
	// Matches are fields and values. One of the list is enough, of which all fields
	// have to match.
	Matches        []map[string]string `mapstructure:"matches"`
	ExcludeMatches []map[string]string `mapstructure:"exclude_matches"`
	// Include and Exclude are regular expressions (RE2, for a part of the value) for
	// fields. Of Include, each field has to match one of its expressions; of Exclude,
	// any match is enough.
	Include map[string]OneOrMore `mapstructure:"include"`
	Exclude map[string]OneOrMore `mapstructure:"exclude"`
	// Priority is the least important one, `warning` or `4`, or a range, `err..info`
	// (default: info, and entries without a priority).
	Priority string `mapstructure:"priority"`
	// Facilities are syslog facilities by name or number.
	Facilities []string `mapstructure:"facilities"`
	// Transports are ways into the journal, such as `kernel`, `syslog` or `stdout`.
	Transports []string `mapstructure:"transports"`
	// Grep is a regular expression for the message. Without capitals in it, capitals
	// in the message do not matter.
	Grep string `mapstructure:"grep"`
	// Dmesg takes messages of the kernel in the running boot.
	Dmesg bool `mapstructure:"dmesg"`
}

// Shape says what becomes of an entry.
type Shape struct {
	// Body is `message`, `map` for all fields, or `json` for all fields in a line
	// (default: message; with Operators: map).
	Body string `mapstructure:"body"`
	// Timestamp is `realtime`, when journald had the entry, or `source`, when its
	// sender made it, as far as that is known (default: realtime).
	Timestamp string `mapstructure:"timestamp"`
	// ServiceNameFrom says what service.name is made of: `identifier`, `unit` or `comm`,
	// and the others where that one is missing (default: identifier).
	ServiceNameFrom string `mapstructure:"service_name_from"`
	// ResourceFields are the fields that go to the resource, of those that can. The
	// others go to the record (default: all of them).
	ResourceFields []string `mapstructure:"resource_fields"`
	// Fields chooses fields.
	Fields FieldsConfig `mapstructure:"fields"`
	// MaxFieldBytes is how much of a value is read (default: 1 MiB).
	MaxFieldBytes int `mapstructure:"max_field_bytes"`
	// InvalidUTF8 says what becomes of a value that is no UTF-8: `escape` writes each
	// such byte as \xhh, `bytes` makes the value one of bytes (default: escape).
	InvalidUTF8 string `mapstructure:"invalid_utf8"`
	// Cursor adds the attribute journald.cursor (default: false).
	Cursor bool `mapstructure:"cursor"`
	// IncludeLogRecordOriginal adds the attribute log.record.original, with all fields
	// as JSON (default: false).
	IncludeLogRecordOriginal bool `mapstructure:"include_log_record_original"`
}

// FieldsConfig chooses by globs which fields become attributes, or parts of a body that
// has all of them. What else is made of fields, such as the body, the severity and
// service.name, does not depend on it.
type FieldsConfig struct {
	// Include takes these only (default: all).
	Include []string `mapstructure:"include"`
	// Exclude leaves these out.
	Exclude []string `mapstructure:"exclude"`
}

// BatchConfig says what is sent at once. A batch is sent when it has reached one of
// the limits.
type BatchConfig struct {
	// MaxRecords is in entries (default: 5000).
	MaxRecords int `mapstructure:"max_records"`
	// MaxBytes is in bytes of the fields (default: 2 MiB). The entry that reaches it is
	// the last one of the batch.
	MaxBytes int `mapstructure:"max_bytes"`
	// Timeout is how long an entry waits for others (default: 500ms).
	Timeout time.Duration `mapstructure:"timeout"`
}

// InFlightConfig bounds what is read and not delivered. It is what may be sent twice
// after a crash.
type InFlightConfig struct {
	// MaxBytes is in bytes of the fields (default: 32 MiB).
	MaxBytes int64 `mapstructure:"max_bytes"`
	// MaxBatches is how many batches are sent at a time (default: 1). With one, entries
	// arrive in their order.
	MaxBatches int `mapstructure:"max_batches"`
}

// RetryConfig says how long to pause between attempts. They go on until one succeeds.
type RetryConfig struct {
	// InitialInterval and MaxInterval are the first pause and the longest one (default:
	// 500ms, 30s).
	InitialInterval time.Duration `mapstructure:"initial_interval"`
	MaxInterval     time.Duration `mapstructure:"max_interval"`
	// Enabled and MaxElapsedTime mean nothing: nothing is ever given up.
	Enabled        bool          `mapstructure:"enabled"`
	MaxElapsedTime time.Duration `mapstructure:"max_elapsed_time"`
}

// OneOrMore is a list that may be written as a single text.
type OneOrMore []string

// UnmarshalText takes a single text; an empty one is none.
func (l *OneOrMore) UnmarshalText(text []byte) error {
	*l = nil
	if len(text) > 0 {
		*l = OneOrMore{string(text)}
	}
	return nil
}

// Values of settings.
const (
	startAtBeginning = "beginning"
	startAtEnd       = "end"
	bodyMessage      = "message"
	bodyMap          = "map"
	bodyJSON         = "json"
	timeRealtime     = "realtime"
	timeSource       = "source"
	nameIdentifier   = "identifier"
	nameUnit         = "unit"
	nameComm         = "comm"
	utf8Escape       = "escape"
	utf8Bytes        = "bytes"

	inputType = "journald_input"
)

var _ component.Config = (*Config)(nil)

func createDefaultConfig() component.Config {
	return &Config{
		StartAt: startAtEnd,
		Shape: Shape{
			Timestamp: timeRealtime, ServiceNameFrom: nameIdentifier, MaxFieldBytes: 1 << 20, InvalidUTF8: utf8Escape,
			ResourceFields: slices.Clone(resourceFields[:]),
		},
		InputConfig:     helper.NewInputConfig(inputType, inputType),
		Batch:           BatchConfig{MaxRecords: 5000, MaxBytes: 2 << 20, Timeout: 500 * time.Millisecond},
		InFlight:        InFlightConfig{MaxBytes: 32 << 20, MaxBatches: 1},
		RetryOnFailure:  RetryConfig{InitialInterval: 500 * time.Millisecond, MaxInterval: 30 * time.Second},
		DeadLetter:      outlet.DeadLetterConfig{MaxBytes: 100 << 20},
		ShutdownTimeout: 20 * time.Second,
	}
}

// viaOperators reports whether entries have to go through operators, also through the
// expressions that texts of `attributes` and `resource` may have in them.
func (c *Config) viaOperators() bool {
	if len(c.Operators) > 0 {
		return true
	}
	for _, texts := range []map[string]helper.ExprStringConfig{c.Attributes, c.Resource} {
		for _, text := range texts {
			if strings.Contains(string(text), "EXPR(") {
				return true
			}
		}
	}
	return false
}

// body is the setting, or what it is by default.
func (c *Config) body() string {
	switch {
	case c.Body != "":
		return c.Body
	case c.viaOperators():
		return bodyMap
	}
	return bodyMessage
}

// ignored are the settings that are there and mean nothing.
func (c *Config) ignored() (keys []string) {
	for _, setting := range []struct {
		key string
		set bool
	}{
		{"journalctl_path", c.JournalctlPath != ""}, {"all", c.All}, {"convert_message_bytes", c.ConvertMessageBytes},
		{"retry_on_failure::max_elapsed_time", c.RetryOnFailure.MaxElapsedTime > 0},
	} {
		if setting.set {
			keys = append(keys, setting.key)
		}
	}
	return keys
}
