// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// While the backend is away, a node may have read hundreds of archives of which nothing is delivered.
func TestAnArchiveThatWasReadHoldsNoMemoryAndIsBehind(t *testing.T) {
	n := newNode(t)
	n.withheld = true
	var want []string
	bytes := 0
	for i := range 20 {
		lines := numbered(1000*i, 1000)
		text := strings.Join(lines, "\n") + "\n"
		want, bytes = append(want, lines...), bytes+len(text)
		n.writeRaw(web, fmt.Sprintf("0.log.20261120-1000%02d.gz", i), string(zipped(t, text)))
	}
	n.start()
	n.wants(want...)
	n.eventually(func() bool { return n.tail.Gauges().LagBytes == int64(bytes) }, "what is read and not delivered is behind")
	assert.EqualValues(t, 20, n.tail.Gauges().Reading)
	n.end()
	<-n.done
	for _, f := range n.tail.agenda[0].files {
		a, ok := f.content.(*archive)
		require.True(t, ok)
		assert.Nil(t, a.reader)
		assert.Empty(t, cap(a.kept))
	}
}

// An archive that is delivered is closed, and known by its name when the folder is looked at again.
func TestAnArchiveThatIsDeliveredIsNotOpenedAgain(t *testing.T) {
	n := newNode(t)
	fs := &opens{FS: OS}
	n.options.FS = fs
	n.writeRaw(web, "0.log.20261120-100000.gz", string(zipped(t, "one\ntwo\n")))
	n.start()
	n.wants("one", "two")
	n.eventually(func() bool { return n.tail.Gauges().Finished == 1 }, "it is closed")
	before := fs.count.Load()
	for i := range 5 {
		n.writeRaw(web, fmt.Sprintf("0.log.20261120-10010%d", i), fmt.Sprintf("%d\n", i))
	}
	n.wants("one", "two", "0", "1", "2", "3", "4")
	assert.EqualValues(t, 5, fs.count.Load()-before)
}

// opens counts how often a file is opened.
type opens struct {
	FS
	count atomic.Int64
}

func (o *opens) Open(root string, parts ...string) (Handle, error) {
	o.count.Add(1)
	return o.FS.Open(root, parts...)
}
