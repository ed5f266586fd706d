// SPDX-License-Identifier: Apache-2.0

package configcheck

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const redacted = "[REDACTED]"

// maxShown is how much of a value the message repeats.
const maxShown = 120

var (
	// secretWords mark a key whose value is not for the message. Separators are taken out before comparing.
	secretWords = []string{
		"password", "passwd", "passphrase", "secret", "token", "authorization", "credential", "apikey",
		"privatekey", "accesskey", "accountkey", "sharedkey", "keypem", "certpem", "capem", "htpasswd", "cookie",
		"connectionstring", "headers",
	}
	// assignment finds secrets inside a longer text, such as a list written as one string.
	assignment = regexp.MustCompile(
		`(?i)((?:passw(?:or)?d|passphrase|secret|token|authorization|credential|api[_-]?key|(?:access|private)[_-]?key)\w*["']?\s*[:=]\s*)(?:bearer\s+|basic\s+)?("[^"]*"|'[^']*'|[^\s,;&]+)`)
	schemeUserinfo = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^\s"'<>` + "`" + `]*@`)
	// credentials are what follows the name of a scheme of HTTP authentication.
	credentials  = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9+/_.~=-]{6,}`)
	bareUserinfo = regexp.MustCompile(`(^|[\s"'=])[^\s"'/@:=]+:[^\s"'@]+@([A-Za-z0-9\[])`)
)

// separators between the words of a key. It is made once: at each start it is asked for each key several times.
var separators = strings.NewReplacer("_", "", "-", "", ".", "", " ", "")

func squeeze(key string) string { return separators.Replace(strings.ToLower(key)) }

// secretPath tells whether the value at path is a secret by the names of its keys. The name of a file that
// holds a secret is none, and it is what the reader needs when the file is missing.
func secretPath(path []string) bool {
	if len(path) == 0 {
		return false
	}
	for _, segment := range path {
		if squeeze(segment) == "headers" {
			return true
		}
	}
	last := squeeze(path[len(path)-1])
	if strings.HasSuffix(last, "file") || strings.HasSuffix(last, "filename") || strings.HasSuffix(last, "path") {
		return false
	}
	return slices.ContainsFunc(path, func(segment string) bool {
		segment = squeeze(segment)
		return slices.ContainsFunc(secretWords, func(word string) bool { return strings.Contains(segment, word) })
	})
}

// harmless tells whether the value at path is that of a header which everybody may know: it says whose the data are or what
// they look like, and its words may stand anywhere in a log.
func harmless(path []string) bool {
	switch key := strings.ToLower(path[len(path)-1]); key {
	case "x-scope-orgid", "user-agent", "accept", "organization", "stream-name":
		return true
	default:
		return strings.HasPrefix(key, "vl-") || strings.HasPrefix(key, "content-")
	}
}

// nearlySecret is secretPath for a key that nobody knows: a slip such as `pasword` still names a secret.
func nearlySecret(key string) bool {
	parts := append(strings.FieldsFunc(strings.ToLower(key), func(r rune) bool {
		return r == '_' || r == '-' || r == '.' || r == '/' || r == ' '
	}), squeeze(key))
	return slices.ContainsFunc(parts, func(part string) bool {
		return slices.ContainsFunc(secretWords, func(word string) bool {
			return strings.Contains(part, word) || distance(part, word) <= max(1, len(word)/4)
		}) || part == "pass" || part == "pwd" || part == "key" || part == "auth" || part == "bearer"
	})
}

// references returns a value of which only the references are left. `${env:X}` says where a secret comes
// from; its default, a literal `${yaml:…}` and the text around it may be the secret.
func references(value string) string {
	var b strings.Builder
	rest := value
	for rest != "" {
		at := reference.FindStringIndex(rest)
		if at == nil {
			b.WriteString(redacted)
			break
		}
		if at[0] > 0 {
			b.WriteString(redacted)
		}
		inner := rest[at[0]+2 : at[1]-1]
		scheme, name, ok := strings.Cut(inner, ":")
		switch {
		case !ok && variableName.MatchString(inner), ok && scheme == "file":
			b.WriteString("${" + inner + "}")
		case ok && scheme == "env":
			name, fallback, hasDefault := strings.Cut(name, ":-")
			if hasDefault && fallback != "" {
				fallback = redacted
			}
			if hasDefault {
				name += ":-" + fallback
			}
			b.WriteString("${env:" + name + "}")
		case ok && strings.HasPrefix(name, "-") && variableName.MatchString(scheme):
			// A default in the notation of the shell, which is not ours.
			b.WriteString("${" + scheme + ":-" + redacted + "}")
		default:
			b.WriteString(redacted)
		}
		rest = rest[at[1]:]
	}
	return b.String()
}

// show returns the value of a place for the message, empty when there is nothing worth showing.
func show(at *origin, secret bool) string {
	switch {
	case at.kind == mapping:
		return ""
	case at.kind == sequence:
		if secret || len(at.items) > 10 || slices.ContainsFunc(at.items, func(o *origin) bool { return o.kind != scalar }) {
			return ""
		}
		items := make([]string, 0, len(at.items))
		for _, item := range at.items {
			items = append(items, show(item, false))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case at.null:
		return "nothing"
	case secret && at.written != "":
		return strconv.Quote(references(at.written))
	}
	value := []rune(urlUserinfo(assignment.ReplaceAllString(at.written, "${1}"+redacted)))
	if len(value) > maxShown {
		value = append(value[:maxShown], '…')
	}
	if at.text || strings.ContainsAny(string(value), "\r\n") {
		return strconv.Quote(string(value))
	}
	return string(value)
}

// userinfo hides the name and password in URLs. A password may hold any character, so everything up to the
// last @ goes.
func userinfo(text string) string {
	text = schemeUserinfo.ReplaceAllString(text, "${1}"+redacted+"@")
	return bareUserinfo.ReplaceAllString(text, "${1}"+redacted+"@${2}")
}

// urlUserinfo is userinfo for a value that is one URL, in which the password may even hold spaces.
func urlUserinfo(value string) string {
	scheme, rest, ok := strings.Cut(value, "://")
	if at := strings.LastIndex(rest, "@"); ok && at >= 0 {
		return scheme + "://" + redacted + rest[at:]
	}
	return userinfo(value)
}
