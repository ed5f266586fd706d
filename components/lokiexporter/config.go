// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
)

// Config is what a user says about the exporter. Every setting of the exporter of
// the same name that opentelemetry-collector-contrib had until v0.130.0 is among
// them and means what it meant.
type Config struct {
	// ClientConfig are the settings of every HTTP exporter. Endpoint is the full
	// push URL; `/loki/api/v1/push` is taken when it has no path. Compression has
	// no effect, the push API is compressed with snappy. Timeout is that of one
	// attempt (default: 30s).
	ClientConfig confighttp.ClientConfig `mapstructure:",squash"`
	// QueueConfig is the queue in front of the exporter (default: in memory).
	QueueConfig configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`
	// RetryConfig says how often a request is tried again (default: for ever,
	// from 500ms up to 30s apart).
	RetryConfig configretry.BackOffConfig `mapstructure:"retry_on_failure"`

	// Labels says which attributes become labels. Without this section labels and
	// lines are those of the removed upstream exporter; see DefaultLabelsEnabled.
	Labels configoptional.Optional[LabelsConfig] `mapstructure:"labels"`
	// DefaultLabelsEnabled switches the default labels of the removed upstream
	// exporter: exporter, job, instance, level (default: all true). It excludes
	// Labels.
	DefaultLabelsEnabled map[string]bool `mapstructure:"default_labels_enabled"`
	// StructuredMetadata names the attributes that are sent as structured metadata:
	// `all`, `none`, or a list (default: all; none without Labels).
	StructuredMetadata []string `mapstructure:"structured_metadata"`
	// ExternalLabels are added to every stream that does not have them already.
	ExternalLabels map[string]string `mapstructure:"external_labels"`
	// Tenant says whose data it is.
	Tenant TenantConfig `mapstructure:"tenant"`
	// Format of the line: raw (the body as it is), json or logfmt (the whole
	// record). Default: raw; json without Labels.
	Format string `mapstructure:"format"`
	// Limits are those of the server, so that what it would refuse is found here.
	Limits LimitsConfig `mapstructure:"limits"`
	// MaxRequestBytes cuts a request before compression (default: 3 MiB; Loki
	// answers 500 for ever above 4 MiB).
	MaxRequestBytes int `mapstructure:"max_request_bytes"`
	// DeadLetter is where entries go that Loki refuses for good.
	DeadLetter DeadLetterConfig `mapstructure:"dead_letter"`
}

// TenantConfig says whose data it is. The tenant goes into the X-Scope-OrgID
// header, which is left out when there is none.
type TenantConfig struct {
	// Value is the tenant of records that name none (default: none).
	Value string `mapstructure:"value"`
	// Attribute is the resource or record attribute that names the tenant
	// (default: __tenant_id__, as in Alloy).
	Attribute string `mapstructure:"attribute"`
}

// DeadLetterConfig is where entries go that Loki refuses for good.
type DeadLetterConfig struct {
	// Path of the file, which is written as JSON, one entry per line, and created
	// with the first one (default: /var/lib/tributary/dead-letter/<exporter>.jsonl).
	// `none` keeps no file; the entries are then only counted.
	Path string `mapstructure:"path"`
	// MaxBytes bounds the file and its predecessor together (default: 100 MiB).
	MaxBytes int64 `mapstructure:"max_bytes"`
}

// Names of the values of Config.Format and of the loki.format hint.
const (
	formatRaw    = "raw"
	formatJSON   = "json"
	formatLogfmt = "logfmt"
)

const (
	pushPath = "/loki/api/v1/push"
	// maxRequestBytes is the largest gRPC message between Loki's own parts. A
	// request above it is answered with 500, however often it comes.
	maxRequestBytes = 4 << 20
	// minRequestBytes keeps the cost of a request small against what it carries.
	minRequestBytes = 64 << 10

	tenantHeader     = "X-Scope-OrgID"
	tenantAttribute  = "__tenant_id__"
	deadLetterFolder = "/var/lib/tributary/dead-letter"
	deadLetterNone   = "none"
)

var upstreamLabels = []string{"exporter", "instance", "job", "level"}

var _ component.Config = (*Config)(nil)

func createDefaultConfig() component.Config {
	client := confighttp.NewDefaultClientConfig()
	client.Timeout = 30 * time.Second
	// A request is copied through the buffer of its connection, and there is one for
	// each of the requests that are sent at a time.
	client.WriteBufferSize = 64 << 10

	retry := configretry.NewDefaultBackOffConfig()
	retry.InitialInterval = 500 * time.Millisecond
	retry.MaxElapsedTime = 0 // Nothing is given up.

	return &Config{
		ClientConfig:    client,
		QueueConfig:     configoptional.Some(exporterhelper.NewDefaultQueueConfig()),
		RetryConfig:     retry,
		Labels:          configoptional.Default(LabelsConfig{Profile: profileAlloy}),
		Tenant:          TenantConfig{Attribute: tenantAttribute},
		Limits:          defaultLimits(),
		MaxRequestBytes: 3 << 20,
		DeadLetter:      DeadLetterConfig{MaxBytes: 100 << 20},
	}
}

// Unmarshal refuses settings that there are not. Without it they would pass
// unnoticed, as confighttp ignores all that it does not know.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	known := settings(reflect.TypeFor[Config]())
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(conf.ToStringMap())) {
		if !slices.Contains(known, name) {
			errs = append(errs, fmt.Errorf("`%s` is not a setting of this exporter", name))
		}
	}
	return errors.Join(append(errs, conf.Unmarshal(c))...)
}

// settings are the names under which a configuration has the fields of a struct.
func settings(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
		if options == "squash" {
			names = append(names, settings(field.Type)...)
		} else if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// Validate reports every broken setting at once.
func (c *Config) Validate() error {
	var errs []error
	if _, err := pushURL(c.ClientConfig.Endpoint); err != nil {
		errs = append(errs, err)
	}
	if !slices.Contains([]string{"", formatRaw, formatJSON, formatLogfmt}, c.Format) {
		errs = append(errs, fmt.Errorf("`format` must be raw, json or logfmt, got %q", c.Format))
	}
	if c.MaxRequestBytes < minRequestBytes || c.MaxRequestBytes > maxRequestBytes {
		errs = append(errs, fmt.Errorf("`max_request_bytes` must be between %d and %d, got %d",
			minRequestBytes, maxRequestBytes, c.MaxRequestBytes))
	}
	if c.DeadLetter.MaxBytes < 1<<20 {
		errs = append(errs, fmt.Errorf("`dead_letter::max_bytes` must be at least %d, got %d", 1<<20, c.DeadLetter.MaxBytes))
	}
	errs = append(errs, c.validateTenant(), c.validateMetadata(), c.validateLabels(), c.Limits.validate())
	return errors.Join(errs...)
}

func (c *Config) validateTenant() error {
	var errs []error
	header, inHeader := headerTenant(c.ClientConfig.Headers)
	if inHeader && c.Tenant.Value != "" {
		errs = append(errs, fmt.Errorf("`tenant::value` and the header %s say the same thing: keep one of them", tenantHeader))
	}
	if err := checkTenant(header); err != nil {
		errs = append(errs, fmt.Errorf("`headers::%s` %w", tenantHeader, err))
	}
	if err := checkTenant(c.Tenant.Value); err != nil {
		errs = append(errs, fmt.Errorf("`tenant::value` %w, got %q", err, c.Tenant.Value))
	}
	if c.Tenant.Attribute == "" {
		errs = append(errs, fmt.Errorf("`tenant::attribute` must name an attribute (default: %s), got \"\"", tenantAttribute))
	}
	return errors.Join(errs...)
}

// headerTenant is the tenant that a header for every request names.
func headerTenant(headers configopaque.MapList) (string, bool) {
	for name, value := range headers.Iter {
		if strings.EqualFold(name, tenantHeader) {
			return string(value), true
		}
	}
	return "", false
}

func (c *Config) validateMetadata() error {
	if wanted := newWantedMetadata(c.StructuredMetadata); len(c.StructuredMetadata) > 0 && !wanted.none && !c.Labels.HasValue() {
		return errors.New("`structured_metadata` must go with a `labels` section: without one, lines are those of the " +
			"removed upstream exporter, which hold all attributes")
	}
	for _, name := range c.StructuredMetadata {
		if name == "" || len(c.StructuredMetadata) > 1 && (name == metadataAll || name == metadataNone) {
			return fmt.Errorf("`structured_metadata` must be all, none or a list of attribute names, got %q", c.StructuredMetadata)
		}
	}
	return nil
}

func (c *Config) validateLabels() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.DefaultLabelsEnabled)) {
		if !slices.Contains(upstreamLabels, name) {
			errs = append(errs, fmt.Errorf("`default_labels_enabled` knows %s, got %q", strings.Join(upstreamLabels, ", "), name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.ExternalLabels)) {
		if !legalName(name) {
			errs = append(errs, fmt.Errorf("`external_labels` must be named %s, got %q", nameRule, name))
		}
		if c.ExternalLabels[name] == "" {
			errs = append(errs, fmt.Errorf("`external_labels::%s` must have a value, got \"\": Loki knows no empty labels", name))
		}
		if n := len(c.ExternalLabels[name]); n > c.Limits.MaxLabelValueBytes {
			errs = append(errs, fmt.Errorf("`external_labels::%s` must be at most %d bytes long (`limits::max_label_value_bytes`), got %d",
				name, c.Limits.MaxLabelValueBytes, n))
		}
	}
	if !c.Labels.HasValue() {
		if len(c.ExternalLabels) > c.Limits.MaxLabelNames {
			errs = append(errs, tooManyLabels(len(c.ExternalLabels), c.Limits.MaxLabelNames))
		}
		return errors.Join(errs...)
	}
	if c.DefaultLabelsEnabled != nil {
		errs = append(errs, errors.New("`default_labels_enabled` and `labels` exclude each other: the first one is for "+
			"configurations of the removed upstream exporter"))
	}
	errs = append(errs, c.Labels.Get().validate(c.ExternalLabels, c.Limits.MaxLabelNames))
	return errors.Join(errs...)
}

func tooManyLabels(n, limit int) error {
	return fmt.Errorf("`labels` and `external_labels` name %d labels together, more than the %d that Loki accepts "+
		"(`limits::max_label_names`; max_label_names_per_series in Loki): leave the others to structured metadata", n, limit)
}

// pushURL returns the URL that requests go to.
func pushURL(endpoint string) (string, error) {
	u, err := url.Parse(endpoint)
	switch {
	case endpoint == "":
		return "", errors.New("`endpoint` must be the push URL of Loki, such as http://loki:3100/loki/api/v1/push, got \"\"")
	case err != nil:
		// The error of url.Parse repeats the URL, which may hold a password. So does a
		// URL that is broken in another way, where nobody knows what is the password.
		return "", errors.New("`endpoint` must be a valid URL, such as http://loki:3100/loki/api/v1/push")
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("`endpoint` must begin with http:// or https://, got %q", u.Scheme+":")
	case u.Hostname() == "":
		return "", errors.New("`endpoint` must name a host, such as http://loki:3100/loki/api/v1/push")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = pushPath
	}
	return u.String(), nil
}
