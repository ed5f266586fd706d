// SPDX-License-Identifier: Apache-2.0

package outlet

import (
	"path/filepath"
	"strings"

	"go.opentelemetry.io/collector/component"
)

// None is the value of a setting that keeps no file.
const None = "none"

// Place is where something of a receiver is kept: what the user says, or a name of its
// own in a folder; "" for none.
func Place(setting, folder string, id component.ID, suffix string) string {
	switch setting {
	case None:
		return ""
	case "":
		return filepath.Join(folder, strings.ReplaceAll(id.String(), "/", "_")+suffix)
	}
	return setting
}
