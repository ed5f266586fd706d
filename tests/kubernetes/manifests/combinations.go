// SPDX-License-Identifier: Apache-2.0

package manifests

import "slices"

// reference is the overlay on which pairs of components are tried.
const reference = "overlays/loki"

// apart are pairs that do not go together, and why: components, or a folder and a component.
var apart = []struct{ one, other, because string }{
	{"psa-restricted", "run-as-root", "the level `restricted` knows no root"},
	{"psa-restricted", "journald", "which runs as root"},
	{"psa-restricted", "openshift", "which runs as root"},
	{"psa-restricted", "docker", "the level `restricted` knows no hostPath"},
	{"psa-restricted", "overlays/dual", "each collector needs a claim of its own for its state"},
	{"resources-small", "resources-large", "one or the other"},
	{"k8s-attributes", "no-metadata", "one or the other"},
	{"overlays/k8s-attributes", "no-metadata", "one or the other"},
	{"overlays/k8s-attributes", "k8s-attributes", "it has it already"},
	{"gateway", "kafka", "one or the other stands between the nodes and the backend"},
	{"gateway", "overlays/dual", "each backend needs a tier of its own"},
	{"kafka", "overlays/dual", "each backend needs consumers of its own"},
	{"gateway", "overlays/debug", "the nodes would read again what the gateways print"},
	{"kafka", "overlays/debug", "the nodes would read again what the consumers print"},
	{"kafka", "overlays/kafka", "the consumers would write into the topic that they read"},
}

// lastWins are pairs of components in which the one that is listed last replaces something of the other.
var lastWins = [][2]string{
	{"csi-secret", "existing-secret"},
}

// together says whether two go together.
func together(one, other string) bool {
	for _, pair := range apart {
		if pair.one == one && pair.other == other || pair.one == other && pair.other == one {
			return false
		}
	}
	return true
}

// Combinations are what is tried: every folder that can be applied alone, every overlay with every component that goes with it,
// and every pair of components that go together, on one overlay, in the order of their names. A folder that is new is
// among them.
func Combinations() ([]Combination, error) {
	overlays, err := Folders("overlays")
	if err != nil {
		return nil, err
	}
	backends, err := Folders("backends")
	if err != nil {
		return nil, err
	}
	components, err := Components()
	if err != nil {
		return nil, err
	}
	var all []Combination
	for _, folder := range append(slices.Clone(overlays), backends...) {
		all = append(all, Combination{Folder: folder})
	}
	for _, folder := range overlays {
		for _, component := range components {
			if together(folder, component) {
				all = append(all, Combination{Folder: folder, Components: []string{component}})
			}
		}
	}
	for i, one := range components {
		for _, other := range components[i+1:] {
			if together(one, other) {
				all = append(all, Combination{Folder: reference, Components: []string{one, other}})
			}
		}
	}
	return all, nil
}
