// SPDX-License-Identifier: Apache-2.0

package hints

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tributary-otel/tributary/components/internal/multiline"
)

// Hints are what the owner of a pod says about one of its containers. What is not said is
// the zero value.
type Hints struct {
	// Exclude says that the lines are not read.
	Exclude bool
	// Multiline is `none` or `auto`; Start is the pattern of the first line of a record,
	// which goes before it.
	Multiline, Start string
	// Parser is `json`, `logfmt` or `none`.
	Parser string
	// Lines and Bytes are the most of the pod in a second; 0 is no limit.
	Lines, Bytes float64
	// Attributes are in the order in which they are written, without the prefix that
	// they get.
	Attributes []Attribute

	// others says that only other containers are read.
	others bool
}

// Attribute is a name and a value of the owner's own.
type Attribute struct{ Key, Value string }

// Values of annotations.
const (
	MultilineNone = string(multiline.None)
	MultilineAuto = string(multiline.Auto)
	ParserNone    = "none"
	ParserJSON    = "json"
	ParserLogfmt  = "logfmt"
)

// Bounds of what an owner may say.
const (
	// MaxAttributes is the number of attributes of a container, MaxAttribute the length of a
	// name, and of a value, in bytes.
	MaxAttributes = 16
	MaxAttribute  = 256
)

var errNoRate = errors.New("it must be a positive number, such as 100, 1.5k or 64Ki")

var errNotAllowed = errors.New("the collector's configuration does not allow it (`annotations::allow`)")

// option is an annotation behind the prefix.
type option struct {
	name string
	// group is what allows it.
	group Group
	// perPod says that it cannot be said of one container.
	perPod bool
	set    func(h *Hints, value string) error
}

// options are all that there are. `containers` is none of a container's own hints.
var options = []option{
	{"exclude", Exclude, false, setExclude},
	{"containers", Containers, true, nil},
	{"multiline", Multiline, false, setMultiline},
	{"multiline-start", Multiline, false, setStart},
	{"parser", Parser, false, setParser},
	{"lines-per-second", RateLimit, true, func(h *Hints, v string) error { return setRate(&h.Lines, v) }},
	{"bytes-per-second", RateLimit, true, func(h *Hints, v string) error { return setRate(&h.Bytes, v) }},
	{"attributes", Attributes, false, setAttributes},
}

func setExclude(h *Hints, value string) error {
	exclude, err := strconv.ParseBool(value)
	if err != nil {
		return errors.New(`it must be "true" or "false"`)
	}
	h.Exclude = exclude
	return nil
}

// setContainers says whether a container is one of those that are read.
func setContainers(h *Hints, value, container string) error {
	wanted := false
	for glob := range strings.SplitSeq(value, ",") {
		glob = strings.TrimSpace(glob)
		match, err := path.Match(glob, container)
		if err != nil || glob == "" {
			return errors.New("it must be globs of names with commas between them")
		}
		wanted = wanted || match
	}
	h.others = !wanted
	return nil
}

func setMultiline(h *Hints, value string) error {
	if value != MultilineNone && value != MultilineAuto {
		return fmt.Errorf("it must be %q or %q; a pattern goes into multiline-start", MultilineAuto, MultilineNone)
	}
	h.Multiline = value
	return nil
}

func setStart(h *Hints, value string) error {
	if _, err := multiline.NewRule(multiline.Start, value); err != nil {
		return err
	}
	h.Start = value
	return nil
}

func setParser(h *Hints, value string) error {
	if !slices.Contains([]string{ParserJSON, ParserLogfmt, ParserNone}, value) {
		return fmt.Errorf("it must be %q, %q or %q", ParserJSON, ParserLogfmt, ParserNone)
	}
	h.Parser = value
	return nil
}

// quantity is a number as Kubernetes writes them, but for exponents: the parser of Kubernetes takes
// minutes for 1e999999999, which anybody who may create a pod could write.
var quantity = regexp.MustCompile(`^([0-9]{1,15}(?:\.[0-9]{1,9})?)(k|M|G|Ki|Mi|Gi)?$`)

var units = map[string]float64{"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}

// setRate reads a quantity: 100, 1.5k, 64Ki.
func setRate(rate *float64, value string) error {
	part := quantity.FindStringSubmatch(value)
	if part == nil {
		return errNoRate
	}
	n, err := strconv.ParseFloat(part[1], 64)
	if err != nil || n == 0 {
		return errNoRate
	}
	*rate = n * units[part[2]]
	return nil
}

var attributeKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.\-/]*$`)

func setAttributes(h *Hints, value string) error {
	var list []Attribute
	for pair := range strings.SplitSeq(value, ",") {
		key, value, found := strings.Cut(strings.TrimSpace(pair), "=")
		switch {
		case !found || !attributeKey.MatchString(key):
			return errors.New("it must be name=value with commas between them, names of letters, digits, `_`, `.`, `-` and `/`")
		case len(key) > MaxAttribute || len(value) > MaxAttribute:
			return fmt.Errorf("a name and a value may have %d bytes", MaxAttribute)
		}
		list = append(list, Attribute{key, value})
	}
	if len(list) > MaxAttributes {
		return fmt.Errorf("there may be %d attributes, and there are %d", MaxAttributes, len(list))
	}
	h.Attributes = list
	return nil
}
