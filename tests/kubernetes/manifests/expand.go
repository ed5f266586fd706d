// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"regexp"
	"strings"
)

var variableReference = regexp.MustCompile(`\$\$|\$\(([A-Za-z_.-][A-Za-z0-9_.-]*)\)`)

// resolve puts the values of variables in the place of $(NAME). What nobody knows stays, and $$ is one $, as in Kubernetes.
func resolve(text string, variables map[string]string) string {
	return variableReference.ReplaceAllStringFunc(text, func(found string) string {
		if found == "$$" {
			return "$"
		}
		if value, known := variables[found[2:len(found)-1]]; known {
			return value
		}
		return found
	})
}

// cutImage returns the name of an image, its tag, and the registry, which is empty if the cluster chooses it.
func cutImage(image string) (name, tag, registry string) {
	name, tag, _ = strings.Cut(image, ":")
	if first, rest, within := strings.Cut(image, "/"); within && (strings.ContainsAny(first, ".:") || first == "localhost") {
		registry = first
		name, tag, _ = strings.Cut(rest, ":")
	}
	return name, tag, registry
}
