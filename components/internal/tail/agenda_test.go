// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// rationed has room for so many chunks, and notes whose they are.
type rationed struct {
	sink
	room int
	took map[string]int
}

type rationedIntake struct {
	sinkIntake
	rationed *rationed
	pod      string
}

func (r *rationed) Open(f *File, start Position) Intake {
	return &rationedIntake{sinkIntake{sink: &r.sink, at: start.Start()}, r, f.Container().Pod}
}

func (i *rationedIntake) Acquire(most, _ int64) (int64, time.Time) {
	if i.rationed.room == 0 {
		return 0, time.Time{}
	}
	return most, time.Time{}
}

func (i *rationedIntake) Take(c Chunk) {
	i.sinkIntake.Take(c)
	if len(c.Data) > 0 {
		i.rationed.room--
		i.rationed.took[i.pod]++
	}
}

func TestWhoWasServedLeastRecentlyComesFirst(t *testing.T) {
	const pods, rounds = 7, 5
	n := newNode(t)
	n.options.NoWatch = true
	text := strings.Repeat(numbered(0, 1)[0]+"\n", 2*rounds*chunkBytes/len(numbered(0, 1)[0]))
	for i := range pods {
		n.writeRaw("shop_web-"+string(rune('a'+i))+"_uid/main", "0.log", numbered(i, 1)[0]+"\n"+text)
	}
	r := &rationed{took: map[string]int{}}
	tail := New(n.options, r)
	t.Cleanup(tail.Close)
	tail.tree.scan()
	for round := range rounds {
		for range pods {
			r.room = 1
			tail.unblock()
			tail.pass()
		}
		for pod, chunks := range r.took {
			assert.Equal(t, round+1, chunks, "%s after %d rounds", pod, round+1)
		}
		assert.Len(t, r.took, pods)
	}
}
