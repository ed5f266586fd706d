// SPDX-License-Identifier: Apache-2.0

package configcheck

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one setting that is broken.
type Problem struct {
	// File is the file as it was named on the command line, `command line` for --set, empty when no place in
	// the configuration is to blame.
	File string
	// Line counts from 1. It is 0 when the place has none.
	Line int
	// Path is the key in the notation of the Collector, such as `exporters::otlp_http::timeout`.
	Path string
	// Value is the value as it is written at that place, ready to print: quoted, shortened, without secrets.
	Value string
	// Text says what is wrong with it.
	Text string
	// Hint says what to do about it, where Text alone does not.
	Hint string
}

// String returns the problem as one line.
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d", p.Line)
		}
		b.WriteString(": ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Text)
	if p.Value != "" {
		fmt.Fprintf(&b, " (found: %s)", p.Value)
	}
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	return oneLine(b.String())
}

// Error is the one message about a configuration. It holds no secret, neither in its text nor in its fields.
type Error struct {
	// Title is the first line.
	Title string
	// Problems are sorted by file and line, each of them once.
	Problems []Problem
}

// Error returns the title and one indented line for each problem.
func (e *Error) Error() string {
	lines := []string{e.Title}
	for _, p := range e.Problems {
		lines = append(lines, "  "+p.String())
	}
	return strings.Join(lines, "\n")
}

// sorted returns the problems in the order of the message.
func sorted(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Text, b.Text))
	})
	return slices.Compact(problems)
}

// goesOn is what comes of a reload that failed.
const goesOn = "goes on with the one before"

// brokenTitle is the first line of a message about n problems.
func brokenTitle(n int, reload bool) string {
	subject, outcome := "the configuration", "nothing was started"
	if reload {
		subject, outcome = "the reloaded configuration", "the collector "+goesOn
	}
	if n == 1 {
		return fmt.Sprintf("%s has 1 problem; %s", subject, outcome)
	}
	return fmt.Sprintf("%s has %d problems; %s", subject, n, outcome)
}

// oneLine joins the lines of a text. Upstream errors put each of several causes on a line of its own.
func oneLine(text string) string {
	if !strings.ContainsAny(text, "\r\n") {
		return text
	}
	var parts []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			parts = append(parts, line)
		}
	}
	return strings.Join(parts, "; ")
}
