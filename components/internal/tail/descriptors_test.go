// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// opened is how many files are open, for a tail that does nothing at the moment.
func (n *node) opened() int { return n.tail.fs.open }

func TestMoreFilesThanMayBeOpenAreAllRead(t *testing.T) {
	atOnce(t, func(t *testing.T, n *node) {
		n.options.MaxOpen = 10
		pod := func(i int) string { return fmt.Sprintf("shop_web-%d_uid/main", i) }
		var want []string
		write := func(pods, lines int) {
			for i := range pods {
				more := numbered(len(want), lines)
				want = append(want, more...)
				n.write(pod(i), "0.log", more...)
			}
		}
		arrive := func() {
			pass(time.Minute)
			assert.ElementsMatch(t, want, n.lines())
			assert.LessOrEqual(t, n.opened(), 10)
		}
		write(60, 2)
		n.start()
		arrive()
		assert.Positive(t, n.count(FewDescriptors))
		assert.EqualValues(t, 60, n.tail.Gauges().Idle)
		assert.False(t, n.unreadable())

		// All of them rest, and go on.
		write(60, 1)
		arrive()
		for i := range 60 {
			n.rename(pod(i), "0.log", "0.log.20261120-100000")
		}
		write(30, 1)
		arrive()
		told := n.count(FewDescriptors)
		pass(time.Minute)
		assert.Equal(t, told, n.count(FewDescriptors), "files at which nothing happens need no room")
		for i := range 60 {
			require.NoError(t, os.RemoveAll(n.path(pod(i), "")))
		}
		pass(5 * time.Minute)
		assert.Zero(t, n.opened())
	})
}

// While a file rests, nothing keeps its inode from being that of another one.
func TestAFileThatRestsIsNotTakenForAnotherOne(t *testing.T) {
	for name, change := range map[string]func(n *node, lines []string){
		"written anew": func(n *node, lines []string) {
			require.NoError(n.t, os.Truncate(n.path(web, "0.log"), 0))
			n.write(web, "0.log", lines...)
		},
		"replaced": func(n *node, lines []string) {
			require.NoError(n.t, os.Remove(n.path(web, "0.log")))
			n.write(web, "0.log", lines...)
		},
		"goes on": func(n *node, lines []string) { n.write(web, "0.log", lines...) },
		"rotated after it went on": func(n *node, lines []string) {
			n.write(web, "0.log", lines...)
			n.rename(web, "0.log", "0.log.20261120-100000")
		},
		"rotated and compressed after it went on": func(n *node, lines []string) {
			n.write(web, "0.log", lines...)
			n.rename(web, "0.log", "0.log.20261120-100000")
			compress(n.t, n.path(web, "0.log.20261120-100000"))
		},
		"rotated, compressed and replaced after it went on": func(n *node, lines []string) {
			n.write(web, "0.log", lines[:20]...)
			n.rename(web, "0.log", "0.log.20261120-100000")
			compress(n.t, n.path(web, "0.log.20261120-100000"))
			n.write(web, "0.log", lines[20:]...)
		},
		"rotated before it was replaced": func(n *node, lines []string) {
			n.rename(web, "0.log", "0.log.20261120-100000")
			n.write(web, "0.log", lines...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			atOnce(t, func(t *testing.T, n *node) {
				n.options.MaxOpen = 1
				n.write(web, "0.log", numbered(0, 10)...)
				n.start()
				pass(10 * time.Second)
				n.write("shop_web-1_uid/main", "0.log", numbered(100, 10)...)
				pass(10 * time.Second)
				assert.Len(t, n.lines(), 20)
				rests := 0
				for _, d := range n.tail.agenda {
					for _, f := range d.files {
						if f.resting {
							rests++
						}
					}
				}
				require.Positive(t, rests)
				change(n, numbered(200, 30))
				pass(20 * time.Second)
				assert.Empty(t, missing(append(append(numbered(0, 10), numbered(100, 10)...), numbered(200, 30)...), n.lines()))
				assert.Len(t, n.lines(), 50)
			})
		})
	}
}
