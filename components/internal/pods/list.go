// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// listMeta is what a list says of itself.
type listMeta struct {
	ResourceVersion string `json:"resourceVersion"`
	Continue        string `json:"continue"`
}

// readList reads a list object by object, so that the whole objects are never in memory together.
// The bytes of an object are used again after the call.
func readList(r io.Reader, each func(object []byte) error) (listMeta, error) {
	var m listMeta
	d := json.NewDecoder(r)
	if err := expect(d, json.Delim('{')); err != nil {
		return m, err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return m, cut(err)
		}
		switch key {
		case "metadata":
			err = d.Decode(&m)
		case "items":
			err = readItems(d, each)
		default:
			var other json.RawMessage
			err = d.Decode(&other)
		}
		if err != nil {
			return m, cut(err)
		}
	}
	if err := expect(d, json.Delim('}')); err != nil {
		return m, err
	}
	if m.ResourceVersion == "" {
		return m, errors.New("the answer is no list: it has no resourceVersion")
	}
	return m, nil
}

func readItems(d *json.Decoder, each func([]byte) error) error {
	begin, err := d.Token()
	if err != nil || begin == nil { // A list of nothing may be null.
		return err
	}
	if begin != json.Delim('[') {
		return fmt.Errorf("the items begin with %v", begin)
	}
	var object json.RawMessage
	for d.More() {
		if err := d.Decode(&object); err != nil {
			return err
		}
		if err := each(object); err != nil {
			return err
		}
	}
	return expect(d, json.Delim(']'))
}

func expect(d *json.Decoder, want json.Delim) error {
	got, err := d.Token()
	if err == nil && got != want {
		err = fmt.Errorf("%v instead of %v", got, want)
	}
	return cut(err)
}

// cut names the end of an answer that should go on.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
