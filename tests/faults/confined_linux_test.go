// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// The user of the container image, and the group that log files of a node belong to.
const (
	confinedUser  = 65532
	confinedGroup = 0
)

// confineVariable makes this test binary confine itself and become the collector. Its value is the one folder that can be
// written.
const confineVariable = "TRIBUTARY_TEST_CONFINE"

func init() {
	if state := os.Getenv(confineVariable); state != "" {
		runtime.LockOSThread()
		fmt.Fprintln(os.Stderr, "confine:", confine(state, os.Args[1], os.Args[1:]))
		os.Exit(1)
	}
}

// confined runs the collector as a careful cluster does: with another user, no capability, no way to get one, a root file
// system that cannot be written, and without the system calls that container runtimes deny.
func confined(r *rig) {
	if os.Geteuid() != 0 {
		r.t.Skip("only root can make a mount namespace and become somebody else")
	}
	r.busyNode(2)
	r.open()
	for range 2 {
		r.startConfined()
		r.arrived()
		r.stop(exitLimit)
	}
	r.startConfined()
	r.settle()
}

// open lets the group read what the collector reads, and write its state.
func (r *rig) open() {
	r.t.Helper()
	require.NoError(r.t, os.MkdirAll(r.state(), 0o770))
	require.NoError(r.t, os.Chmod(r.state(), 0o770))
	config := r.collector.Env["KUBECONFIG"]
	require.NoError(r.t, os.Chmod(config, 0o640))
	for _, path := range []string{r.state(), config, r.collector.PodLogs(), r.collector.Env["TRIBUTARY_JOURNAL"] + "/x"} {
		// The testing package closes its temporary folders to others.
		for dir := filepath.Dir(path); strings.HasPrefix(dir, filepath.Join(os.TempDir(), "Test")); dir = filepath.Dir(dir) {
			require.NoError(r.t, os.Chmod(dir, 0o755))
		}
	}
	for _, c := range r.containers {
		info, err := os.Stat(c.path())
		require.NoError(r.t, err)
		require.Equal(r.t, os.FileMode(0o640), info.Mode().Perm(), "a log file as runtimes make it")
	}
}

// startConfined is start, and makes sure that the process is what it should be.
func (r *rig) startConfined() {
	r.t.Helper()
	r.event("start, confined")
	opts := r.collector.Options()
	opts.Args = append([]string{testkit.Binary(r.t)}, opts.Args...)
	opts.Path = os.Args[0]
	opts.Env = append(opts.Env, confineVariable+"="+r.state())
	r.process = testkit.Start(r.t, opts)
	r.process.WaitReady(r.t, testkit.StartTimeout)

	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.process.Pid()))
	require.NoError(r.t, err)
	for _, line := range []string{
		fmt.Sprintf("Uid:\t%d\t%[1]d\t%[1]d\t%[1]d\n", confinedUser), fmt.Sprintf("Gid:\t%d\t%[1]d\t%[1]d\t%[1]d\n", confinedGroup),
		"CapPrm:\t0000000000000000\n", "CapEff:\t0000000000000000\n", "CapBnd:\t0000000000000000\n", "NoNewPrivs:\t1\n", "Seccomp:\t2\n",
	} {
		assert.Contains(r.t, string(status), line, "the row tests nothing")
	}
}

// confine never returns but with an error: the thread becomes the program, and takes along what it may not do. The checks
// say so when the kernel did not do what was asked.
func confine(state, program string, args []string) error {
	// Opened now, because the new user may not be let into the folder.
	file, err := unix.Open(program, unix.O_PATH, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", program, err)
	}
	if err := readOnlyBut(state); err != nil {
		return err
	}
	for capability := uintptr(0); ; capability++ {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0); err != nil {
			break // It was the last one.
		}
	}
	for _, set := range []struct {
		call       uintptr
		a, b, c    uintptr
		complaints string
	}{
		{unix.SYS_SETGROUPS, 0, 0, 0, "leave all groups"},
		{unix.SYS_SETRESGID, confinedGroup, confinedGroup, confinedGroup, "set the group"},
		{unix.SYS_SETRESUID, confinedUser, confinedUser, confinedUser, "set the user"},
	} {
		// Of this thread alone, which is all that is left in a moment.
		if _, _, errno := unix.RawSyscall(set.call, set.a, set.b, set.c); errno != 0 {
			return fmt.Errorf("%s: %w", set.complaints, errno)
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up new privileges: %w", err)
	}
	if err := denyCalls(); err != nil {
		return err
	}
	for _, path := range []string{"/confined", filepath.Join(os.TempDir(), "confined")} {
		if err := os.WriteFile(path, nil, 0o600); !errors.Is(err, unix.EROFS) {
			return fmt.Errorf("%s: want a read-only file system, got %w", path, err)
		}
	}
	if err := unix.Unshare(unix.CLONE_NEWUSER); !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("unshare: want %w, got %w", unix.EPERM, err)
	}
	env := os.Environ()
	for i, pair := range env {
		if strings.HasPrefix(pair, confineVariable+"=") {
			env = append(env[:i:i], env[i+1:]...)
			break
		}
	}
	return fmt.Errorf("become %s: %w", program, unix.Exec(fmt.Sprintf("/proc/self/fd/%d", file), args, env))
}

// readOnlyBut gives this thread mounts of its own, of which it can write none but a folder, its output and devices.
func readOnlyBut(state string) error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("make a mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts private: %w", err)
	}
	raw, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	if err := unix.Mount(state, state, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("keep %s writable: %w", state, err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
		// The fifth field is where it is mounted. One that is below another one cannot be reached, and is of no interest.
		at := strings.Fields(line)[4]
		_ = unix.Mount("", at, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "")
	}
	return nil
}

// denied are system calls that the default profiles of container runtimes do not let a container without capabilities make.
var denied = []uint32{
	unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV,
	unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD,
	unix.SYS_KEXEC_LOAD, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_REBOOT, unix.SYS_SWAPON,
	unix.SYS_SWAPOFF, unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_CLONE3, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_NAME_TO_HANDLE_AT,
	unix.SYS_FANOTIFY_INIT, unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER, unix.SYS_SETTIMEOFDAY,
	unix.SYS_CLOCK_SETTIME, unix.SYS_CLOCK_ADJTIME, unix.SYS_ADJTIMEX, unix.SYS_ACCT, unix.SYS_QUOTACTL, unix.SYS_SYSLOG,
	unix.SYS_VHANGUP, unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME, unix.SYS_MBIND, unix.SYS_MIGRATE_PAGES, unix.SYS_MOVE_PAGES,
	unix.SYS_SET_MEMPOLICY, unix.SYS_GET_MEMPOLICY, unix.SYS_PERSONALITY, unix.SYS_MOUNT_SETATTR, unix.SYS_MOVE_MOUNT,
	unix.SYS_OPEN_TREE, unix.SYS_FSOPEN, unix.SYS_FSMOUNT, unix.SYS_FSCONFIG, unix.SYS_FSPICK, unix.SYS_CHROOT,
}

// denyCalls makes the kernel answer EPERM to the denied calls of this thread, and of what it becomes.
func denyCalls() error {
	deny := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)}
	// The number of the call is the first field of what the filter looks at.
	program := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}}
	for _, call := range denied {
		program = append(program, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: call, Jf: 1}, deny)
	}
	program = append(program, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&filter)), 0, 0)
	runtime.KeepAlive(program)
	if err != nil {
		return fmt.Errorf("deny system calls: %w", err)
	}
	return nil
}
