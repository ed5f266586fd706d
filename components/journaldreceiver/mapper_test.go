// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/tributary-otel/tributary/components/internal/journal"
)

// entryOf makes one with these fields, of which no two are stored at one place.
func entryOf(fields ...string) held {
	h := held{cursor: cursorOf(0x2a), file: 1}
	for i, field := range fields {
		name, value, _ := strings.Cut(field, "=")
		h.fields = append(h.fields, journal.Field{Name: name, Value: value, Ref: uint64(i + 1)})
	}
	return h
}

var observed = time.Unix(1_800_000_000, 0)

// recordOf makes a record of one entry.
func recordOf(t testing.TB, settings string, h held) (plog.LogRecord, map[string]any) {
	t.Helper()
	logs := newMapper(configOf(t, settings)).logs([]held{h}, observed)
	require.Equal(t, 1, logs.LogRecordCount())
	resource := logs.ResourceLogs().At(0)
	return resource.ScopeLogs().At(0).LogRecords().At(0), resource.Resource().Attributes().AsRaw()
}

type attributes = map[string]any

func TestWhatBecomesOfAField(t *testing.T) {
	for _, tt := range []struct {
		settings, fields     string
		attributes, resource attributes
		body                 any
	}{
		{fields: "MESSAGE=hello", body: "hello"},
		{fields: "MESSAGE=", body: ""},
		{fields: "_HOSTNAME=h|_MACHINE_ID=m", resource: attributes{"host.name": "h", "host.id": "m"}},
		{
			fields:   "_PID=12|_COMM=c|_EXE=/e|_CMDLINE=/e -x",
			resource: attributes{"service.name": "c", "process.pid": int64(12), "process.executable.name": "c", "process.executable.path": "/e", "process.command_line": "/e -x"},
		},
		{fields: "CONTAINER_ID_FULL=i|CONTAINER_NAME=n|IMAGE_NAME=g", resource: attributes{"container.id": "i", "container.name": "n", "container.image.name": "g"}},
		{fields: "SYSLOG_IDENTIFIER=s", resource: attributes{"service.name": "s"}},
		{fields: "SYSLOG_FACILITY=3|SYSLOG_PID=4", attributes: attributes{"syslog.facility.code": int64(3), "syslog.pid": int64(4)}},
		{fields: "CODE_FILE=f|CODE_LINE=5|CODE_FUNC=g|TID=6", attributes: attributes{"code.file.path": "f", "code.line.number": int64(5), "code.function.name": "g", "thread.id": int64(6)}},
		{fields: "_TRANSPORT=stdout|_BOOT_ID=b|_UID=0", attributes: attributes{"journald.transport": "stdout", "journald.boot_id": "b", "journald.uid": "0"}},
		{fields: "_SYSTEMD_UNIT=a.service|SYSTEMD_UNIT=b", resource: attributes{"service.name": "a"}, attributes: attributes{"journald.systemd_unit": "a.service", "journald.client.systemd_unit": "b"}},
		{fields: "HOSTNAME=h|PID=1|REQUEST_2=x", attributes: attributes{"journald.client.hostname": "h", "journald.client.pid": "1", "journald.client.request_2": "x"}},
		// What is no number is kept, under a key that promises none.
		{fields: "SYSLOG_PID=x|CODE_LINE=-1|TID=", attributes: attributes{"journald.client.syslog_pid": "x", "journald.client.code_line": "-1", "journald.client.tid": ""}},
		{fields: "_PID=+1", resource: attributes{"journald.pid": "+1"}},
		{fields: "SYSLOG_PID=1000000000000000000", attributes: attributes{"journald.client.syslog_pid": "1000000000000000000"}},
		{fields: "PRIORITY=8|TRACE_ID=x|SPAN_ID=0000000000000000", attributes: attributes{"journald.client.priority": "8", "journald.client.trace_id": "x", "journald.client.span_id": "0000000000000000"}},
		// Names that are there several times.
		{fields: "A=1|B=x|A=2|A=3", attributes: attributes{"journald.client.a": []any{"1", "2", "3"}, "journald.client.b": "x"}},
		{fields: "MESSAGE=a|MESSAGE=b|MESSAGE=c", body: "a", attributes: attributes{"journald.client.message": []any{"b", "c"}}},
		{fields: "_HOSTNAME=a|_HOSTNAME=b", resource: attributes{"host.name": "a"}, attributes: attributes{"journald.hostname": "b"}},
		{fields: "TID=1|TID=2|TID=x", attributes: attributes{"thread.id": []any{int64(1), int64(2), "x"}}},
		{fields: "SYSLOG_IDENTIFIER=a|SYSLOG_IDENTIFIER=b", resource: attributes{"service.name": "a"}, attributes: attributes{"journald.client.syslog_identifier": "b"}},
		{fields: "SYSLOG_PID=x|SYSLOG_PID=1", attributes: attributes{"journald.client.syslog_pid": "x", "syslog.pid": int64(1)}},
		// Bytes that are no text.
		{fields: "MESSAGE=a\xff|A=\xe6\x97b", body: `a\xff`, attributes: attributes{"journald.client.a": `\xe6\x97b`}},
		{settings: `invalid_utf8: bytes`, fields: "MESSAGE=a\xff|A=\xff|B=ä", body: []byte("a\xff"), attributes: attributes{"journald.client.a": []byte("\xff"), "journald.client.b": "ä"}},
		// What service.name is made of.
		{settings: `service_name_from: unit`, fields: "SYSLOG_IDENTIFIER=i|_SYSTEMD_UNIT=u.timer|_COMM=c", resource: attributes{"service.name": "u.timer", "process.executable.name": "c"}, attributes: attributes{"journald.client.syslog_identifier": "i", "journald.systemd_unit": "u.timer"}},
		{settings: `service_name_from: unit`, fields: "_SYSTEMD_UNIT=user@1.service|_SYSTEMD_USER_UNIT=v.service", resource: attributes{"service.name": "v"}, attributes: attributes{"journald.systemd_unit": "user@1.service", "journald.systemd_user_unit": "v.service"}},
		{settings: `service_name_from: unit`, fields: "SYSLOG_IDENTIFIER=i|_COMM=c", resource: attributes{"service.name": "i", "process.executable.name": "c"}},
		{settings: `service_name_from: comm`, fields: "SYSLOG_IDENTIFIER=i|_COMM=c", resource: attributes{"service.name": "c", "process.executable.name": "c"}, attributes: attributes{"journald.client.syslog_identifier": "i"}},
		{fields: "SYSLOG_IDENTIFIER=|_COMM=c", resource: attributes{"service.name": "c", "process.executable.name": "c"}, attributes: attributes{"journald.client.syslog_identifier": ""}},
		// Choices.
		{settings: `resource_fields: [_HOSTNAME]`, fields: "_HOSTNAME=h|_PID=1|_COMM=c", resource: attributes{"host.name": "h", "service.name": "c"}, attributes: attributes{"process.pid": int64(1), "process.executable.name": "c"}},
		{settings: `resource_fields: []`, fields: "_HOSTNAME=h", attributes: attributes{"host.name": "h"}},
		{settings: `fields: {exclude: ["_C*"]}`, fields: "MESSAGE=m|_CMDLINE=x|_COMM=c|_UID=0", body: "m", resource: attributes{"service.name": "c"}, attributes: attributes{"journald.uid": "0"}},
		{settings: `fields: {include: [_UID, "A*"], exclude: [AB]}`, fields: "MESSAGE=m|SYSLOG_IDENTIFIER=i|_HOSTNAME=h|_UID=0|A=a|AB=b|TID=1|TID=2", body: "m", resource: attributes{"service.name": "i"}, attributes: attributes{"journald.uid": "0", "journald.client.a": "a"}},
		{settings: `{attributes: {x: y, journald.uid: z}, resource: {v: w, host.name: n}}`, fields: "_UID=0|_HOSTNAME=h", attributes: attributes{"x": "y", "journald.uid": "z"}, resource: attributes{"v": "w", "host.name": "n"}},
		{settings: `cursor: true`, fields: "MESSAGE=m", body: "m", attributes: attributes{"journald.cursor": cursorOf(42).String()}},
		// All fields in the body.
		{
			settings: `body: json`, fields: "MESSAGE=a<\"\xff|A=1|A=2|_BOOT_ID=b|_HOSTNAME=h", body: `{"A":["1","2"],"MESSAGE":"a<\"\\xff","_BOOT_ID":"b","_HOSTNAME":"h"}`,
			attributes: attributes{"journald.client.a": []any{"1", "2"}, "journald.boot_id": "b"}, resource: attributes{"host.name": "h"},
		},
		{settings: `{body: json, invalid_utf8: bytes, fields: {exclude: [_BOOT_ID]}}`, fields: "A=\xff|_BOOT_ID=b", body: `{"A":"\\xff"}`, attributes: attributes{"journald.client.a": []byte("\xff")}},
		{settings: `body: map`, fields: "MESSAGE=m\xff|PRIORITY=3|A=1|A=2|_BOOT_ID=x|_HOSTNAME=h", body: allOf(attributes{"MESSAGE": `m\xff`, "PRIORITY": "3", "A": []any{"1", "2"}, "_HOSTNAME": "h"})},
		{settings: `{body: map, fields: {include: [A]}, invalid_utf8: bytes, attributes: {x: y}, resource: {v: w}}`, fields: "MESSAGE=m|A=\xff", body: allOf(attributes{"A": []byte("\xff")}), attributes: attributes{"x": "y"}, resource: attributes{"v": "w"}},
	} {
		t.Run(tt.settings+" "+tt.fields, func(t *testing.T) {
			settings := tt.settings
			if settings == "" {
				settings = "{}"
			}
			record, resource := recordOf(t, settings, entryOf(strings.Split(tt.fields, "|")...))
			assert.Equal(t, tt.body, record.Body().AsRaw())
			if tt.attributes == nil {
				tt.attributes = attributes{}
			}
			if tt.resource == nil {
				tt.resource = attributes{}
			}
			assert.Equal(t, tt.attributes, record.Attributes().AsRaw())
			assert.Equal(t, tt.resource, resource)
		})
	}
}

