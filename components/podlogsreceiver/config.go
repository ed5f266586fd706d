// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"time"

	"go.opentelemetry.io/collector/component"

	"github.com/tributary-otel/tributary/components/internal/hints"
	"github.com/tributary-otel/tributary/components/internal/multiline"
	"github.com/tributary-otel/tributary/components/internal/outlet"
)

// Config is what a user says about the receiver.
type Config struct {
	// Path is the folder with the folders of the pods (default: /var/log/pods).
	Path string `mapstructure:"path"`
	// LinkTargets are the folders into which a link that stands for a log file may
	// point (default: /var/lib/docker/containers). Other links are not followed.
	LinkTargets []string `mapstructure:"link_targets"`
	// Include chooses the containers that are read (default: all).
	Include Selection `mapstructure:"include"`
	// Exclude takes some of them out.
	Exclude Selection `mapstructure:"exclude"`
	// ExcludeSelf leaves out the pod that the collector runs in (default: true).
	ExcludeSelf bool `mapstructure:"exclude_self"`
	// StartAt says where a file is read from that is there at the first start:
	// `beginning` or `end` (default: beginning). Files that come later are always read
	// from the beginning.
	StartAt string `mapstructure:"start_at"`
	// MaxAge leaves out files that were last written to longer ago when they are first
	// seen (default: 0, none is too old).
	MaxAge time.Duration `mapstructure:"max_age"`
	// Metadata is the extension that knows the pods of the node, such as `k8s_pods`; `none` is none
	// (default: none, all that is known of a pod is in the path).
	Metadata *component.ID `mapstructure:"metadata"`
	// MetadataTimeout is how long the files of a pod wait that the extension does not know
	// (default: 10s). Then they are read with the identity from their path.
	MetadataTimeout time.Duration `mapstructure:"metadata_timeout"`
	// Annotations says what the owner of a pod may say about its logs, with Metadata.
	Annotations AnnotationsConfig `mapstructure:"annotations"`
	// Storage is the extension that keeps the positions (default: none, they are lost
	// with the process).
	Storage *component.ID `mapstructure:"storage"`
	// PollInterval is how often a file that grows is looked at (default: 500ms). One that
	// is silent is looked at when the kernel reports a write, or each 2 s.
	PollInterval time.Duration `mapstructure:"poll_interval"`
	// MaxLineBytes is the length above which a line is sent in pieces, each a record of
	// its own (default: 1 MiB).
	MaxLineBytes int `mapstructure:"max_line_bytes"`
	// Multiline says which lines are one record.
	Multiline MultilineConfig `mapstructure:"multiline"`
	// InvalidUTF8 says what becomes of a line that is no UTF-8: `escape` writes each
	// such byte as \xhh, `bytes` makes the body one of bytes (default: escape).
	InvalidUTF8 string `mapstructure:"invalid_utf8"`
	// Batch says what is sent at once.
	Batch BatchConfig `mapstructure:"batch"`
	// InFlight bounds what is read and not delivered.
	InFlight InFlightConfig `mapstructure:"in_flight"`
	// RateLimit bounds what is taken of single pods and namespaces.
	RateLimit RateLimitConfig `mapstructure:"rate_limit"`
	// DeadLetter is where records go that the backend refuses for good.
	DeadLetter outlet.DeadLetterConfig `mapstructure:"dead_letter"`
	// Spill is where the rest of deleted files goes.
	Spill SpillConfig `mapstructure:"spill"`
	// ShutdownTimeout is how long a shutdown waits for what is in flight (default:
	// 20s). What is not delivered by then is read again after the start.
	ShutdownTimeout time.Duration `mapstructure:"shutdown_timeout"`
}

// metadata returns the extension that knows the pods, nil for none.
func (c *Config) metadata() *component.ID {
	if c.Metadata == nil || c.Metadata.String() == outlet.None {
		return nil
	}
	return c.Metadata
}

// AnnotationsConfig says what the owner of a pod may say about its logs. The README has the list.
type AnnotationsConfig struct {
	// Prefix begins the names of the annotations (default: `logs.tributary/`).
	Prefix string `mapstructure:"prefix"`
	// Allow lists what is honoured (default: exclude, containers, multiline, parser, rate_limit,
	// attributes). An empty list honours nothing.
	Allow []hints.Group `mapstructure:"allow"`
	// AttributePrefix begins the names of the owner's own attributes (default: `custom.`).
	AttributePrefix string `mapstructure:"attribute_prefix"`
}

// MultilineConfig says which lines of a stream are one record. It is no longer than
// MaxLineBytes: what is above becomes another record.
type MultilineConfig struct {
	// Mode is `auto` for the lines of stack traces, `start` for what begins with a line
	// that a pattern matches, or `none` (default: auto).
	Mode multiline.Mode `mapstructure:"mode"`
	// Start is the pattern, a regular expression of RE2.
	Start string `mapstructure:"start"`
	// Timeout is how long a record to which more lines may belong waits for the next one
	// (default: 1s).
	Timeout time.Duration `mapstructure:"timeout"`
	// MaxLines is how many lines a record has at most (default: 1000).
	MaxLines int `mapstructure:"max_lines"`
}

