// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strconv"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/host"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.uber.org/zap"
)

// SystemSection holds the settings of the detector `system`.
type SystemSection struct {
	Section `mapstructure:",squash"`
	// HostnameSources are asked in order until one knows `host.name`: `dns`, `os`, `cname`, `lookup` (default: dns, os).
	HostnameSources []string `mapstructure:"hostname_sources"`
}

func defaultSystemSection() SystemSection {
	return SystemSection{Section: Section{ResourceAttributes: on("host.name", "os.type").off(
		"host.arch", "host.cpu.cache.l2.size", "host.cpu.family", "host.cpu.model.id", "host.cpu.model.name",
		"host.cpu.stepping", "host.cpu.vendor.id", "host.id", "host.interface", "host.ip", "host.mac", "os.build.id",
		"os.description", "os.name", "os.version")}}
}

// Validate reports sources that do not exist.
func (s *SystemSection) Validate() error {
	var errs []error
	for _, source := range s.HostnameSources {
		if _, ok := hostnameSources[source]; !ok {
			errs = append(errs, fmt.Errorf("`hostname_sources` must hold some of %s, got %q", names(hostnameSources), source))
		}
	}
	return errors.Join(errs...)
}

// newSystem returns the detector `system`: the machine, as its operating system describes it.
func newSystem(s settings) (detect, error) {
	section := s.sections.System
	sources := section.HostnameSources
	if len(sources) == 0 {
		sources = []string{"dns", "os"}
	}
	return func(ctx context.Context, _ *http.Client) (finding, error) {
		found := section.ResourceAttributes.facts()
		found.text("os.type", osType(runtime.GOOS))
		found.text("host.arch", hostArch(runtime.GOARCH))
		if err := addNetwork(found); err != nil {
			return nothing(), err
		}
		if err := addCPU(ctx, found); err != nil {
			return nothing(), err
		}
		if err := addOS(ctx, found, s.logger); err != nil {
			return nothing(), err
		}
		// Last, because a lookup may use up the time.
		for _, source := range sources {
			name, err := hostnameSources[source](ctx)
			if err == nil {
				found.text("host.name", name)
				return found.finding, nil
			}
			s.logger.Debug("No name of the host from this source", zap.String("source", source), zap.Error(err))
		}
		return nothing(), fmt.Errorf("no source of `hostname_sources` knows the name of the host; tried %q", sources)
	}, nil
}

// addOS adds what only some systems can say; where they cannot, the attribute is left out.
func addOS(ctx context.Context, found facts, logger *zap.Logger) error {
	if found.wanted.anyEnabled("os.version", "os.name", "os.build.id") {
		info, err := host.InfoWithContext(ctx)
		if err != nil {
			return fmt.Errorf("cannot read about the operating system: %w", err)
		}
		found.text("os.version", info.PlatformVersion)
		found.text("os.name", info.Platform)
		found.text("os.build.id", osBuildID(info.KernelVersion))
	}
	if found.wanted["os.description"].Enabled {
		description, err := fromSDK(ctx, resource.WithOSDescription(), "os.description")
		if err != nil {
			return fmt.Errorf("cannot read the description of the operating system: %w", err)
		}
		found.text("os.description", description)
	}
	if found.wanted["host.id"].Enabled {
		if id, err := fromSDK(ctx, resource.WithHostID(), "host.id"); err == nil {
			found.text("host.id", id)
		} else {
			logger.Warn("Cannot read the ID of the host, it is left out", zap.Error(err))
		}
	}
	return nil
}

// fromSDK takes an attribute from the OpenTelemetry SDK, so that it equals that of instrumented programs.
func fromSDK(ctx context.Context, option resource.Option, name attribute.Key) (string, error) {
	found, err := resource.New(ctx, option)
	if err != nil {
		return "", err
	}
	if value, ok := found.Set().Value(name); ok && value.AsString() != "" {
		return value.AsString(), nil
	}
	return "", fmt.Errorf("the system does not say %s", name)
}

func addCPU(ctx context.Context, found facts) error {
	if !found.wanted.anyEnabled("host.cpu.cache.l2.size", "host.cpu.family", "host.cpu.model.id", "host.cpu.model.name",
		"host.cpu.stepping", "host.cpu.vendor.id") {
		return nil
	}
	all, err := cpu.InfoWithContext(ctx)
	if err != nil {
		return fmt.Errorf("cannot read about the processor: %w", err)
	}
	if len(all) == 0 {
		return nil
	}
	first := all[0]
	found.text("host.cpu.vendor.id", first.VendorID)
	found.text("host.cpu.family", first.Family)
	found.known("host.cpu.model.id", first.Model) // Windows does not say it.
	found.text("host.cpu.model.name", first.ModelName)
	found.text("host.cpu.stepping", strconv.Itoa(int(first.Stepping)))
	found.number("host.cpu.cache.l2.size", int64(first.CacheSize))
	return nil
}

// osType returns the semantic convention's word for one of Go's.
func osType(goos string) string {
	switch goos {
	case "dragonfly":
		return "dragonflybsd"
	case "zos":
		return "z_os"
	}
	return goos
}

// hostArch returns the semantic convention's word for one of Go's.
func hostArch(goarch string) string {
	switch goarch {
	case "arm":
		return "arm32"
	case "ppc64le":
		return "ppc64"
	case "386":
		return "x86"
	}
	return goarch
}
