// SPDX-License-Identifier: Apache-2.0

package outlet

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"
)

// DeadLetterConfig is where records go that the backend refuses for good.
type DeadLetterConfig struct {
	// Path of the file, which is written as JSON, one record per line, and created with
	// the first one (default: /var/lib/tributary/dead-letter/<receiver>.jsonl). `none`
	// keeps no file; the records are then only counted.
	Path string `mapstructure:"path"`
	// MaxBytes bounds the file and its predecessor together (default: 100 MiB).
	MaxBytes int64 `mapstructure:"max_bytes"`
}

const deadLetterFolder = "/var/lib/tributary/dead-letter"

// Letter is what all letters have. Receivers embed it in theirs.
type Letter struct {
	RefusedAt string            `json:"refused_at"`
	Reason    string            `json:"reason"`
	Resource  map[string]string `json:"resource"`
}

// userinfo is the name and password in a URL. Exporters name the URL that they sent to.
var userinfo = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^\s"'<>]*@`)

// maxReason is how much is kept of an error, in bytes.
const maxReason = 1024

// NewLetter returns the part of a letter that does not depend on the record.
func NewLetter(reason error, resource pcommon.Resource) Letter {
	return Letter{
		RefusedAt: time.Now().UTC().Format(time.RFC3339), Reason: shorten(userinfo.ReplaceAllString(reason.Error(), "${1}[REDACTED]@")), Resource: Texts(resource.Attributes()),
	}
}

// Texts returns attributes as a letter has them.
func Texts(attributes pcommon.Map) map[string]string {
	texts := make(map[string]string, attributes.Len())
	for key, value := range attributes.All() {
		texts[key] = value.AsString()
	}
	return texts
}

// Stamp returns the time of a record as a letter has it, "" for none.
func Stamp(t pcommon.Timestamp) string {
	if t == 0 {
		return ""
	}
	return t.AsTime().Format(time.RFC3339Nano)
}

// Base64 returns the bytes of a line that is no UTF-8, which JSON cannot hold, and
// nothing for any other.
func Base64(line string) []byte {
	if utf8.ValidString(line) {
		return nil
	}
	return []byte(line)
}

func shorten(reason string) string {
	if len(reason) <= maxReason {
		return reason
	}
	return strings.ToValidUTF8(reason[:maxReason], "") + "…"
}

// Keep writes the letters of records that were refused for good, and returns when they
// are on the disk. Reason is that of one of them. After an error it is to be called
// again; until it succeeds, the error is the status of the receiver.
func (o *Outlet) Keep(letters []any, reason error) error {
	if o.letters != nil {
		err := o.letters.Write(letters...)
		o.Health.keep(err)
		if err != nil {
			o.logger.Warn("Log records that were refused for good cannot be written to the dead-letter file; they stay in "+o.where+
				" and it is tried again", zap.Int("records", len(letters)), zap.String("file", o.letters.Path()), zap.Error(err))
			return err
		}
	}
	o.logger.Warn("Log records were refused for good", zap.Int("records", len(letters)), zap.Error(reason))
	return nil
}
