// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/go-logfmt/logfmt"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/tributary-otel/tributary/components/internal/hints"
)

// parser makes attributes of a line, as the owner of the pod has said what its lines are.
// The body stays as it is: what a program has written is never changed.
type parser func(line string, to pcommon.Map) error

const (
	// maxParsed is how many attributes a line may give, as many as OpenTelemetry's SDKs
	// allow; maxNested how deep an object may lie in others.
	maxParsed = 128
	maxNested = 16
)

var (
	errNoObject = errors.New("it is no JSON object")
	errNoPairs  = errors.New("it has no pairs of keys and values")
)

// parserOf returns the one of a name; nil makes nothing of a line.
func parserOf(name string) parser {
	switch name {
	case hints.ParserJSON:
		return parseJSON
	case hints.ParserLogfmt:
		return parseLogfmt
	}
	return nil
}

// parseJSON makes an attribute of each member of an object, in the order of the names.
// Objects in it become maps.
func parseJSON(line string, to pcommon.Map) error {
	if !strings.HasPrefix(strings.TrimLeft(line, " \t"), "{") {
		return errNoObject
	}
	decoder := json.NewDecoder(strings.NewReader(line))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errNoObject // Something follows: it is a line that begins with one.
	}
	putObject(to, object, 0)
	return nil
}

func putObject(to pcommon.Map, object map[string]any, depth int) {
	keys := make([]string, 0, len(object))
	for key := range object {
		if mayPut(to, key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys[:min(len(keys), max(maxParsed-to.Len(), 0))] {
		putValue(to.PutEmpty(key), object[key], depth)
	}
}

// mayPut keeps what the receiver itself says of a line.
func mayPut(to pcommon.Map, key string) bool {
	_, taken := to.Get(key)
	return key != "" && !taken
}

func putValue(to pcommon.Value, value any, depth int) {
	switch v := value.(type) {
	case string:
		to.SetStr(v)
	case bool:
		to.SetBool(v)
	case json.Number:
		putNumber(to, v)
	case map[string]any:
		if depth == maxNested {
			putText(to, v)
			return
		}
		putObject(to.SetEmptyMap(), v, depth+1)
	case []any:
		if depth == maxNested {
			putText(to, v)
			return
		}
		list := to.SetEmptySlice()
		for _, element := range v {
			putValue(list.AppendEmpty(), element, depth+1)
		}
	}
}

func putNumber(to pcommon.Value, n json.Number) {
	if i, err := n.Int64(); err == nil {
		to.SetInt(i)
	} else if f, err := n.Float64(); err == nil {
		to.SetDouble(f)
	} else {
		to.SetStr(n.String()) // More than a float64 can be.
	}
}

// putText keeps what lies too deep as it was written, but for its spaces.
func putText(to pcommon.Value, value any) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(value) == nil {
		to.SetStr(strings.TrimSuffix(text.String(), "\n"))
	}
}

// parseLogfmt makes an attribute of each key that has a value.
func parseLogfmt(line string, to pcommon.Map) error {
	decoder := logfmt.NewDecoder(strings.NewReader(line))
	type pair struct{ key, value string }
	var pairs []pair
	for decoder.ScanRecord() {
		for decoder.ScanKeyval() {
			if value := decoder.Value(); value != nil {
				pairs = append(pairs, pair{string(decoder.Key()), string(value)})
			}
		}
	}
	if err := decoder.Err(); err != nil {
		return err
	}
	if len(pairs) == 0 {
		return errNoPairs
	}
	for _, p := range pairs {
		if to.Len() < maxParsed && mayPut(to, p.key) {
			to.PutStr(p.key, p.value)
		}
	}
	return nil
}