// allOf adds what a body of all fields has beside them.
func allOf(fields attributes) attributes {
	c := cursorOf(0x2a)
	fields["__CURSOR"], fields["__MONOTONIC_TIMESTAMP"], fields["_BOOT_ID"] = c.String(), "42", c.BootID.String()
	fields["__SEQNUM"], fields["__SEQNUM_ID"] = "42", c.SeqnumID.String()
	return fields
}

func TestSeverities(t *testing.T) {
	for value, want := range map[string]string{
		"0": "Fatal 21 emerg", "1": "Error3 19 alert", "2": "Error2 18 crit", "3": "Error 17 err", "4": "Warn 13 warning", "5": "Info2 10 notice",
		"6": "Info 9 info", "7": "Debug 5 debug", "8": "Unspecified 0 ", "": "Unspecified 0 ", "err": "Unspecified 0 ", "03": "Unspecified 0 ",
	} {
		record, _ := recordOf(t, "{}", entryOf("PRIORITY="+value))
		assert.Equal(t, want, fmt.Sprintf("%s %d %s", record.SeverityNumber(), record.SeverityNumber(), record.SeverityText()), value)
	}
	record, _ := recordOf(t, "body: map", entryOf("PRIORITY=3"))
	assert.Zero(t, record.SeverityNumber(), "as in the record of OpenTelemetry's receiver")
}

