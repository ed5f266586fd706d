// SPDX-License-Identifier: Apache-2.0

package configcheck

import (
	"encoding/json"

	"go.uber.org/zap/zapcore"
)

// discreetCore keeps the secrets of the configuration out of the Collector's log. Components repeat what a backend answers,
// which may be the request with its headers, and URLs with the password in them.
type discreetCore struct {
	zapcore.Core
	checker *Checker
}

func (c *Checker) withoutSecrets(core zapcore.Core) zapcore.Core { return discreetCore{core, c} }

func (c discreetCore) With(fields []zapcore.Field) zapcore.Core {
	return discreetCore{c.Core.With(c.checker.secrets.Load().fields(fields)), c.checker}
}

func (c discreetCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Core.Check(entry, nil) == nil {
		return checked
	}
	return checked.AddCore(entry, c)
}

func (c discreetCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	secrets := c.checker.secrets.Load()
	entry.Message = secrets.text(entry.Message)
	return c.Core.Write(entry, secrets.fields(fields))
}

// fields returns the fields without secrets. Those that have none stay as they are.
func (s *scrubber) fields(fields []zapcore.Field) []zapcore.Field {
	clean := fields
	for i, field := range fields {
		if scrubbed, changed := s.field(field); changed {
			if &clean[0] == &fields[0] {
				clean = append([]zapcore.Field(nil), fields...)
			}
			clean[i] = scrubbed
		}
	}
	return clean
}

func (s *scrubber) field(field zapcore.Field) (scrubbed zapcore.Field, changed bool) {
	switch field.Type {
	case zapcore.StringType:
		text := s.text(field.String)
		return zapcore.Field{Key: field.Key, Type: zapcore.StringType, String: text}, text != field.String
	case zapcore.ErrorType, zapcore.StringerType, zapcore.ReflectType, zapcore.ByteStringType, zapcore.ArrayMarshalerType,
		zapcore.ObjectMarshalerType:
	default:
		return field, false
	}
	values := zapcore.NewMapObjectEncoder()
	field.AddTo(values)
	// An error may have more than one value; the one of its name says it all.
	value := values.Fields[field.Key]
	if said, ok := value.(string); ok {
		text := s.text(said)
		return zapcore.Field{Key: field.Key, Type: zapcore.StringType, String: text}, text != said
	}
	written, err := json.Marshal(value)
	if err != nil {
		return field, false
	}
	text := s.text(string(written))
	return zapcore.Field{Key: field.Key, Type: zapcore.ReflectType, Interface: json.RawMessage(text)}, text != string(written)
}
