// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/tributary-otel/tributary/components/internal/hints"
)

// Validate reports every broken setting at once.
func (c *Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Path == "" {
		bad("`path` must name the folder with the folders of the pods")
	}
	for _, target := range c.LinkTargets {
		if !filepath.IsAbs(target) {
			bad("`link_targets` must be absolute paths, got %q", target)
		}
	}
	if !slices.Contains([]string{startAtBeginning, startAtEnd}, c.StartAt) {
		bad("`start_at` must be %q or %q, got %q", startAtBeginning, startAtEnd, c.StartAt)
	}
	if !slices.Contains([]string{utf8Escape, utf8Bytes}, c.InvalidUTF8) {
		bad("`invalid_utf8` must be %q or %q, got %q", utf8Escape, utf8Bytes, c.InvalidUTF8)
	}
	if c.MaxAge < 0 {
		bad("`max_age` must not be negative, got %s", c.MaxAge)
	}
	if c.PollInterval < 10*time.Millisecond || c.PollInterval > 2*time.Second {
		bad("`poll_interval` must be between 10ms and 2s, got %s", c.PollInterval)
	}
	if c.MaxLineBytes < 1024 || c.MaxLineBytes > 64<<20 {
		bad("`max_line_bytes` must be between 1024 and %d, got %d", 64<<20, c.MaxLineBytes)
	}
	if _, err := c.Multiline.rule(); err != nil {
		bad("`multiline`: %w", err)
	}
	if c.Multiline.Timeout < 10*time.Millisecond || c.Multiline.Timeout > time.Minute {
		bad("`multiline::timeout` must be between 10ms and 1m, got %s", c.Multiline.Timeout)
	}
	if c.ShutdownTimeout <= 0 {
		bad("`shutdown_timeout` must be positive, got %s", c.ShutdownTimeout)
	}
	errs = append(errs, c.validateSizes()...)
	errs = append(errs, c.validateMetadata()...)
	errs = append(errs, c.RateLimit.Pod.validate("rate_limit::pod", c.PollInterval)...)
	errs = append(errs, c.RateLimit.Namespace.validate("rate_limit::namespace", c.PollInterval)...)
	errs = append(errs, c.Include.validate("include")...)
	errs = append(errs, c.Exclude.validate("exclude")...)
	return errors.Join(errs...)
}

func (c *Config) validateSizes() (errs []error) {
	for _, size := range []struct {
		key   string
		value int64
	}{
		{"multiline::max_lines", int64(c.Multiline.MaxLines)},
		{"batch::max_records", int64(c.Batch.MaxRecords)},
		{"batch::max_bytes", int64(c.Batch.MaxBytes)},
		{"in_flight::max_bytes", c.InFlight.MaxBytes},
		{"in_flight::max_bytes_per_file", c.InFlight.MaxBytesPerFile},
		{"in_flight::max_batches", int64(c.InFlight.MaxBatches)},
		{"dead_letter::max_bytes", c.DeadLetter.MaxBytes},
		{"spill::max_bytes", c.Spill.MaxBytes},
	} {
		if size.value <= 0 {
			errs = append(errs, fmt.Errorf("`%s` must be positive, got %d", size.key, size.value))
		}
	}
	if c.Batch.Timeout <= 0 {
		errs = append(errs, fmt.Errorf("`batch::timeout` must be positive, got %s", c.Batch.Timeout))
	}
	// Offsets of lines in a batch have 32 bits.
	if c.Batch.MaxBytes > 1<<30 {
		errs = append(errs, fmt.Errorf("`batch::max_bytes` must not be above %d, got %d", 1<<30, c.Batch.MaxBytes))
	}
	return errs
}

func (l LimitConfig) validate(key string, poll time.Duration) (errs []error) {
	for _, rate := range []struct {
		key   string
		value int64
	}{{"lines_per_second", l.LinesPerSecond}, {"bytes_per_second", l.BytesPerSecond}} {
		if rate.value < 0 {
			errs = append(errs, fmt.Errorf("`%s::%s` must not be negative, got %d", key, rate.key, rate.value))
		}
	}
	if !slices.Contains([]string{policyPause, policyDrop}, l.Policy) {
		errs = append(errs, fmt.Errorf("`%s::policy` must be %q or %q, got %q", key, policyPause, policyDrop, l.Policy))
	}
	// What is saved up between two looks at a file must not be lost.
	if least := 2 * poll; !l.limit().None() && l.Burst < least || l.Burst <= 0 || l.Burst > time.Hour {
		errs = append(errs, fmt.Errorf("`%s::burst` must be between twice the `poll_interval`, %s, and 1h, got %s", key, least, l.Burst))
	}
	return errs
}

func (c *Config) validateMetadata() (errs []error) {
	if c.MetadataTimeout < 0 {
		errs = append(errs, fmt.Errorf("`metadata_timeout` must not be negative, got %s", c.MetadataTimeout))
	}
	if (c.Include.byPod() || c.Exclude.byPod()) && c.metadata() == nil {
		errs = append(errs, errors.New("`metadata` must name an extension such as k8s_pods, since `include` or `exclude` choose pods by labels or annotations"))
	}
	if prefix := c.Annotations.Prefix; !strings.HasSuffix(prefix, "/") || len(validation.IsDNS1123Subdomain(strings.TrimSuffix(prefix, "/"))) > 0 {
		errs = append(errs, fmt.Errorf("`annotations::prefix` must be a domain name with a slash, such as logs.tributary/, got %q", prefix))
	}
	for _, group := range c.Annotations.Allow {
		if !slices.Contains(hints.Groups(), group) {
			errs = append(errs, fmt.Errorf("`annotations::allow` must be some of %q, got %q", hints.Groups(), group))
		}
	}
	if c.Annotations.AttributePrefix == "" {
		errs = append(errs, errors.New("`annotations::attribute_prefix` must not be empty: an owner could replace any attribute"))
	}
	return errs
}
