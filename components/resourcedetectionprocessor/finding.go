// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	conventions "go.opentelemetry.io/otel/semconv/v1.40.0"
)

// What the sources of most detectors are named after, and where upstream asks a newer library.
const (
	schemaURL      = conventions.SchemaURL
	newerSchemaURL = "https://opentelemetry.io/schemas/1.43.0"
)

// finding is what a detector knows of the place where the process runs.
type finding struct {
	resource  pcommon.Resource
	schemaURL string
}

// nothing is what a detector finds on any other platform.
func nothing() finding {
	return finding{resource: pcommon.NewResource()}
}

// facts gather a finding, and leave out the attributes that the user does not want.
type facts struct {
	finding
	wanted ResourceAttributes
}

func (a ResourceAttributes) facts() facts {
	return facts{finding: finding{resource: pcommon.NewResource(), schemaURL: schemaURL}, wanted: a}
}

func (f facts) text(name, value string) {
	if f.wanted[name].Enabled {
		f.resource.Attributes().PutStr(name, value)
	}
}

// known adds a text unless it is empty.
func (f facts) known(name, value string) {
	if value != "" {
		f.text(name, value)
	}
}

func (f facts) number(name string, value int64) {
	if f.wanted[name].Enabled {
		f.resource.Attributes().PutInt(name, value)
	}
}

func (f facts) list(name string, values []string) {
	if !f.wanted[name].Enabled {
		return
	}
	list := f.resource.Attributes().PutEmptySlice(name)
	for _, value := range values {
		list.AppendEmpty().SetStr(value)
	}
}

// cloud adds provider and platform, which nearly every detector knows from the answer alone.
func (f facts) cloud(provider, platform string) {
	f.text("cloud.provider", provider)
	f.text("cloud.platform", platform)
}