func (c *MultilineConfig) rule() (*multiline.Rule, error) { return multiline.NewRule(c.Mode, c.Start) }

// BatchConfig says what is sent at once. A batch is sent when it has reached one of
// the limits.
type BatchConfig struct {
	// MaxRecords is in log records (default: 5000). While lines wait in the files, no more
	// than 2000 are sent at once: then there are always some, and they only take memory.
	MaxRecords int `mapstructure:"max_records"`
	// MaxBytes is in bytes of the lines (default: 1 MiB). A longer line goes alone.
	MaxBytes int `mapstructure:"max_bytes"`
	// Timeout is how long a record waits for others (default: 500ms).
	Timeout time.Duration `mapstructure:"timeout"`
}

// InFlightConfig bounds what is read and not delivered. It is what may be sent twice
// after a crash.
type InFlightConfig struct {
	// MaxBytes bounds all files together, in bytes of the files (default: 32 MiB).
	MaxBytes int64 `mapstructure:"max_bytes"`
	// MaxBytesPerFile bounds each file (default: 4 MiB).
	MaxBytesPerFile int64 `mapstructure:"max_bytes_per_file"`
	// MaxBatches is how many batches are sent at a time when the backend is slow
	// (default: 16).
	MaxBatches int `mapstructure:"max_batches"`
}

// RateLimitConfig bounds what is taken of single pods and namespaces. A line has to be
// within both limits.
type RateLimitConfig struct {
	// Pod holds for all containers of a pod together, Namespace for all of its pods on this
	// node.
	Pod       LimitConfig `mapstructure:"pod"`
	Namespace LimitConfig `mapstructure:"namespace"`
}

// LimitConfig is a limit.
type LimitConfig struct {
	// LinesPerSecond counts a line that the runtime has split as one (default: 0, no limit).
	LinesPerSecond int64 `mapstructure:"lines_per_second"`
	// BytesPerSecond is in bytes of the files (default: 0, no limit).
	BytesPerSecond int64 `mapstructure:"bytes_per_second"`
	// Policy says what becomes of lines above it: `pause` lets them wait in the files, `drop`
	// gives them up (default: pause).
	Policy string `mapstructure:"policy"`
	// Burst is for how long the limit may be saved up (default: 2s).
	Burst time.Duration `mapstructure:"burst"`
}

// SpillConfig is where the rest of files goes that are deleted before they are
// delivered.
type SpillConfig struct {
	// Directory is a folder of this receiver's own, created when it is needed (default:
	// /var/lib/tributary/spill/<receiver>). `none` keeps no copies: what is deleted is
	// then lost if the process ends before it is delivered.
	Directory string `mapstructure:"directory"`
	// MaxBytes bounds the copies together, as they are compressed (default: 5 GiB).
	MaxBytes int64 `mapstructure:"max_bytes"`
}

// Values of settings.
const (
	startAtBeginning = "beginning"
	startAtEnd       = "end"
	utf8Escape       = "escape"
	utf8Bytes        = "bytes"
	policyPause      = "pause"
	policyDrop       = "drop"

	spillFolder = "/var/lib/tributary/spill"
)

var _ component.Config = (*Config)(nil)

var noLimit = LimitConfig{Policy: policyPause, Burst: 2 * time.Second}

func createDefaultConfig() component.Config {
	return &Config{
		Path:            "/var/log/pods",
		LinkTargets:     []string{"/var/lib/docker/containers"},
		ExcludeSelf:     true,
		MetadataTimeout: 10 * time.Second,
		Annotations:     AnnotationsConfig{Prefix: "logs.tributary/", Allow: hints.Groups(), AttributePrefix: "custom."},
		StartAt:         startAtBeginning,
		PollInterval:    500 * time.Millisecond,
		MaxLineBytes:    1 << 20,
		Multiline:       MultilineConfig{Mode: multiline.Auto, Timeout: time.Second, MaxLines: 1000},
		InvalidUTF8:     utf8Escape,
		Batch:           BatchConfig{MaxRecords: 5000, MaxBytes: 1 << 20, Timeout: 500 * time.Millisecond},
		InFlight:        InFlightConfig{MaxBytes: 32 << 20, MaxBytesPerFile: 4 << 20, MaxBatches: 16},
		RateLimit:       RateLimitConfig{Pod: noLimit, Namespace: noLimit},
		DeadLetter:      outlet.DeadLetterConfig{MaxBytes: 100 << 20},
		Spill:           SpillConfig{MaxBytes: 5 << 30},
		ShutdownTimeout: 20 * time.Second,
	}
}
