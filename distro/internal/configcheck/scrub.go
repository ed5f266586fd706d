// SPDX-License-Identifier: Apache-2.0

package configcheck

import (
	"cmp"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/confmap"
)

// scrubber takes the secrets of one configuration out of foreign texts.
type scrubber struct{ secrets []string }

// scrubber collects the secrets: what is written, and what it became when it was expanded.
func (r *round) scrubber() *scrubber {
	s := &scrubber{}
	written := func(path []string, leaf *origin) {
		s.addUserinfo(leaf.written)
		if !secretPath(path) || harmless(path) || leaf.kind != scalar {
			return
		}
		s.add(leaf.written)
		for _, inner := range referenced(leaf.written) {
			if _, fallback, ok := strings.Cut(inner, ":-"); ok {
				s.add(fallback)
			}
			name, _, _ := strings.Cut(strings.TrimPrefix(inner, "env:"), ":-")
			s.add(r.nested[inner])
			s.add(r.nested["env:"+name])
		}
	}
	// A value that another document replaces is not in the merged tree, yet a conflict shows it.
	for _, source := range r.sources {
		r.build(source).walk(nil, written)
	}
	eachLeaf(r.expanded, nil, func(path []string, value any) {
		text := fmt.Sprint(value)
		s.addUserinfo(text)
		if secretPath(path) && !harmless(path) {
			s.add(text)
		}
		s.addFile(path, text)
	})
	// A short secret may be part of a longer one.
	slices.SortFunc(s.secrets, func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	s.secrets = slices.Compact(s.secrets)
	return s
}

// add takes a secret in all the forms an error text may have it: whole, by line and word, quoted, escaped.
func (s *scrubber) add(secret string) {
	forms := []string{secret, strings.TrimSpace(secret)}
	for _, line := range strings.Split(secret, "\n") {
		forms = append(forms, strings.TrimSpace(line))
		for _, word := range strings.Fields(line) {
			if len(word) >= 6 {
				forms = append(forms, word)
			}
		}
	}
	for _, form := range forms {
		switch strings.ToLower(form) {
		case "true", "false", "null", "bearer", "basic":
			continue
		}
		if len(form) < 3 || reference.FindString(form) == form {
			continue
		}
		quoted := strconv.Quote(form)
		s.secrets = append(s.secrets, form, quoted[1:len(quoted)-1], url.QueryEscape(form), url.PathEscape(form))
	}
}

// maxSecretFile is how long a file with a secret may be.
const maxSecretFile = 64 << 10

// addFile takes the secret that is in a file now. One that is changed later is only known by what stands before it.
func (s *scrubber) addFile(path []string, name string) {
	key := path[len(path)-1]
	inFile := strings.HasSuffix(key, "_file") && secretPath([]string{strings.TrimSuffix(key, "_file")}) ||
		key == "filename" && strings.HasPrefix(strings.Join(path, confmap.KeyDelimiter), "extensions::bearertokenauth")
	if info, err := os.Stat(name); !inFile || err != nil || !info.Mode().IsRegular() || info.Size() > maxSecretFile {
		return
	}
	if content, err := os.ReadFile(name); err == nil {
		s.add(string(content))
	}
}

func (s *scrubber) addUserinfo(value string) {
	_, rest, ok := strings.Cut(value, "://")
	if _, query, found := strings.Cut(rest, "?"); ok && found {
		pairs, _ := url.ParseQuery(query)
		for name, values := range pairs {
			if nearlySecret(name) {
				s.add(strings.Join(values, "\n"))
			}
		}
	}
	at := strings.LastIndex(rest, "@")
	if !ok || at < 0 {
		return
	}
	user, password, _ := strings.Cut(rest[:at], ":")
	s.add(rest[:at])
	if password != "" {
		s.add(password)
	} else {
		s.add(user)
	}
}

// text returns the text without secrets.
func (s *scrubber) text(text string) string {
	text = credentials.ReplaceAllString(userinfo(text), "${1} "+redacted)
	for _, secret := range s.secrets {
		text = replaceSecret(text, secret)
	}
	return text
}

// replaceSecret hides one secret. A short one such as `pass` is only hidden where it stands alone: inside a
// word it is a part of that word, not the secret.
func replaceSecret(text, secret string) string {
	if len(secret) >= 8 {
		return strings.ReplaceAll(text, secret, redacted)
	}
	var b strings.Builder
	for {
		at := strings.Index(text, secret)
		if at < 0 {
			b.WriteString(text)
			return b.String()
		}
		end := at + len(secret)
		inWord := at > 0 && wordByte(text[at-1]) && wordByte(text[at]) ||
			end < len(text) && wordByte(text[end]) && wordByte(text[end-1])
		b.WriteString(text[:at])
		if inWord {
			b.WriteString(secret)
		} else {
			b.WriteString(redacted)
		}
		text = text[end:]
	}
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// problem returns the problem without secrets.
func (s *scrubber) problem(p Problem) Problem {
	p.Text, p.Value, p.Hint = s.text(p.Text), s.text(p.Value), s.text(p.Hint)
	return p
}

// eachLeaf visits the leaves of an expanded configuration.
func eachLeaf(value any, path []string, visit func(path []string, value any)) {
	switch v := value.(type) {
	case map[string]any:
		for key, child := range v {
			eachLeaf(child, append(slices.Clone(path), key), visit)
		}
	case []any:
		for i, child := range v {
			eachLeaf(child, append(slices.Clone(path), strconv.Itoa(i)), visit)
		}
	default:
		visit(path, v)
	}
}
