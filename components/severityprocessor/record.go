// SPDX-License-Identifier: Apache-2.0

package severityprocessor

import (
	"sync"
	"unsafe"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// recordReader finds the severity of records. It is read only, apart from a pool.
type recordReader struct {
	maxBytes   int
	attributes []attributeName
	// lengths has a bit for each length that an attribute's name has, modulo 64.
	lengths uint64
	// heads lends a buffer of maxBytes for bodies that are bytes.
	heads *sync.Pool
}

// attributeName is the name of an attribute and the rank of the same key in a line.
type attributeName struct {
	name string
	rank int
}

func newRecordReader(cfg *Config) recordReader {
	r := recordReader{maxBytes: cfg.MaxBytes, heads: &sync.Pool{New: func() any {
		head := make([]byte, cfg.MaxBytes)
		return &head
	}}}
	for _, name := range cfg.Attributes {
		r.attributes = append(r.attributes, attributeName{name: name, rank: keyRank(name)})
		r.lengths |= 1 << (len(name) % 64)
	}
	return r
}

// setSeverity sets the number and the text of a record where they are not set. A set number stays and gives the
// text its normal form; a set text stays and gives the number, if it is a level. Then attributes are asked,
// then the body.
func (r *recordReader) setSeverity(record plog.LogRecord) outcome {
	text := record.SeverityText()
	if number := record.SeverityNumber(); number != plog.SeverityNumberUnspecified {
		if text == "" && number >= plog.SeverityNumber(lowestLevel) && number <= plog.SeverityNumber(highestLevel) {
			record.SetSeverityText(level(number).name())
		}
		return alreadySet
	}
	l := none
	if text != "" {
		l = levelOfValue(0, text)
	}
	if l == none {
		l = r.levelOfAttributes(record.Attributes())
	}
	if l == none {
		l = r.levelOfBody(record.Body())
	}
	if l == none {
		return notFound
	}
	record.SetSeverityNumber(plog.SeverityNumber(l))
	if text == "" {
		record.SetSeverityText(l.name())
	}
	return found
}

// levelOfAttributes returns the level of the first name in the list whose attribute is a level.
func (r *recordReader) levelOfAttributes(attributes pcommon.Map) level {
	l, best := none, len(r.attributes)
	if best == 0 {
		return none
	}
	for key, value := range attributes.All() {
		if r.lengths>>(len(key)%64)&1 == 0 {
			continue
		}
		for i, a := range r.attributes[:best] {
			if a.name != key {
				continue
			}
			if found := levelOfScalar(a.rank, value); found != none {
				l, best = found, i
			}
			break
		}
	}
	return l
}

// levelOfScalar reads an attribute that holds a level. JSON parsers make floating-point numbers of all numbers.
func levelOfScalar(rank int, value pcommon.Value) level {
	switch value.Type() {
	case pcommon.ValueTypeStr:
		return levelOfValue(rank, value.Str())
	case pcommon.ValueTypeInt:
		return levelOfNumber(rank, int(value.Int()))
	case pcommon.ValueTypeDouble:
		return levelOfNumber(rank, wholeNumber(value.Double()))
	}
	return none
}

func (r *recordReader) levelOfBody(body pcommon.Value) level {
	switch body.Type() {
	case pcommon.ValueTypeStr:
		return detect(body.Str(), r.maxBytes)
	case pcommon.ValueTypeBytes:
		return r.levelOfBytes(body.Bytes())
	case pcommon.ValueTypeMap:
		return levelOfMap(body.Map())
	}
	return none
}

// levelOfBytes reads bytes as a line. Their type gives no access to more than one of them at once that does
// not copy them all, and a body may be large.
func (r *recordReader) levelOfBytes(body pcommon.ByteSlice) level {
	pooled := r.heads.Get().(*[]byte)
	defer r.heads.Put(pooled)
	head := (*pooled)[:min(body.Len(), r.maxBytes)]
	for i := range head {
		head[i] = body.At(i)
	}
	// The string is gone before the buffer is written again.
	return detect(unsafe.String(unsafe.SliceData(head), len(head)), r.maxBytes)
}

// levelOfMap reads the members of a map as those of a JSON object. A map has no order that means something, so
// that the best level key counts, not the first.
func levelOfMap(body pcommon.Map) level {
	o := newObject()
	for key, value := range body.All() {
		switch value.Type() {
		case pcommon.ValueTypeStr:
			o.text(key, value.Str())
		case pcommon.ValueTypeInt:
			o.number(key, int(value.Int()))
		case pcommon.ValueTypeDouble:
			o.number(key, wholeNumber(value.Double()))
		case pcommon.ValueTypeMap:
			o.nested(key, value.Map())
		}
	}
	return o.level()
}

// nested takes note of {"level": …} below the key `log`.
func (o *object) nested(key string, value pcommon.Map) {
	switch key {
	case "log":
		if inner, ok := value.Get("level"); ok && inner.Type() == pcommon.ValueTypeStr {
			o.found(nestedRank, levelOfValue(nestedRank, inner.Str()))
		}
	case "t":
		o.mongo |= hasTime
	}
}

// wholeNumber returns a small whole number, or -1.
func wholeNumber(f float64) int {
	if n := int(f); f >= 0 && f < 1000 && float64(n) == f {
		return n
	}
	return -1
}
