// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// user is whom the container runs as: nobody of the host, in the group that may read the log files of containerd.
var user = owner{uid: 65532, gid: 0}

// platformImage is the image for one architecture.
type platformImage struct {
	arch  string
	image v1.Image
}

// build makes the image of what lies in folder. What it sets, the Dockerfile sets too; a test compares them.
func build(r release, arch, folder string) (v1.Image, error) {
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	layers := []struct {
		from, at string
		who      owner
		made     string
	}{
		{from: baseFolder, made: "configurations and certificates"},
		{from: stateFolder, at: "var/lib", who: user, made: "the state folder"},
		{from: binaryFolder, made: "the binary"},
	}
	for _, l := range layers {
		packed, err := layer(filepath.Join(folder, l.from), l.at, l.who)
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", l.from, err)
		}
		img, err = mutate.Append(img, mutate.Addendum{
			Layer:   packed,
			History: v1.History{Created: v1.Time{Time: r.created}, CreatedBy: "make image", Comment: l.made},
		})
		if err != nil {
			return nil, err
		}
	}
	file, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", arch
	file.Created = v1.Time{Time: r.created}
	file.Config = v1.Config{
		User:       fmt.Sprintf("%d:%d", user.uid, user.gid),
		Entrypoint: []string{"/tributary"},
		Cmd:        []string{"--config=/etc/tributary/kubernetes.yaml", "--config=/etc/tributary/backends/debug.yaml"},
		WorkingDir: "/",
		ExposedPorts: map[string]struct{}{
			"4317/tcp": {}, "4318/tcp": {}, "8888/tcp": {}, "13133/tcp": {},
		},
		Labels: labels(r),
	}
	return mutate.ConfigFile(img, file)
}

// labels are those that the OCI image specification defines.
func labels(r release) map[string]string {
	const prefix = "org.opencontainers.image."
	return map[string]string{
		prefix + "title":       "tributary",
		prefix + "description": "OpenTelemetry-native log collector that never loses a line",
		prefix + "licenses":    "Apache-2.0",
		prefix + "source":      "https://github.com/tributary-otel/tributary",
		prefix + "version":     r.version,
		prefix + "revision":    r.revision,
		prefix + "created":     r.created.Format("2006-01-02T15:04:05Z"),
	}
}
