// SPDX-License-Identifier: Apache-2.0

package journaldreceiver

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/components/internal/journal"
)

// fieldsOf reads fields as `NAME=value NAME=value`.
func fieldsOf(text string) (fields []journal.Field) {
	for part := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(part, "=")
		fields = append(fields, journal.Field{Name: name, Value: value, Ref: uint64(len(fields) + 1)})
	}
	return fields
}

// wants evaluates a filter as its documentation says.
func wants(f journal.Filter, fields []journal.Field) bool {
	switch f := f.(type) {
	case nil:
		return true
	case journal.Condition:
		return slices.ContainsFunc(fields, func(field journal.Field) bool { return field.Name == f.Name && f.Test(field.Value) })
	case journal.And:
		return !slices.ContainsFunc(f, func(part journal.Filter) bool { return !wants(part, fields) })
	case journal.Or:
		return slices.ContainsFunc(f, func(part journal.Filter) bool { return wants(part, fields) })
	case journal.Not:
		return !wants(f.Filter, fields)
	}
	panic(fmt.Sprintf("%T is no filter", f))
}

func TestWhichEntriesAreWanted(t *testing.T) {
	const crash = "MESSAGE_ID=fc2e22bc6ee647b6b90729ab34a250b1"
	for _, tt := range []struct{ settings, wanted, unwanted string }{
		{`{}`, "MESSAGE=a; PRIORITY=6; PRIORITY=0; PRIORITY=odd", "PRIORITY=7"},
		{`priority: debug`, "MESSAGE=a; PRIORITY=7", ""},
		{`priority: info`, "PRIORITY=6; PRIORITY=0", "MESSAGE=a; PRIORITY=7; PRIORITY=odd"},
		{`priority: "3"`, "PRIORITY=3; PRIORITY=0", "PRIORITY=4; MESSAGE=a"},
		{`priority: err..notice`, "PRIORITY=3; PRIORITY=4; PRIORITY=5", "PRIORITY=2; PRIORITY=6"},
		{`priority: 5..3`, "PRIORITY=3; PRIORITY=5", "PRIORITY=2; PRIORITY=6"},
		{`units: [web]`,
			"_SYSTEMD_UNIT=web.service; _PID=1 UNIT=web.service; _SYSTEMD_CGROUP=/init.scope UNIT=web.service; _UID=0 OBJECT_SYSTEMD_UNIT=web.service; _UID=0 COREDUMP_UNIT=web.service " + crash,
			"_SYSTEMD_UNIT=web; _SYSTEMD_UNIT=web2.service; SYSTEMD_UNIT=web.service; UNIT=web.service; _PID=2 UNIT=web.service; _UID=1 OBJECT_SYSTEMD_UNIT=web.service; _UID=1 COREDUMP_UNIT=web.service " + crash + "; _UID=0 COREDUMP_UNIT=web.service; _SYSTEMD_SLICE=web.service; _SYSTEMD_USER_UNIT=web.service; MESSAGE=a"},
		{`units: ["web*", b.socket]`, "_SYSTEMD_UNIT=web.service; _SYSTEMD_UNIT=web-2.timer; _SYSTEMD_UNIT=b.socket; _SYSTEMD_SLICE=web.slice; _PID=1 UNIT=web9.service", "_SYSTEMD_UNIT=aweb.service; _SYSTEMD_UNIT=b.service"},
		{`units: [user.slice]`, "_SYSTEMD_SLICE=user.slice; _SYSTEMD_UNIT=user.slice", "_SYSTEMD_SLICE=system.slice"},
		{`units: [/dev/sda1, /srv/a-b]`, "_SYSTEMD_UNIT=dev-sda1.device; _SYSTEMD_UNIT=srv-a\\x2db.mount", "_SYSTEMD_UNIT=srv-a-b.mount"},
		{`user_units: [sync]`, "_SYSTEMD_USER_UNIT=sync.service; USER_UNIT=sync.service; _UID=0 OBJECT_SYSTEMD_USER_UNIT=sync.service; _UID=0 COREDUMP_USER_UNIT=sync.service " + crash, "_SYSTEMD_UNIT=sync.service; OBJECT_SYSTEMD_USER_UNIT=sync.service"},
		{`user_units: ["*.slice"]`, "_SYSTEMD_USER_SLICE=app.slice", "_SYSTEMD_USER_SLICE=app; _SYSTEMD_SLICE=app.slice"},
		{`{units: [a], user_units: [b]}`, "_SYSTEMD_UNIT=a.service; _SYSTEMD_USER_UNIT=b.service", "_SYSTEMD_UNIT=b.service"},
		{`exclude_units: ["sys*"]`, "_SYSTEMD_UNIT=a.service _SYSTEMD_SLICE=system.slice; MESSAGE=a", "_SYSTEMD_UNIT=sysstat.service; _PID=1 UNIT=sysstat.service"},
		{`exclude_units: [user.slice]`, "_SYSTEMD_SLICE=system.slice", "_SYSTEMD_SLICE=user.slice"},
		{`{units: ["w*"], exclude_units: [web]}`, "_SYSTEMD_UNIT=w2.service", "_SYSTEMD_UNIT=web.service; _SYSTEMD_UNIT=a.service"},
		{`identifiers: [sshd, su]`, "SYSLOG_IDENTIFIER=sshd; SYSLOG_IDENTIFIER=su", "SYSLOG_IDENTIFIER=sudo; _COMM=su"},
		{`exclude_identifiers: [su]`, "SYSLOG_IDENTIFIER=sudo; MESSAGE=a", "SYSLOG_IDENTIFIER=su"},
		{`matches: [{_UID: "1", _COMM: a}, {_UID: "2"}]`, "_UID=1 _COMM=a; _UID=2 _COMM=b; _UID=0 _UID=2", "_UID=1; _COMM=a; _UID=1 _COMM=b"},
		{`exclude_matches: [{_UID: "1", _COMM: a}, {_UID: "2"}]`, "_UID=1; _COMM=a; MESSAGE=a", "_UID=1 _COMM=a; _UID=2"},
		{`include: {_SYSTEMD_UNIT: ".*web.*"}`, "_SYSTEMD_UNIT=my-web-1.service", "_SYSTEMD_UNIT=db.service; MESSAGE=web"},
		{`include: {A: [x, ^y$], B: z}`, "A=axa B=z; A=y B=zz", "A=x; A=yy B=z"},
		{`exclude: {A: x, B: [y, z]}`, "A=y; B=x; MESSAGE=x", "A=x; B=z; A=axa"},
		{`facilities: [daemon, "4", local7]`, "SYSLOG_FACILITY=3; SYSLOG_FACILITY=4; SYSLOG_FACILITY=23", "SYSLOG_FACILITY=5; MESSAGE=a"},
		{`transports: [kernel, syslog]`, "_TRANSPORT=kernel; _TRANSPORT=syslog", "_TRANSPORT=stdout; TRANSPORT=kernel"},
		{`grep: "fail(ed|ure)"`, "MESSAGE=aFAILEDb; MESSAGE=failure", "MESSAGE=fail; A=failed"},
		{`grep: Failed`, "MESSAGE=Failed", "MESSAGE=failed"},
		{`dmesg: true`, "_TRANSPORT=kernel", "_TRANSPORT=syslog"},
		{`{units: [a], identifiers: [b], priority: err, matches: [{C: d}], grep: e}`,
			"_SYSTEMD_UNIT=a.service SYSLOG_IDENTIFIER=b PRIORITY=3 C=d MESSAGE=e",
			"_SYSTEMD_UNIT=a.service SYSLOG_IDENTIFIER=b PRIORITY=3 C=d MESSAGE=f; _SYSTEMD_UNIT=a.service SYSLOG_IDENTIFIER=b PRIORITY=4 C=d MESSAGE=e; _SYSTEMD_UNIT=a.service PRIORITY=3 C=d MESSAGE=e; SYSLOG_IDENTIFIER=b PRIORITY=3 C=d MESSAGE=e; _SYSTEMD_UNIT=a.service SYSLOG_IDENTIFIER=b PRIORITY=3 MESSAGE=e"},
	} {
		t.Run(tt.settings, func(t *testing.T) {
			filter, errs := configOf(t, tt.settings).filter()
			require.Empty(t, errs)
			for _, list := range []struct {
				entries string
				want    bool
			}{{tt.wanted, true}, {tt.unwanted, false}} {
				for entry := range strings.SplitSeq(list.entries, "; ") {
					if entry != "" {
						assert.Equal(t, list.want, wants(filter, fieldsOf(entry)), entry)
					}
				}
			}
		})
	}
}