func TestTimes(t *testing.T) {
	written := cursorOf(0x2a).Realtime
	for _, tt := range []struct {
		settings, fields string
		want             uint64
	}{
		{"{}", "_SOURCE_REALTIME_TIMESTAMP=5", written},
		{"timestamp: source", "_SOURCE_REALTIME_TIMESTAMP=5", 5},
		{"timestamp: source", "_SOURCE_REALTIME_TIMESTAMP=0", written},
		{"timestamp: source", "_SOURCE_REALTIME_TIMESTAMP=x", written},
		{"timestamp: source", "MESSAGE=m", written},
	} {
		record, _ := recordOf(t, tt.settings, entryOf(tt.fields))
		assert.Equal(t, tt.want*1000, uint64(record.Timestamp()), "%+v", tt)
		assert.Equal(t, observed, record.ObservedTimestamp().AsTime().Local())
	}
}

func TestTraces(t *testing.T) {
	record, _ := recordOf(t, "{}", entryOf("TRACE_ID=0102030405060708090a0b0c0d0e0f10", "SPAN_ID=A1a2a3a4a5a6a7a8"))
	assert.Equal(t, "0102030405060708090a0b0c0d0e0f10", record.TraceID().String())
	assert.Equal(t, "a1a2a3a4a5a6a7a8", record.SpanID().String())
	assert.Zero(t, record.Attributes().Len())
}

func TestWhatWasCut(t *testing.T) {
	h := entryOf("MESSAGE=grü\xc3", "A=\xff", "_HOSTNAME=h")
	h.fields[0].Cut, h.fields[2].Cut = 10, 1
	record, _ := recordOf(t, "{}", h)
	assert.Equal(t, "grü", record.Body().Str(), "without the half of a character")
	assert.Equal(t, attributes{"journald.cut_bytes": int64(11), "journald.client.a": `\xff`}, record.Attributes().AsRaw())
	for text, want := range map[string]string{"": "", "a": "a", "ä": "ä", "a\xe6\x97": "a", "a\xf0\x9f\x98": "a", "\x80\x80\x80\x80": "\x80\x80\x80\x80", "a\xff": "a\xff"} {
		assert.Equal(t, want, wholeCharacters(text, 1), "%q", text)
	}
}

