// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// The program of the test is also that of the processes which make a node of some namespaces. These variables say which of
// them a process is, and where the disk of the node is.
const (
	roleVariable   = "TRIBUTARY_TEST_NODE_ROLE"
	folderVariable = "TRIBUTARY_TEST_NODE_FOLDER"

	roleInit       = "init"
	roleSupervisor = "supervisor"
	roleNames      = "names"
)

// Main has to be called first in the TestMain of a package that starts nodes. It returns in the process of the tests alone.
func Main() {
	folder := os.Getenv(folderVariable)
	var err error
	switch role := os.Getenv(roleVariable); role {
	case "":
		return
	case roleInit:
		err = beInit(folder)
	case roleSupervisor:
		err = supervise(filepath.Join(folder, "control"), filepath.Join(folder, "logs"))
	case roleNames:
		err = serveNames(filepath.Join(folder, "admin.kubeconfig"))
	default:
		err = errors.New("there is no such role")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "a node of the tests:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// beInit is the first process of the namespaces. It makes a node of them, starts the supervisor, and buries the dead.
func beInit(folder string) error {
	if err := mountDisk(folder); err != nil {
		return err
	}
	if err := hideSysctls(folder); err != nil {
		return err
	}
	if err := makeNetwork(); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		roleVariable: roleSupervisor, "PATH": folder + "/bin:" + os.Getenv("PATH"), "KUBECONFIG": folder + "/admin.kubeconfig",
		"HOME": folder + "/home", "TMPDIR": folder + "/tmp",
	} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	supervisor, err := os.StartProcess(self, []string{self}, &os.ProcAttr{
		Dir:   folder,
		Files: []*os.File{nil, os.Stdout, os.Stderr},
	})
	if err != nil {
		return err
	}
	for {
		pid, err := syscall.Wait4(-1, nil, 0, nil)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return err
		}
		if pid == supervisor.Pid {
			return errors.New("the supervisor has ended")
		}
	}
}

// mountDisk covers every folder that the programs and the pods of a node write to.
func mountDisk(folder string) error {
	mounts := []struct {
		source, target, kind string
		flags                uintptr
	}{
		// What /sys says of the network is that of the namespace. The cgroups have to be set aside meanwhile, while nothing
		// is shared yet: else their removal would be, too.
		{"/sys/fs/cgroup", folder + "/cgroup", "", unix.MS_BIND | unix.MS_REC},
		{"sysfs", "/sys", "sysfs", 0},
		{folder + "/cgroup", "/sys/fs/cgroup", "", unix.MS_BIND | unix.MS_REC},
	}
	mount := func(source, target, kind string, flags uintptr) error {
		if err := unix.Mount(source, target, kind, flags, ""); err != nil {
			return fmt.Errorf("mount %s on %s: %w", source, target, err)
		}
		return nil
	}
	for _, m := range mounts {
		if err := mount(m.source, m.target, m.kind, m.flags); err != nil {
			return err
		}
	}
	if err := unix.Unmount(folder+"/cgroup", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount %s: %w", folder+"/cgroup", err)
	}
	// Volumes that the kubelet mounts come to the containers, in this namespace alone.
	if err := mount("none", "/", "", unix.MS_SHARED|unix.MS_REC); err != nil {
		return err
	}
	for source, target := range map[string]string{folder + "/lib": "/var/lib", folder + "/log": "/var/log"} {
		if err := mount(source, target, "", unix.MS_BIND); err != nil {
			return err
		}
		// Not of one group with the folder it comes from.
		for _, flags := range []uintptr{unix.MS_PRIVATE, unix.MS_SHARED} {
			if err := mount("none", target, "", flags); err != nil {
				return err
			}
		}
	}
	if err := mount("tmpfs", "/run", "tmpfs", 0); err != nil {
		return err
	}
	return mountResolver(folder)
}

// mountResolver covers /etc/resolv.conf, which may lead to /run.
func mountResolver(folder string) error {
	target := "/etc/resolv.conf"
	if link, err := os.Readlink(target); err == nil {
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(target), link)
		}
		target = link
	}
	if _, err := os.Stat(target); errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(target, "/run/") {
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, nil, 0o644); err != nil {
			return err
		}
	}
	if err := unix.Mount(folder+"/resolv.conf", target, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount on %s: %w", target, err)
	}
	return nil
}

// hideSysctls covers what the kubelet would set for the whole machine by files that have the wanted values already.
func hideSysctls(folder string) error {
	for name, value := range map[string]string{
		"vm/overcommit_memory": "1", "vm/panic_on_oom": "0", "kernel/panic": "10", "kernel/panic_on_oops": "1",
		"kernel/keys/root_maxkeys": "1000000", "kernel/keys/root_maxbytes": "25000000",
	} {
		source := filepath.Join(folder, "sysctl", strings.ReplaceAll(name, "/", "."))
		if err := os.WriteFile(source, []byte(value+"\n"), 0o644); err != nil {
			return err
		}
		if err := unix.Mount(source, "/proc/sys/"+name, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("mount on /proc/sys/%s: %w", name, err)
		}
	}
	return nil
}

// makeNetwork gives the node its address. The other end of the device that has it is in the same namespace: it leads nowhere.
func makeNetwork() error {
	if err := unix.Sethostname([]byte(Name)); err != nil {
		return fmt.Errorf("set the name of the node: %w", err)
	}
	for _, arguments := range []string{
		"link set lo up",
		"link add node0 type veth peer name node0p",
		"address add " + Address + "/24 dev node0",
		"link set node0 up",
		"link set node0p up",
		"route add default dev node0",
	} {
		if output, err := exec.Command("ip", strings.Fields(arguments)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", arguments, err, output)
		}
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644)
}
