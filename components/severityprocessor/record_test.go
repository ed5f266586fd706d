// SPDX-License-Identifier: Apache-2.0

package severityprocessor

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

func reader(attributes ...string) *recordReader {
	r := newRecordReader(&Config{MaxBytes: defaultMaxBytes, Attributes: attributes})
	return &r
}

// defaults is the reader of an empty configuration.
func defaults() *recordReader {
	r := newRecordReader(createDefaultConfig().(*Config))
	return &r
}

func TestEachFieldIsSetOnlyWhenItIsNot(t *testing.T) {
	for _, c := range []struct {
		name, line, text string
		number           plog.SeverityNumber
		wantText         string
		wantNumber       plog.SeverityNumber
		want             outcome
	}{
		{name: "neither is set", line: "ERROR: x", wantText: "ERROR", wantNumber: plog.SeverityNumberError, want: found},
		{name: "the text is the name of the range", line: "[notice] x", wantText: "INFO", wantNumber: plog.SeverityNumberInfo2, want: found},
		{name: "neither is set, and the line says nothing", line: "0 errors", want: notFound},
		{name: "both are set", line: "ERROR: x", text: "Hinweis", number: 9, wantText: "Hinweis", wantNumber: 9, want: alreadySet},
		{name: "only the number is set: it gives the text", line: "ERROR: x", number: 14, wantText: "WARN", wantNumber: 14, want: alreadySet},
		{name: "the lowest number has a text", number: 1, wantText: "TRACE", wantNumber: 1, want: alreadySet},
		{name: "the highest number has a text", number: 24, wantText: "FATAL", wantNumber: 24, want: alreadySet},
		{name: "a number beyond the highest has none", line: "ERROR: x", number: 25, wantNumber: 25, want: alreadySet},
		{name: "a number below the lowest has none", line: "ERROR: x", number: -1, wantNumber: -1, want: alreadySet},
		{name: "only the text is set: it gives the number", line: "ERROR: x", text: "warning", wantText: "warning", wantNumber: 13, want: found},
		{name: "the text is a short name", text: "ERROR3", wantText: "ERROR3", wantNumber: 19, want: found},
		{name: "the text is unheard of: the line gives the number", line: "ERROR: x", text: "Fehler", wantText: "Fehler", wantNumber: 17, want: found},
		{name: "the text is unheard of, and the line says nothing", line: "x", text: "Fehler", wantText: "Fehler", want: notFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			record := plog.NewLogRecord()
			record.Body().SetStr(c.line)
			record.SetSeverityText(c.text)
			record.SetSeverityNumber(c.number)
			assert.Equal(t, c.want, defaults().setSeverity(record))
			assert.Equal(t, c.wantText, record.SeverityText())
			assert.Equal(t, c.wantNumber, record.SeverityNumber())
			assert.Equal(t, c.line, record.Body().Str(), "the line stays as it is")
		})
	}
}

func TestAttributesComeFirst(t *testing.T) {
	for _, c := range []struct {
		name       string
		names      []string
		attributes map[string]any
		want       level
	}{
		{"an attribute wins over the line", []string{"level"}, map[string]any{"level": "warn"}, warnLevel},
		{"any case", []string{"level"}, map[string]any{"level": "WaRn"}, warnLevel},
		{"a number of pino", []string{"level"}, map[string]any{"level": 40}, warnLevel},
		{"a number of pino, as JSON parsers give it", []string{"level"}, map[string]any{"level": 40.0}, warnLevel},
		{"a number of pino, as a text", []string{"level"}, map[string]any{"level": "40"}, warnLevel},
		{"a number that is none of pino", []string{"level"}, map[string]any{"level": 41}, errorLevel},
		{"a fraction", []string{"level"}, map[string]any{"level": 40.5}, errorLevel},
		{"a number of a scale", []string{"severity"}, map[string]any{"severity": 40}, errorLevel},
		{"a number beyond all", []string{"level"}, map[string]any{"level": 1e300}, errorLevel},
		{"a number of a name of one's own", []string{"x"}, map[string]any{"x": 40}, warnLevel},
		{"an unknown word leaves it to the line", []string{"level"}, map[string]any{"level": "high"}, errorLevel},
		{"another type leaves it to the line", []string{"level"}, map[string]any{"level": true}, errorLevel},
		{"another name leaves it to the line", []string{"level"}, map[string]any{"Level": "warn", "levels": "warn"}, errorLevel},
		{"a name of the same length", []string{"level"}, map[string]any{"livel": "warn"}, errorLevel},
		{"the first name in the list wins", []string{"b", "a"}, map[string]any{"a": "warn", "b": "info"}, infoLevel},
		{"a name whose value is unknown is passed over", []string{"b", "a"}, map[string]any{"a": "warn", "b": "?"}, warnLevel},
		{"no list", nil, map[string]any{"level": "warn"}, errorLevel},
		{"no attributes", []string{"level"}, nil, errorLevel},
		{"a long name", []string{strings.Repeat("n", 70)}, map[string]any{strings.Repeat("n", 70): "warn"}, warnLevel},
	} {
		t.Run(c.name, func(t *testing.T) {
			record := plog.NewLogRecord()
			record.Body().SetStr("ERROR: x")
			require.NoError(t, record.Attributes().FromRaw(c.attributes))
			assert.Equal(t, found, reader(c.names...).setSeverity(record))
			assert.Equal(t, plog.SeverityNumber(c.want), record.SeverityNumber())
			assert.Len(t, c.attributes, record.Attributes().Len(), "attributes stay")
		})
	}
}

