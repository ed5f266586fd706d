// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Validate reports every broken setting at once.
func (c *Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	oneOf := func(key, value string, values ...string) {
		if !slices.Contains(values, value) {
			bad("`%s` must be %s, got %q", key, quoted(values), value)
		}
	}
	oneOf("start_at", c.StartAt, startAtBeginning, startAtEnd)
	oneOf("timestamp", c.Timestamp, timeRealtime, timeSource)
	oneOf("service_name_from", c.ServiceNameFrom, nameIdentifier, nameUnit, nameComm)
	oneOf("invalid_utf8", c.InvalidUTF8, utf8Escape, utf8Bytes)
	if c.Body != "" {
		oneOf("body", c.Body, bodyMessage, bodyMap, bodyJSON)
	}
	if c.viaOperators() && c.body() != bodyMap {
		bad("`body` must be %q or left out with `operators`, or with expressions in `attributes` or `resource`, got %q", bodyMap, c.Body)
	}
	if c.MaxAge < 0 {
		bad("`max_age` must not be negative, got %s", c.MaxAge)
	}
	if c.RootPath != "" && !filepath.IsAbs(c.RootPath) {
		bad("`root_path` must be an absolute path, got %q", c.RootPath)
	}
	if len(c.Directory) > 0 && len(c.Files) > 0 {
		bad("`directory` and `files` must not be set both")
	}
	for _, name := range c.ResourceFields {
		if !slices.Contains(resourceFields[:], name) {
			bad("`resource_fields` must be of %s, got %q", strings.Join(resourceFields[:], ", "), name)
		}
	}
	_, filterErrs := c.filter()
	errs = append(errs, filterErrs...)
	errs = append(errs, c.validatePatterns()...)
	errs = append(errs, c.validateSizes()...)
	return errors.Join(errs...)
}

// validatePatterns looks at what is matched with file names and names.
func (c *Config) validatePatterns() (errs []error) {
	for i, glob := range c.Files {
		if _, err := filepath.Match(glob, ""); err != nil || glob == "" {
			errs = append(errs, fmt.Errorf("`files::%d` must be a glob of files, got %q", i, glob))
		}
	}
	for i, folder := range c.Directory {
		if folder == "" {
			errs = append(errs, fmt.Errorf("`directory::%d` must not be empty", i))
		}
	}
	for i, glob := range c.Namespaces {
		if _, err := path.Match(glob, ""); err != nil || strings.Contains(glob, "/") {
			errs = append(errs, fmt.Errorf("`namespaces::%d` must be a glob of names, got %q", i, glob))
		}
	}
	for _, list := range []struct {
		key   string
		globs []string
	}{{"fields::include", c.Fields.Include}, {"fields::exclude", c.Fields.Exclude}} {
		for i, glob := range list.globs {
			if _, err := compileGlob(glob); err != nil || glob == "" {
				errs = append(errs, fmt.Errorf("`%s::%d` must be a glob of names, got %q", list.key, i, glob))
			}
		}
	}
	return errs
}

func (c *Config) validateSizes() (errs []error) {
	for _, size := range []struct {
		key   string
		value int64
	}{
		{"batch::max_records", int64(c.Batch.MaxRecords)},
		{"batch::max_bytes", int64(c.Batch.MaxBytes)},
		{"in_flight::max_bytes", c.InFlight.MaxBytes},
		{"in_flight::max_batches", int64(c.InFlight.MaxBatches)},
		{"dead_letter::max_bytes", c.DeadLetter.MaxBytes},
	} {
		if size.value <= 0 {
			errs = append(errs, fmt.Errorf("`%s` must be positive, got %d", size.key, size.value))
		}
	}
	for _, pause := range []struct {
		key   string
		value time.Duration
	}{
		{"batch::timeout", c.Batch.Timeout},
		{"retry_on_failure::initial_interval", c.RetryOnFailure.InitialInterval},
		{"retry_on_failure::max_interval", c.RetryOnFailure.MaxInterval},
		{"shutdown_timeout", c.ShutdownTimeout},
	} {
		if pause.value <= 0 {
			errs = append(errs, fmt.Errorf("`%s` must be positive, got %s", pause.key, pause.value))
		}
	}
	if c.MaxFieldBytes < 1024 || c.MaxFieldBytes > 768<<20 {
		errs = append(errs, fmt.Errorf("`max_field_bytes` must be between 1024 and %d, got %d", 768<<20, c.MaxFieldBytes))
	}
	return errs
}

// quoted is a list as a sentence has it.
func quoted(values []string) string {
	list := make([]string, len(values))
	for i, value := range values {
		list[i] = fmt.Sprintf("%q", value)
	}
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}
