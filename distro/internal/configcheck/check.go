// SPDX-License-Identifier: Apache-2.0

package configcheck

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"go.yaml.in/yaml/v3"

	"go.opentelemetry.io/collector/confmap"
)

// check holds what one run of the checks found out.
type check struct {
	*round
	problems []Problem
	// gone are paths whose value could not be used. A complaint about something above such a path may be a
	// consequence, and is left out: the next run will tell.
	gone [][]string
}

// check runs all checks over a resolved configuration.
func (c *Checker) check(conf *confmap.Conf) error {
	k := &check{round: c.round}
	k.checked, k.again, k.expanded = true, nil, conf.ToStringMap()

	k.checkDocuments()
	k.checkVariables()
	k.checkConflicts()
	if err := k.checkComponents(c, conf); err != nil {
		return err
	}

	if len(k.problems) == 0 {
		k.passed = true
		c.secrets.Store(k.scrubber())
		return nil
	}
	return k.error(func(n int) string { return brokenTitle(n, c.before != nil) })
}

// error returns the problems as one error without secrets.
func (k *check) error(title func(int) string) *Error {
	scrub := k.scrubber()
	for i, p := range k.problems {
		k.problems[i] = scrub.problem(p)
	}
	problems := sorted(k.problems)
	return &Error{Title: title(len(problems)), Problems: problems}
}

// report adds a problem with the value at path.
func (k *check) report(path []string, text, hint string) {
	at, exact := k.tree().find(path)
	if k.unset(at) {
		return
	}
	value := ""
	if at.kind == scalar && (!at.null || !exact || len(path) != 2) {
		value = show(at, secretPath(path))
	} else if exact && at.kind == sequence {
		value = show(at, secretPath(path))
	}
	k.reportAt(at, path, value, text, hint)
}

func (k *check) reportAt(at *origin, path []string, value, text, hint string) {
	file := at.file
	if file == "" && len(k.sources) > 0 {
		// What is missing altogether has no place. The first file is where it would be looked for.
		file = k.sources[0].file
	}
	k.problems = append(k.problems, Problem{
		File: file, Line: at.line, Path: strings.Join(path, confmap.KeyDelimiter),
		Value: value, Text: text, Hint: hint,
	})
}

// unset tells whether the value at a place is written with a variable that is not set. That is reported once,
// and whatever follows from the missing value is not.
func (k *check) unset(at *origin) bool {
	return at.kind == scalar && slices.ContainsFunc(referenced(at.written), func(inner string) bool {
		return k.missing[strings.TrimPrefix(inner, "env:")] ||
			slices.ContainsFunc(k.failures, func(f failure) bool { return f.uri == inner || f.uri == "env:"+inner })
	})
}

// consequence tells whether a complaint about path may follow from another problem below it.
func (k *check) consequence(path []string) bool {
	return slices.ContainsFunc(k.gone, func(gone []string) bool {
		return len(gone) >= len(path) && slices.Equal(gone[:len(path)], path)
	})
}

// incomplete is true when a document of the merge is missing: then nothing can be said about what lacks.
func (k *check) incomplete() bool {
	return slices.ContainsFunc(k.failures, func(f failure) bool { return f.top })
}

var (
	yamlLine  = regexp.MustCompile(`line (\d+): (.*)`)
	quotation = regexp.MustCompile("'[^']*'|\"[^\"]*\"|`[^`]*`|#.*")
	plainKey  = regexp.MustCompile(`^mapping key "([A-Za-z][A-Za-z0-9_./:-]{0,80})" already defined at line (\d+)$`)
)