func TestOrderOfAttributesInTheRecordDoesNotMatter(t *testing.T) {
	for _, order := range [][]string{{"a", "b"}, {"b", "a"}} {
		attributes := pcommon.NewMap()
		for _, name := range order {
			attributes.PutStr(name, map[string]string{"a": "warn", "b": "info"}[name])
		}
		assert.Equal(t, infoLevel, reader("b", "a").levelOfAttributes(attributes), order)
	}
}

func TestDefaultAttributes(t *testing.T) {
	for _, name := range []string{"level", "severity", "log.level", "lvl", "levelname", "loglevel"} {
		record := plog.NewLogRecord()
		record.Attributes().PutStr(name, "warn")
		assert.Equal(t, found, defaults().setSeverity(record), name)
		assert.Equal(t, plog.SeverityNumberWarn, record.SeverityNumber(), name)
	}
}

func TestBytesAreReadAsALine(t *testing.T) {
	for _, f := range facts(t) {
		body := pcommon.NewValueBytes()
		body.Bytes().FromRaw([]byte(f.line))
		assert.Equal(t, f.want, defaults().levelOfBody(body), "%s: %s", f.at, f.line)
	}
}

func TestBytesThatAreNoTextAreRead(t *testing.T) {
	body := pcommon.NewValueBytes()
	body.Bytes().FromRaw([]byte("ERROR: \xff\xfe\x00"))
	assert.Equal(t, errorLevel, defaults().levelOfBody(body))
	body.Bytes().FromRaw([]byte{0, 0xff, 'E'})
	assert.Equal(t, none, defaults().levelOfBody(body))
}

func TestBytesBehindTheLimitAreNotRead(t *testing.T) {
	body := pcommon.NewValueBytes()
	body.Bytes().FromRaw([]byte(`{"msg":"` + strings.Repeat("x", 300) + `","level":"error"}`))
	assert.Equal(t, none, defaults().levelOfBody(body))
	r := newRecordReader(&Config{MaxBytes: 400})
	assert.Equal(t, errorLevel, r.levelOfBody(body))
	body.Bytes().FromRaw([]byte("0 errors"))
	assert.Equal(t, none, r.levelOfBody(body), "nothing is left of the line before")
}

func TestMapIsReadAsAnObject(t *testing.T) {
	for _, c := range []struct {
		name string
		body map[string]any
		want level
	}{
		{"level", map[string]any{"level": "warn", "message": "ERROR: x"}, warnLevel},
		{"severity", map[string]any{"severity": "WARNING"}, warnLevel},
		{"log.level", map[string]any{"log.level": "warn"}, warnLevel},
		{"level within log", map[string]any{"log": map[string]any{"level": "warn"}}, warnLevel},
		{"a number of pino", map[string]any{"level": 40}, warnLevel},
		{"a number of pino, as JSON parsers give it", map[string]any{"level": 40.0}, warnLevel},
		{"a number of syslog, in GELF", map[string]any{"level": 4.0, "short_message": "x"}, warnLevel},
		{"a number of syslog, in anything else", map[string]any{"level": 4.0, "message": "x"}, none},
		{"MongoDB", map[string]any{"t": map[string]any{"$date": "x"}, "s": "W", "c": "NETWORK"}, warnLevel},
		{"half of MongoDB", map[string]any{"t": "now", "s": "W", "c": "NETWORK"}, none},
		{"the journal", map[string]any{"PRIORITY": "4", "MESSAGE": "ERROR: x"}, warnLevel},
		{"the journal, as a number", map[string]any{"PRIORITY": 4, "MESSAGE": "ERROR: x"}, warnLevel},
		{"no priority", map[string]any{"PRIORITY": "44", "MESSAGE": "x"}, none},
		{"no priority, as a number", map[string]any{"PRIORITY": 8, "MESSAGE": "x"}, none},
		{"level before severity", map[string]any{"severity": "info", "level": "warn", "loglevel": "debug"}, warnLevel},
		{"severity before the others", map[string]any{"severity": "warn", "lvl": "info", "loglevel": "debug"}, warnLevel},
		{"only a message", map[string]any{"message": "ERROR: x"}, none},
		{"the level of something else", map[string]any{"error": map[string]any{"level": "warn"}}, none},
		{"a level within log that is no text", map[string]any{"log": map[string]any{"level": 40}}, none},
		{"a log that is a text", map[string]any{"log": "level=error"}, none},
		{"a level of another type", map[string]any{"level": []any{"warn"}}, none},
		{"nothing", map[string]any{}, none},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 20 { // The order differs each time.
				body := pcommon.NewValueMap()
				require.NoError(t, body.Map().FromRaw(c.body))
				require.Equal(t, c.want, defaults().levelOfBody(body))
			}
		})
	}
}

func TestBodiesOfOtherTypesStateNothing(t *testing.T) {
	for _, raw := range []any{nil, 40, 40.0, true, []any{"ERROR: x"}} {
		body := pcommon.NewValueEmpty()
		require.NoError(t, body.FromRaw(raw))
		assert.Equal(t, none, defaults().levelOfBody(body), "%v", raw)
	}
}

func TestRecordsAllocateNothing(t *testing.T) {
	record := plog.NewLogRecord()
	record.Body().SetEmptyBytes().FromRaw([]byte(`{"level":"info"}`))
	record.Attributes().PutStr("log.iostream", "stdout")
	r := defaults()
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		record.SetSeverityNumber(0)
		record.SetSeverityText("")
		r.setSeverity(record)
	}))
}