func TestTheOriginal(t *testing.T) {
	record, _ := recordOf(t, "include_log_record_original: true", entryOf("MESSAGE=m\xff"))
	original, _ := record.Attributes().Get("log.record.original")
	assert.JSONEq(t, `{"MESSAGE":"m\\xff","__REALTIME_TIMESTAMP":"1700000000000042","__CURSOR":"`+cursorOf(42).String()+`","__MONOTONIC_TIMESTAMP":"42",
		"__SEQNUM":"42","__SEQNUM_ID":"01000000000000000000000000000000","_BOOT_ID":"02000000000000000000000000000000"}`, original.Str())
}

// Entries share a resource if the fields of it are at the same places of one file.
func TestResources(t *testing.T) {
	at := func(file uint32, host, pid, unit uint64, message string) held {
		return held{cursor: cursorOf(1), file: file, fields: []journal.Field{
			{Name: "_HOSTNAME", Value: fmt.Sprint("h", host), Ref: host},
			{Name: "_PID", Value: fmt.Sprint(pid), Ref: pid},
			{Name: "_SYSTEMD_UNIT", Value: fmt.Sprint("u", unit), Ref: unit},
			{Name: "MESSAGE", Value: message, Ref: 1000},
		}}
	}
	entries := []held{at(1, 8, 16, 24, "a"), at(1, 8, 32, 24, "b"), at(1, 8, 16, 24, "c"), at(1, 8, 16, 40, "d"), at(2, 8, 16, 24, "e"), at(1, 8, 32, 24, "f")}
	m := newMapper(configOf(t, "{}"))
	for range 2 {
		assert.Equal(t, []string{"h8 16 u24: a c", "h8 32 u24: b f", "h8 16 u40: d", "h8 16 u24: e"}, outline(m.logs(entries, observed)))
	}
	without := newMapper(configOf(t, "resource_fields: [_HOSTNAME]"))
	assert.Equal(t, []string{"h8 u24: a b c f", "h8 u40: d", "h8 u24: e"}, outline(without.logs(entries, observed)))
	whole := newMapper(configOf(t, "body: map"))
	assert.Equal(t, 1, whole.logs(entries, observed).ResourceLogs().Len())
}

func outline(logs plog.Logs) (list []string) {
	for _, resource := range logs.ResourceLogs().All() {
		var words []string
		for _, key := range []string{"host.name", "process.pid", "service.name"} {
			if value, ok := resource.Resource().Attributes().Get(key); ok {
				words = append(words, value.AsString())
			}
		}
		words[len(words)-1] += ":"
		for _, record := range resource.ScopeLogs().At(0).LogRecords().All() {
			words = append(words, record.Body().Str())
		}
		list = append(list, strings.Join(words, " "))
	}
	return list
}

// A pipeline may change what it gets, and it may have to get it once more.
func TestRecordsAreMadeAnew(t *testing.T) {
	m := newMapper(configOf(t, "{}"))
	entries := []held{entryOf("MESSAGE=a", "A=1", "_HOSTNAME=h"), entryOf("MESSAGE=b")}
	text := func(logs plog.Logs) string {
		raw, err := (&plog.JSONMarshaler{}).MarshalLogs(logs)
		require.NoError(t, err)
		return string(raw)
	}
	want := text(m.logs(entries, observed))
	changed := m.logs(entries, observed)
	changed.ResourceLogs().At(0).Resource().Attributes().Clear()
	changed.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().PutStr("journald.client.a", "changed")
	assert.Equal(t, want, text(m.logs(entries, observed)))
}

// A sender can make up names, and they are not remembered for ever.
func TestNamesAreForgotten(t *testing.T) {
	m := newMapper(configOf(t, "{}"))
	for batch := range 3 {
		var entries []held
		for n := range maxColumns {
			entries = append(entries, entryOf(fmt.Sprintf("N%d_%d=x", batch, n), "A=1", "A=2"))
		}
		logs := m.logs(entries, observed)
		list, _ := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(maxColumns - 1).Attributes().Get("journald.client.a")
		assert.Equal(t, []any{"1", "2"}, list.AsRaw())
		assert.LessOrEqual(t, len(m.columns), 2*maxColumns+1)
	}
}