func TestGlobs(t *testing.T) {
	for glob, texts := range map[string]struct{ match, not []string }{
		"a":             {[]string{"a"}, []string{"", "b", "aa"}},
		"a*":            {[]string{"a", "ab", "a/b", "a\nb"}, []string{"ba"}},
		"?":             {[]string{"a", "/"}, []string{"", "ab"}},
		"[a-c]x":        {[]string{"ax", "cx"}, []string{"dx", "x"}},
		"[!a]*":         {[]string{"b"}, []string{"a"}},
		"[^a]*":         {[]string{"b"}, []string{"a"}},
		"[]a]*":         {[]string{"]", "a"}, []string{"b"}},
		"[[:digit:]]*":  {[]string{"1"}, []string{"a"}},
		`a\x2db*`:       {[]string{`a\x2dbc`}, []string{"a-bc"}},
		"a.b+(c)|{1}$*": {[]string{"a.b+(c)|{1}$"}, []string{"aab+(c)|{1}$"}},
	} {
		test, err := compileGlob(glob)
		require.NoError(t, err, glob)
		for _, text := range texts.match {
			assert.True(t, test(text), "%s %q", glob, text)
		}
		for _, text := range texts.not {
			assert.False(t, test(text), "%s %q", glob, text)
		}
	}
}