// checkDocuments reports documents that could not be had.
func (k *check) checkDocuments() {
	for _, f := range k.failures {
		scheme, rest, _ := strings.Cut(f.uri, ":")
		if f.unset != "" {
			k.problems = append(k.problems, Problem{
				File: f.uri, Text: "the environment variable " + f.unset + " is not set", Hint: "set it to a configuration",
			})
			continue
		}
		file := rest
		switch scheme {
		case "file":
		case "yaml":
			file = commandLine
		default:
			file = f.uri
		}
		if f.top {
			k.problems = append(k.problems, unreadable(file, f.err)...)
			continue
		}
		text, hint := because(rest, f.err)
		if scheme != "file" || errors.Is(f.err, errCircular) {
			text, hint = f.err.Error(), ""
		}
		is := func(inner string) bool { return inner == f.uri || "env:"+inner == f.uri }
		if !k.eachReference(is, text, hint) && !k.commentOnly(is) {
			k.problems = append(k.problems, Problem{File: file, Text: text, Hint: hint})
		}
	}
}

// eachReference reports every place with a reference for which is holds, and tells whether there is one.
func (k *check) eachReference(is func(inner string) bool, text, hint string) bool {
	found := false
	k.tree().walk(nil, func(path []string, leaf *origin) {
		if !slices.ContainsFunc(referenced(leaf.written), is) {
			return
		}
		found = true
		k.gone = append(k.gone, path)
		k.reportAt(leaf, path, show(leaf, secretPath(path)), text, hint)
	})
	return found
}

// commentOnly tells whether references for which is holds are only found in the comments of nested documents.
// Upstream expands these too, but what comes of it is used nowhere.
func (k *check) commentOnly(is func(inner string) bool) bool {
	found := false
	for _, text := range k.nested {
		if !slices.ContainsFunc(referenced(text), is) {
			continue
		}
		found = true
		if root := parse(text); root == nil || inScalars(root, is) {
			return false
		}
	}
	return found
}

// inScalars tells whether a value or key below n has a reference for which is holds.
func inScalars(n *yaml.Node, is func(inner string) bool) bool {
	return n.Kind == yaml.ScalarNode && slices.ContainsFunc(referenced(n.Value), is) ||
		slices.ContainsFunc(n.Content, func(child *yaml.Node) bool { return inScalars(child, is) })
}

// unreadable returns the problems of a document of the merge.
func unreadable(file string, err error) []Problem {
	text := err.Error()
	if !strings.Contains(text, "cannot be used as a Conf") {
		text, hint := because(file, err)
		return []Problem{{File: file, Text: text, Hint: hint}}
	}
	var problems []Problem
	for _, found := range yamlLine.FindAllStringSubmatch(text, -1) {
		line, _ := strconv.Atoi(found[1])
		p := Problem{File: file, Line: line}
		if file == commandLine {
			p.Line = 0
		}
		if key := plainKey.FindStringSubmatch(found[2]); key != nil {
			p.Text = fmt.Sprintf("the key `%s` is already there in line %s", key[1], key[2])
			p.Hint = "keep one of them"
		} else {
			// yaml quotes what it could not read, and that may be a secret.
			p.Text = "not valid YAML: " + quotation.ReplaceAllString(found[2], "…")
			p.Hint = "the mistake may be a line or two above"
		}
		problems = append(problems, p)
	}
	switch {
	case len(problems) > 0:
	case strings.Contains(text, "yaml:"):
		problems = []Problem{{File: file, Text: "not valid YAML"}}
	default:
		problems = []Problem{{File: file, Line: 1, Text: "not a configuration: there are no keys at the top",
			Hint: "start with a key such as receivers:"}}
	}
	return problems
}

// because says why a file could not be read.
func because(file string, err error) (text, hint string) {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "the file " + file + " does not exist", "correct the path or create the file"
	case errors.Is(err, syscall.EISDIR):
		return file + " is a folder", "name a file in it"
	case errors.Is(err, fs.ErrPermission):
		return "the file " + file + " cannot be read: permission denied", identity() + "; let it read the file"
	}
	return "the file " + file + " cannot be read: " + err.Error(), ""
}

// identity says as whom the process runs, which is what a permission is about.
func identity() string {
	if os.Getuid() < 0 {
		return "see the account the process runs as"
	}
	return fmt.Sprintf("the process runs as uid %d, gid %d", os.Getuid(), os.Getgid())
}
