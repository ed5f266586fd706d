// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"fmt"
	"net"
	"os"
	"regexp"
	"runtime"
	"strings"
)

// addNetwork adds the interfaces, and addresses of those that are up and lead out of the machine.
func addNetwork(found facts) error {
	if !found.wanted.anyEnabled("host.ip", "host.mac", "host.interface") {
		return nil
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		return fmt.Errorf("cannot list the network interfaces: %w", err)
	}
	var ips, macs, all []string
	for _, i := range interfaces {
		all = append(all, i.Name)
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		macs = append(macs, strings.ToUpper(strings.ReplaceAll(i.HardwareAddr.String(), ":", "-")))
		if !found.wanted["host.ip"].Enabled {
			continue
		}
		addresses, err := i.Addrs()
		if err != nil {
			return fmt.Errorf("cannot list the addresses of the interface %s: %w", i.Name, err)
		}
		for _, address := range addresses {
			ip, _, err := net.ParseCIDR(address.String())
			if err != nil {
				return fmt.Errorf("cannot read the address of the interface %s: %w", i.Name, err)
			}
			if !ip.IsLoopback() {
				ips = append(ips, ip.String())
			}
		}
	}
	found.list("host.ip", ips)
	found.list("host.mac", macs)
	found.list("host.interface", all)
	return nil
}

// Where the two systems that number their builds do so.
var (
	darwinBuild = regexp.MustCompile(`<key>ProductBuildVersion</key>\s*<string>([^<]+)</string>`)
	linuxBuild  = regexp.MustCompile(`(?m)^BUILD_ID=(.*)$`)
)

// osBuildID returns the number of the build, or that of the kernel where there is none.
func osBuildID(kernel string) string {
	file, build := "/etc/os-release", linuxBuild
	switch runtime.GOOS {
	case "linux":
	case "darwin":
		file, build = "/System/Library/CoreServices/SystemVersion.plist", darwinBuild
	default:
		return kernel
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return kernel
	}
	if match := build.FindSubmatch(text); match != nil {
		if id := strings.Trim(string(match[1]), `"`); id != "" {
			return id
		}
	}
	return kernel
}