func FuzzGlob(f *testing.F) {
	for _, glob := range []string{"*", "[a-", "[[:alpha:]]", "[z-a]", `[\]`, "[!]]", "a?[b]*"} {
		f.Add(glob, "a")
	}
	f.Fuzz(func(t *testing.T, glob, text string) {
		if test, err := compileGlob(glob); err == nil {
			test(text)
			if !isGlob(glob) {
				assert.Equal(t, glob == text, test(text))
			}
		}
	})
}

func TestNamesOfUnits(t *testing.T) {
	for name, want := range map[string]string{
		"web": "web.service", "web.service": "web.service", "a.b": "a.b.service", "x.timer": "x.timer", ".timer": ".timer.service",
		"getty@tty1": "getty@tty1.service", "/": "-.mount", "/var//lib/": "var-lib.mount", "/dev/sd a": `dev-sd\x20a.device`, "/.x": `\x2ex.mount`, "w*": "w*",
	} {
		assert.Equal(t, want, unitName(name), name)
	}
}

// With settings drawn at random, an entry is wanted exactly if what the README says of
// each setting, checked one by one, holds.
func TestFiltersAgreeWithWhatTheirSettingsSay(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	some := func(of ...string) (list []string) {
		for range r.IntN(3) {
			list = append(list, of[r.IntN(len(of))])
		}
		return list
	}
	matches := func() (list []map[string]string) {
		for range r.IntN(3) {
			match := map[string]string{"A": strconv.Itoa(r.IntN(2))}
			if r.IntN(2) == 0 {
				match["B"] = strconv.Itoa(r.IntN(2))
			}
			list = append(list, match)
		}
		return list
	}
	patterns := func() map[string]OneOrMore {
		fields := map[string]OneOrMore{}
		for _, name := range some("A", "MESSAGE") {
			fields[name] = append(OneOrMore{"0"}, some("1", "^x", "y$")...)
		}
		return fields
	}
	draw := func(name string, values ...string) (fields []journal.Field) {
		for range r.IntN(5) / 2 { // Seldom twice.
			fields = append(fields, journal.Field{Name: name, Value: values[r.IntN(len(values))]})
		}
		return fields
	}
	var wanted int
	const rounds = 3000
	for range rounds {
		c := createDefaultConfig().(*Config)
		c.Units, c.UserUnits, c.ExcludeUnits = some("a", "b*"), some("a", "u*"), some("a", "c*")
		c.Identifiers, c.ExcludeIdentifiers = some("i", "j"), some("i", "k")
		c.Matches, c.ExcludeMatches = matches(), matches()
		c.Include, c.Exclude = patterns(), patterns()
		c.Transports, c.Facilities = some("kernel", "syslog"), some("kern", "3")
		c.Priority = []string{"", "err", "debug", "1..4"}[r.IntN(4)]
		c.Grep = []string{"", "x|0", "X"}[r.IntN(3)]
		require.NoError(t, c.Validate())
		filter, errs := c.filter()
		require.Empty(t, errs)
		for range 20 {
			fields := slices.Concat(
				draw("_SYSTEMD_UNIT", "a.service", "bb.service", "c.timer"), draw("_SYSTEMD_USER_UNIT", "a.service", "u.service"),
				draw("SYSLOG_IDENTIFIER", "i", "j", "k"), draw("A", "0", "1"), draw("B", "0", "1"), draw("MESSAGE", "x0", "X1", "0y", "z"),
				draw("_TRANSPORT", "kernel", "syslog", "audit"), draw("SYSLOG_FACILITY", "0", "3", "4"), draw("PRIORITY", "2", "3", "6", "7", "no"),
			)
			want := byHand(c, fields)
			require.Equal(t, want, wants(filter, fields), "seed %d: %+v: %+v", seed, c.Selection, fields)
			if want {
				wanted++
			}
		}
	}
	assert.NotZero(t, wanted)
	assert.Less(t, wanted, rounds*20)
}

