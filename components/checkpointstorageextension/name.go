// SPDX-License-Identifier: Apache-2.0

package checkpointstorageextension

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/component"
)

// maxNameBytes leaves room for the endings of the files: even file systems that
// encrypt names have 143 bytes.
const maxNameBytes = 120

// owner says whose state it is. Different owners have different names and files,
// also where the file system does not tell upper from lower case.
type owner struct {
	// name is unique and is written into the snapshots.
	name string
	// file is what the names of the files begin with.
	file string
	// label is for people: receiver "pod_logs/shop".
	label string
}

func newOwner(kind component.Kind, id component.ID, storageName string) owner {
	parts := []string{strings.ToLower(kind.String()), id.Type().String(), id.Name(), storageName}
	for len(parts) > 2 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	for i, part := range parts {
		parts[i] = escape(part)
	}
	o := owner{name: strings.Join(parts, "+"), label: fmt.Sprintf("%s %q", strings.ToLower(kind.String()), id.String())}
	if storageName != "" {
		o.label += fmt.Sprintf(" (%q)", storageName)
	}
	o.file = o.name
	if len(o.file) > maxNameBytes {
		// No name that fits holds a "=", so that the two never meet.
		sum := sha256.Sum256([]byte(o.name))
		o.file = parts[0] + "=" + hex.EncodeToString(sum[:])
	}
	return o
}

// escape keeps small letters, digits, "_" and "-", and writes every other byte as
// "%" and two digits. Nothing is left that means something to a file system, and
// no two texts become the same.
func escape(text string) string {
	const digits = "0123456789abcdef"
	var out strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '_', c == '-':
			out.WriteByte(c)
		default:
			out.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return out.String()
}
