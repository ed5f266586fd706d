// SPDX-License-Identifier: Apache-2.0

package configcheck

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
)

var (
	listenPort  = regexp.MustCompile(`listen (?:tcp|udp)\S* \S*:(\d+): `)
	noExtension = regexp.MustCompile(`authenticator not found|extension(?: ['"][^'"]*['"])? (?:not found|is not configured)`)
	filePath    = regexp.MustCompile(`\b(?:open|mkdir|stat|lstat|read|chmod|create|rename|readlink|remove|unlinkat) (/[^:]*): `)
)

// behind looks among the settings of some components for the one that an error text is about. It prefers
// what is written over defaults, and the value that explains most of the text. written says which it is.
func (k *check) behind(components [][]string, text string) (path []string, value string, written bool) {
	for _, of := range components {
		found, value := bestLeaf(k.expandedAt(of), of, text)
		if _, exact := k.tree().find(found); found != nil && exact {
			return found, value, true
		}
	}
	for _, of := range components {
		if found, value := bestLeaf(k.effective(of), of, text); found != nil {
			_, exact := k.tree().find(found)
			return found, value, exact
		}
	}
	return nil, "", false
}

// bestLeaf returns the leaf that explains most of the text. Of two that explain the same, the one whose path
// comes first is taken, so the message does not change from run to run.
func bestLeaf(tree any, path []string, text string) (best []string, value string) {
	most := 0
	eachLeaf(tree, path, func(leaf []string, v any) {
		said := fmt.Sprint(v)
		score := explains(text, said)
		_, isText := v.(string)
		if !isText {
			score = explainsNumber(text, said)
		}
		if score == 0 || secretPath(leaf) {
			return
		}
		if score > most || score == most && slices.Compare(leaf, best) < 0 {
			most, best, value = score, leaf, said
		}
	})
	return best, value
}

// explains says how much of an error text a value explains: nothing, or the length of what they share.
func explains(text, value string) int {
	if len(value) < 3 {
		return 0
	}
	// A name such as `localhost` becomes an address in the error, but its port stays.
	if m := listenPort.FindStringSubmatch(text); m != nil {
		if strings.HasSuffix(value, ":"+m[1]) {
			return 1000 + len(value)
		}
		return 0
	}
	if strings.Contains(text, value) {
		return len(value)
	}
	// A folder is made from the top, so the one in the error may be above the one in the setting, or a file in it.
	if m := filePath.FindStringSubmatch(text); m != nil && filepath.IsAbs(value) {
		said, set := filepath.Clean(m[1])+"/", filepath.Clean(value)+"/"
		if strings.HasPrefix(set, said) || strings.HasPrefix(said, set) && set != "/" {
			return min(len(said), len(set))
		}
	}
	return 0
}

// explainsNumber is explains for a port that is a setting of its own.
func explainsNumber(text, value string) int {
	if m := listenPort.FindStringSubmatch(text); m != nil && m[1] == value {
		return 1000
	}
	return 0
}

// expandedAt returns the expanded configuration at path.
func (k *check) expandedAt(path []string) any {
	var at any = k.expanded
	for _, segment := range path {
		fields, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = fields[segment]
	}
	return at
}

// effective returns the configuration of a component with its defaults.
func (k *check) effective(path []string) any {
	var cfg any
	if path[0] == "service" {
		cfg = k.config.Service.Telemetry
	} else {
		var id component.ID
		if id.UnmarshalText([]byte(path[1])) != nil {
			return nil
		}
		cfg = map[string]map[component.ID]component.Config{
			"receivers": k.config.Receivers, "processors": k.config.Processors, "exporters": k.config.Exporters,
			"connectors": k.config.Connectors, "extensions": k.config.Extensions,
		}[path[0]][id]
	}
	conf := confmap.New()
	if cfg == nil || guarded(func() error { return conf.Marshal(cfg) }) != nil {
		return nil
	}
	return conf.ToStringMap()
}

// hintFor returns what to do about an error at start, for the errors that everybody meets.
func hintFor(text, setting string) string {
	if setting == "" {
		setting = "the address"
	}
	switch {
	case strings.Contains(text, "address already in use"), strings.Contains(text, "Only one usage of each socket address"):
		port := ""
		if m := listenPort.FindStringSubmatch(text); m != nil {
			port = " on port " + m[1]
		}
		return "another process listens" + port + ": stop it, or change " + setting
	case strings.Contains(text, "cannot assign requested address"):
		return "this machine does not have the address: change " + setting
	case strings.Contains(text, "permission denied"), strings.Contains(text, "operation not permitted"):
		if listenPort.MatchString(text) {
			return identity() + ", which may not listen on a port below 1024"
		}
		target := "it"
		if m := filePath.FindStringSubmatch(text); m != nil {
			target = m[1]
		}
		return identity() + "; give it access to " + target + ", or choose another path"
	case strings.Contains(text, "read-only file system"):
		return "choose a path on a volume that can be written"
	case strings.Contains(text, "storage client: timeout"):
		return "another process has the storage open, perhaps a second collector: stop it, or give this one a folder of its own"
	case strings.Contains(text, "credentials require transport level security"):
		return "credentials are not sent in clear text: set tls::insecure to false, or leave them out"
	case noExtension.MatchString(text):
		return "define the extension under extensions and name it in service::extensions"
	case strings.Contains(text, "no such file or directory"):
		return "correct the path or create it"
	}
	return ""
}
