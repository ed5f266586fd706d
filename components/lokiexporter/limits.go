// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// LimitsConfig are the limits of the server (limits_config in Loki). The defaults
// are those of Loki 3. A limit of 0 is none, except for labels.
type LimitsConfig struct {
	// MaxLabelNames bounds the labels of a stream (default: 15). service_name does
	// not count. The labels that are too many become structured metadata.
	MaxLabelNames int `mapstructure:"max_label_names"`
	// MaxLabelValueBytes cuts a label's value (default: 2048).
	MaxLabelValueBytes int `mapstructure:"max_label_value_bytes"`
	// MaxLineBytes is the longest line (default: 262144, 256 KiB).
	MaxLineBytes int `mapstructure:"max_line_bytes"`
	// LongLines says what becomes of a longer one: `split` into several entries, a
	// nanosecond apart; `truncate`; or `refuse` (default: split).
	LongLines string `mapstructure:"long_lines"`
	// MaxMetadataPairs and MaxMetadataBytes bound the structured metadata of an
	// entry (default: 128 and 65536). Pairs that do not fit are left out, those of
	// the resource last.
	MaxMetadataPairs int `mapstructure:"max_metadata_pairs"`
	MaxMetadataBytes int `mapstructure:"max_metadata_bytes"`
	// MaxAge is how old an entry may be (default: 168h).
	MaxAge time.Duration `mapstructure:"max_age"`
	// MaxFuture is how far ahead of this machine's clock it may be (default: 10m).
	MaxFuture time.Duration `mapstructure:"max_future"`
	// MaxBehind is how far it may be behind the newest entry of its stream: half of
	// the server's ingester.max_chunk_age (default: 1h). What may be further behind is
	// sent, but not together with other streams.
	MaxBehind time.Duration `mapstructure:"max_behind"`
}

// Values of LimitsConfig.LongLines.
const (
	longSplit    = "split"
	longTruncate = "truncate"
	longRefuse   = "refuse"
)

func defaultLimits() LimitsConfig {
	return LimitsConfig{
		MaxLabelNames:      15,
		MaxLabelValueBytes: 2048,
		MaxLineBytes:       256 << 10,
		LongLines:          longSplit,
		MaxMetadataPairs:   128,
		MaxMetadataBytes:   64 << 10,
		MaxAge:             7 * 24 * time.Hour,
		MaxFuture:          10 * time.Minute,
		MaxBehind:          time.Hour,
	}
}

func (l *LimitsConfig) validate() error {
	var errs []error
	if l.MaxLabelNames < 1 {
		errs = append(errs, fmt.Errorf("`limits::max_label_names` must be positive, got %d", l.MaxLabelNames))
	}
	if l.MaxLabelValueBytes < 16 {
		errs = append(errs, fmt.Errorf("`limits::max_label_value_bytes` must be at least 16, got %d", l.MaxLabelValueBytes))
	}
	if l.MaxLineBytes != 0 && l.MaxLineBytes < 1024 {
		errs = append(errs, fmt.Errorf("`limits::max_line_bytes` must be at least 1024, or 0 for no limit, got %d", l.MaxLineBytes))
	}
	if l.LongLines != longSplit && l.LongLines != longTruncate && l.LongLines != longRefuse {
		errs = append(errs, fmt.Errorf("`limits::long_lines` must be split, truncate or refuse, got %q", l.LongLines))
	}
	for _, n := range []struct {
		key      string
		value    any
		negative bool
	}{
		{"max_metadata_pairs", l.MaxMetadataPairs, l.MaxMetadataPairs < 0},
		{"max_metadata_bytes", l.MaxMetadataBytes, l.MaxMetadataBytes < 0},
		{"max_age", l.MaxAge, l.MaxAge < 0},
		{"max_future", l.MaxFuture, l.MaxFuture < 0},
		{"max_behind", l.MaxBehind, l.MaxBehind < 0},
	} {
		if n.negative {
			errs = append(errs, fmt.Errorf("`limits::%s` must not be negative, got %v", n.key, n.value))
		}
	}
	return errors.Join(errs...)
}

// Reasons why Loki refuses an entry, in its own words
// (loki_discarded_samples_total). The first ones are also found before sending.
const (
	reasonTooOld       = "greater_than_max_sample_age"
	reasonTooNew       = "too_far_in_future"
	reasonLineTooLong  = "line_too_long"
	reasonLabelCount   = "max_label_names_per_series"
	reasonLabelValue   = "label_value_too_long"
	reasonMetaTooMany  = "structured_metadata_too_many"
	reasonMetaTooLarge = "structured_metadata_too_large"
)

// timeRefusal returns why Loki would refuse an entry for its time, or "".
func (l *LimitsConfig) timeRefusal(nanos int64, now time.Time) string {
	// As an unsigned number a difference cannot overflow, however far the times are
	// apart.
	current := now.UnixNano()
	switch {
	case l.MaxAge > 0 && nanos < current && uint64(current-nanos) > uint64(l.MaxAge):
		return reasonTooOld
	case l.MaxFuture > 0 && nanos > current && uint64(nanos-current) > uint64(l.MaxFuture):
		return reasonTooNew
	}
	return ""
}

// cutText returns the longest beginning of s that has at most limit bytes and
// does not end within a character.
func cutText(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := limit
	// Bytes that are no text at all may be cut anywhere.
	for end > limit-utf8.UTFMax && end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	if !utf8.RuneStart(s[end]) || end == 0 {
		end = limit
	}
	return s[:end]
}

// validText replaces what is not UTF-8, which metadata must be.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// validLabel makes a value fit for a label. Loki refuses the whole request for the
// replacement character in a label, in whatever form it comes.
func validLabel(s string) string {
	if utf8.ValidString(s) && !strings.ContainsRune(s, utf8.RuneError) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError {
			return '?'
		}
		return r
	}, s)
}
