// SPDX-License-Identifier: Apache-2.0

package lokiexporter

import (
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Names of attributes whose labels do not collide.
var upstreamNames = []string{
	"service.name", "service.namespace", "service.instance.id", "host.name", "http.method", "http.status_code", "level", "job", "instance",
	"exporter", "k8s.pod.labels.app.kubernetes.io/name", "2nd", "with space", "slash/name", "nested", "list", "deep", "_x", "Größe",
}

// Paths of hints, some of which lead into maps or nowhere.
var upstreamPaths = append([]string{"nested.a", "nested.b.c", "nested.b", "deep.x.y.z", "deep.x", "absent", "absent.too", "nested.absent", "list.0", ""}, upstreamNames...)

// value sets any value that does not become an empty text.
func (r random) value(v pcommon.Value, depth int) {
	switch r.IntN(9) {
	case 0:
		v.SetInt(r.Int64() - r.Int64())
	case 1:
		v.SetBool(r.odd(2))
	case 2:
		v.SetDouble(r.NormFloat64() * 1e6)
	case 3:
		v.SetEmptyBytes().FromRaw([]byte(r.word(1 + r.IntN(5))))
	case 4:
		if depth > 0 {
			for range 1 + r.IntN(3) {
				r.value(v.SetEmptySlice().AppendEmpty(), depth-1)
			}
			return
		}
		v.SetStr("flat")
	case 5:
		if depth > 0 {
			m := v.SetEmptyMap()
			for range 1 + r.IntN(3) {
				r.value(m.PutEmpty(one(r, "a", "b", "c", "x", "y", "z", "severity", "with space")), depth-1)
			}
			return
		}
		v.SetStr("flat")
	default:
		v.SetStr(one(r, "v", "two words", "quo\"te", "back\\slash", "line\nbreak", "日志", "🚰", "a,b", "{x=\"y\"}", "null", "\u00a0", r.word(1+r.IntN(20))))
	}
}

func (r random) upstreamAttributes(m pcommon.Map) {
	for range r.IntN(7) {
		name := one(r, upstreamNames...)
		v := m.PutEmpty(name)
		switch name {
		case "nested":
			nested := v.SetEmptyMap()
			nested.PutStr("a", r.word(3))
			nested.PutEmptyMap("b").PutStr("c", r.word(3))
		case "deep":
			// One map by the name `x.y` within the other.
			v.SetEmptyMap().PutEmptyMap("x.y").PutStr("z", r.word(3))
		default:
			r.value(v, 2)
		}
	}
	if r.odd(5) {
		m.PutEmpty("empty") // No hint names it.
		m.PutStr("empty text", "")
	}
}

// hint is a list of paths in one of the forms that people write.
func (r random) hint(v pcommon.Value) {
	var paths []string
	for range 1 + r.IntN(4) {
		paths = append(paths, one(r, upstreamPaths...))
	}
	if r.odd(2) {
		s := v.SetEmptySlice()
		for _, p := range paths {
			s.AppendEmpty().SetStr(one(r, "", " ") + p)
		}
		return
	}
	v.SetStr(strings.Join(paths, one(r, ",", ", ", " , ")))
}

func (r random) upstreamHints(m pcommon.Map) {
	if r.odd(5) {
		m.PutStr(hintFormat, one(r, formatJSON, formatLogfmt, formatRaw))
	}
	if r.odd(5) {
		m.PutStr(hintTenant, one(r, "tenant", "other.tenant", "absent"))
	}
	if r.odd(3) {
		m.PutStr(one(r, "tenant", "other.tenant"), one(r, "red", "green", "blue"))
	}
	if r.odd(2) {
		r.hint(m.PutEmpty(hintResourceLabels))
	}
}

// upstreamLogs are logs that the removed upstream exporter sent as they deserve.
func (r random) upstreamLogs() plog.Logs {
	ld := plog.NewLogs()
	for range 1 + r.IntN(3) {
		rl := ld.ResourceLogs().AppendEmpty()
		r.upstreamAttributes(rl.Resource().Attributes())
		r.upstreamHints(rl.Resource().Attributes())
		for range 1 + r.IntN(2) {
			sl := rl.ScopeLogs().AppendEmpty()
			sl.Scope().SetName(one(r, "", "scope"))
			sl.Scope().SetVersion(one(r, "", "v1"))
			if r.odd(2) {
				r.upstreamAttributes(sl.Scope().Attributes())
			}
			for range r.IntN(5) {
				r.upstreamRecord(sl.LogRecords().AppendEmpty())
			}
		}
	}
	return ld
}

func (r random) upstreamRecord(lr plog.LogRecord) {
	// Older ones are put in order, which upstream did not do.
	at := timestamp(time.Now().Add(-time.Duration(r.Int64N(int64(44 * time.Minute)))))
	if r.odd(4) {
		lr.SetObservedTimestamp(at)
	} else {
		lr.SetTimestamp(at)
	}
	r.upstreamAttributes(lr.Attributes())
	if r.odd(3) {
		r.upstreamHints(lr.Attributes())
	}
	if r.odd(2) {
		r.hint(lr.Attributes().PutEmpty(hintAttributeLabels))
	}
	lr.SetSeverityNumber(plog.SeverityNumber(r.IntN(25)))
	lr.SetSeverityText(one(r, "", "Warning", "INFO"))
	if r.odd(3) {
		lr.SetTraceID(pcommon.TraceID{1, 2, byte(r.Uint32())})
		lr.SetSpanID(pcommon.SpanID{3, 4, byte(r.Uint32())})
	}
	lr.SetFlags(plog.LogRecordFlags(one(r, 0, 1)))
	switch r.IntN(3) {
	case 0:
		lr.Body().SetStr(one(r, "", "hello", `a=b msg="x y" level=warn`, "severity=INFO traceID=x", "a= b", "k", "=x", `a="b`, "two\nlines=2", "a=b\nc=d", "日志=🚰", "\x1b[31mred", "{}"))
	case 1:
		r.value(lr.Body(), 3)
	}
	if lr.Body().Type() == pcommon.ValueTypeBytes {
		lr.Body().SetStr("bytes") // See below.
	}
}
