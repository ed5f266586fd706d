// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"context"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"testing"
)

// keepVariable lets a node live on when its test has ended, until somebody interrupts it.
const keepVariable = "TRIBUTARY_KEEP"

// keep waits for an interrupt, if that is wanted.
func (n *Node) keep(t testing.TB) {
	if os.Getenv(keepVariable) == "" {
		return
	}
	pid, _ := n.pid()
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	// The log of a test is seen when it has ended.
	_, _ = os.Stderr.WriteString(strings.NewReplacer("PID", strconv.Itoa(pid), "FOLDER", n.folder).Replace(`
The node is kept until an interrupt. From another terminal:

    nsenter --target PID --mount --pid --net --uts --ipc env KUBECONFIG=FOLDER/admin.kubeconfig PATH=FOLDER/bin:$PATH bash

What its programs wrote is in FOLDER/logs.
`))
	<-interrupts
	t.Log("the node was kept until an interrupt")
}

// describe logs what can be seen of the cluster when a test has failed.
func (n *Node) describe(t testing.TB) {
	for _, arguments := range []string{
		"get pods -A -o wide",
		"get events -A --sort-by=.lastTimestamp -o custom-columns=AT:.lastTimestamp,OF:.involvedObject.name,WHY:.reason,WHAT:.message",
	} {
		out, err := n.TryExec(context.Background(), "", append([]string{"kubectl"}, strings.Fields(arguments)...)...)
		t.Logf("kubectl %s\n%s(%v)", arguments, lastLines(out, 40), err)
	}
	if log, err := os.ReadFile(n.file("logs/" + kubelet)); err == nil {
		t.Logf("the kubelet has logged at last:\n%s", lastLines(string(log), 20))
	}
}

// lastLines are the last lines of a text.
func lastLines(text string, count int) string {
	lines := strings.SplitAfter(text, "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "")
}