// byHand says whether an entry is wanted, for the few fields that the test above draws.
func byHand(c *Config, fields []journal.Field) bool {
	values := map[string][]string{}
	for _, f := range fields {
		values[f.Name] = append(values[f.Name], f.Value)
	}
	has := func(name string, test func(string) bool) bool { return slices.ContainsFunc(values[name], test) }
	among := func(name string, list []string) bool {
		return has(name, func(v string) bool { return slices.Contains(list, v) })
	}
	unit := func(name string, list []string) bool {
		return has(name, func(v string) bool {
			return slices.ContainsFunc(list, func(glob string) bool {
				start, open := strings.CutSuffix(glob, "*")
				return open && strings.HasPrefix(v, start) || v == glob+".service"
			})
		})
	}
	match := func(list []map[string]string) bool {
		return slices.ContainsFunc(list, func(m map[string]string) bool {
			for name, value := range m {
				if !among(name, []string{value}) {
					return false
				}
			}
			return true
		})
	}
	expression := func(name string, list []string) bool {
		return has(name, func(v string) bool {
			return slices.ContainsFunc(list, func(e string) bool { return regexp.MustCompile(e).MatchString(v) })
		})
	}
	if len(c.Units)+len(c.UserUnits) > 0 && !unit("_SYSTEMD_UNIT", c.Units) && !unit("_SYSTEMD_USER_UNIT", c.UserUnits) {
		return false
	}
	if len(c.Identifiers) > 0 && !among("SYSLOG_IDENTIFIER", c.Identifiers) || len(c.Matches) > 0 && !match(c.Matches) {
		return false
	}
	if unit("_SYSTEMD_UNIT", c.ExcludeUnits) || among("SYSLOG_IDENTIFIER", c.ExcludeIdentifiers) || match(c.ExcludeMatches) {
		return false
	}
	for name, list := range c.Include {
		if !expression(name, list) {
			return false
		}
	}
	for name, list := range c.Exclude {
		if expression(name, list) {
			return false
		}
	}
	if len(c.Transports) > 0 && !among("_TRANSPORT", c.Transports) {
		return false
	}
	numbers := strings.NewReplacer("kern", "0").Replace(strings.Join(c.Facilities, " "))
	if len(c.Facilities) > 0 && !among("SYSLOG_FACILITY", strings.Fields(numbers)) {
		return false
	}
	switch c.Priority {
	case "":
		if among("PRIORITY", []string{"7"}) {
			return false
		}
	case "err":
		if !among("PRIORITY", []string{"0", "1", "2", "3"}) {
			return false
		}
	case "1..4":
		if !among("PRIORITY", []string{"1", "2", "3", "4"}) {
			return false
		}
	}
	switch c.Grep {
	case "x|0":
		return has("MESSAGE", func(v string) bool { return strings.ContainsAny(v, "xX0") })
	case "X":
		return has("MESSAGE", func(v string) bool { return strings.Contains(v, "X") })
	}
	return true
}
