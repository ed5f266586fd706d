// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// label returns what the kernel's security module calls the process: user:role:type:level in SELinux, a profile in
// AppArmor.
func label(folder string) string {
	for _, name := range []string{"current", filepath.Join("apparmor", "current")} {
		// Without a module the file is there and cannot be read.
		if raw, err := os.ReadFile(filepath.Join(folder, name)); err == nil {
			if text := strings.TrimRight(string(raw), "\x00\n"); text != "" {
				return text
			}
		}
	}
	return ""
}

// beyondMode says who may refuse a path whose mode lets the process.
func (w who) beyondMode(path string) string {
	text := fmt.Sprintf("user %d, groups %s, of the collector may read %s by its mode, and something else refuses: ", w.user, list(w.groups), path)
	if fields := strings.Split(w.label, ":"); len(fields) >= 3 {
		return text + fmt.Sprintf("SELinux, for the collector has the type %s; give it one that may read container logs (Kubernetes: `seLinuxOptions: {type: container_logreader_t}`)", fields[2])
	}
	if w.label != "" && !strings.HasPrefix(w.label, "unconfined") {
		return text + fmt.Sprintf("AppArmor, for the collector has the profile %s", w.label)
	}
	return text + "SELinux or AppArmor of the node, or the user namespace of the pod"
}
