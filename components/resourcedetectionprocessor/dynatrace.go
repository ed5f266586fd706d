// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// dynatraceFile is what the OneAgent of a host writes about it. Replaced in tests.
var dynatraceFile = func() string {
	const name = "dt_host_metadata.properties"
	if runtime.GOOS != "windows" {
		return filepath.Join("/var/lib/dynatrace/enrichment", name)
	}
	data := os.Getenv("ProgramData")
	if data == "" {
		data = `C:\ProgramData`
	}
	return filepath.Join(data, "dynatrace", "enrichment", name)
}()

// newDynatrace returns the detector `dynatrace`: the names that OneAgent has for the host.
func newDynatrace(settings) (detect, error) {
	return func(context.Context, *http.Client) (finding, error) {
		text, err := os.ReadFile(dynatraceFile)
		if errors.Is(err, fs.ErrNotExist) {
			return nothing(), nil
		}
		if err != nil {
			return nothing(), err
		}
		found := nothing()
		for line := range strings.Lines(string(text)) {
			key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "=")
			if !ok || value == "" {
				continue
			}
			switch key {
			case "dt.entity.host", "host.name", "dt.smartscape.host":
				found.resource.Attributes().PutStr(key, strings.TrimSpace(value))
			}
		}
		return found, nil
	}, nil
}
