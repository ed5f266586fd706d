// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// hostile are parts of names that mean something to somebody: to a path, a format, a shell, a configuration, a label.
var hostile = []string{
	"..", ".", "...", "..\\..", "line\nbreak", "tab\tand\rreturn", "%s%n%2e%2e%2f", "\"quoted\" 'too' `and`", "{a=\"b\"},", "back\\slash",
	"$HOME${env:HOME}$(id)", "*?[a-z]", "日本-naïve-😀", "\u202egnp.exe", "\ufeffmark", "\x01\x1b[31m\x7f", " blanks ", "-rf", "no-\xff\xfe-text", "half-\xe6\x98",
	"-surrogate-\xed\xa0\x80",
}

// hostileNames gives such names to namespaces, pods and containers. Each line says exactly where it is from, bytes that are
// no text are escaped, no other pod suffers, and nothing is written where the names point to.
func hostileNames(r *rig) {
	neighbour := r.container("neighbour", load{bytes: 100})
	r.start()
	var all []*container
	add := func(pod testkit.Pod) {
		pod.UID = fmt.Sprintf("%08x", len(all))
		c := r.containerOf(pod, load{bytes: 100})
		r.oracle.own(c.id, arrival{namespace: escaped(pod.Namespace), pod: escaped(pod.Name), container: escaped(pod.Container)})
		c.print(3)
		all = append(all, c)
	}
	for _, name := range hostile {
		add(testkit.Pod{Namespace: name, Name: "pod", Container: "main"})
		add(testkit.Pod{Namespace: "faults", Name: name, Container: "main"})
		if name != "." && name != ".." {
			add(testkit.Pod{Namespace: "faults", Name: "pod", Container: name})
		}
	}
	// The longest names that there can be.
	const longest = 255
	add(testkit.Pod{Namespace: "n", Name: strings.Repeat("p", longest-len("n___00000000")+1), Container: strings.Repeat("c", longest)})
	r.note("%d containers", len(all))
	r.await()
	before, err := r.scrape()
	require.NoError(r.t, err)
	assert.Zero(r.t, before["otelcol_receiver_pod_logs_dead_lettered_log_records"], "lines that the backend refused because of a name")

	r.event("restart: each position is found again by its name")
	r.stop(exitLimit)
	for _, c := range all {
		c.print(2)
	}
	r.start()
	r.await()
	r.event("removed in an outage: each rest is found again by its name")
	r.gate.set(trouble{status: 503})
	for _, c := range all {
		c.print(2)
	}
	neighbour.print(1)
	r.troubled(1)
	r.pass(readable)
	for _, c := range all {
		c.remove()
	}
	r.stop(graceLimit)
	r.gate.set(trouble{})
	r.start()
	r.await()
	for _, dir := range []string{r.state(), filepath.Dir(r.state()), filepath.Dir(r.collector.PodLogs())} {
		list, err := os.ReadDir(dir)
		require.NoError(r.t, err)
		for _, entry := range list {
			for _, name := range hostile {
				assert.NotContains(r.t, entry.Name()+" ", name+" ", "a file that has its name from a pod")
			}
		}
	}
	r.settle()
}

// own changes where the lines of a container are to say that they are from.
func (o *oracle) own(id int, owner arrival) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sources[id].owner = owner
}

// escaped writes the bytes of hostile that are no text.
var escaped = strings.NewReplacer("\xff", `\xff`, "\xfe", `\xfe`, "\xe6\x98", `\xe6\x98`, "\xed\xa0\x80", `\xed\xa0\x80`).Replace
