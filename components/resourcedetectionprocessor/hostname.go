// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
)

// hostnameSources are the ways to the name of the machine, by their names in `hostname_sources`.
var hostnameSources = map[string]func(context.Context) (string, error){
	"os":     func(context.Context) (string, error) { return os.Hostname() },
	"dns":    fqdn,
	"cname":  withHostname(lookupCNAME),
	"lookup": withHostname(lookupAddress),
}

func withHostname(lookup func(context.Context, string) (string, error)) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		name, err := os.Hostname()
		if err != nil {
			return "", err
		}
		return lookup(ctx, name)
	}
}

// fqdn returns what `hostname -f` prints: the first name of the line in the hosts file that has the machine's name, or
// else what DNS calls it.
func fqdn(ctx context.Context) (string, error) {
	name, err := os.Hostname()
	if err != nil {
		return "", err
	}
	if hosts, err := os.ReadFile(hostsFile()); err == nil {
		if canonical, ok := findInHosts(string(hosts), name); ok {
			return canonical, nil
		}
	}
	if canonical, err := lookupCNAME(ctx, name); err == nil && canonical != "" {
		return canonical, nil
	}
	return lookupAddress(ctx, name)
}

func hostsFile() string {
	if runtime.GOOS == "windows" {
		return `C:\Windows\System32\drivers\etc\hosts`
	}
	return "/etc/hosts"
}

// validHostname is the rule by which the C library reads the hosts file.
func validHostname(name string) bool {
	return len(name) <= 254 && !strings.ContainsFunc(name, func(r rune) bool {
		return r < 0x80 && r != '.' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

func findInHosts(hosts, name string) (string, bool) {
	for line := range strings.Lines(hosts) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) < 2 || !validHostname(fields[1]) {
			continue
		}
		for _, alias := range fields[1:] {
			if alias == name {
				return fields[1], true
			}
		}
	}
	return "", false
}

func lookupCNAME(ctx context.Context, name string) (string, error) {
	canonical, err := net.DefaultResolver.LookupCNAME(ctx, name)
	return strings.TrimRight(canonical, "."), err
}

// lookupAddress returns the first name that one of the machine's addresses has.
func lookupAddress(ctx context.Context, name string) (string, error) {
	addresses, err := net.DefaultResolver.LookupHost(ctx, name)
	if err != nil {
		return "", err
	}
	err = errors.New("it has no address")
	for _, address := range addresses {
		var found []string
		if found, err = net.DefaultResolver.LookupAddr(ctx, address); err == nil && len(found) > 0 {
			return strings.TrimRight(found[0], "."), nil
		}
	}
	return "", fmt.Errorf("no name for the addresses of %s: %w", name, err)
}
