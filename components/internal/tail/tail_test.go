// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// both runs a test with the kernel's reports, and without.
func both(t *testing.T, test func(*testing.T, *node)) {
	for name, without := range map[string]bool{"watching": false, "scanning": true} {
		t.Run(name, func(t *testing.T) {
			n := newNode(t)
			n.options.NoWatch = without
			test(t, n)
		})
	}
}

func TestFilesAreReadAsTheyGrow(t *testing.T) {
	both(t, func(_ *testing.T, n *node) {
		n.write(web, "0.log", "one")
		n.start()
		n.wants("one")
		n.write(web, "0.log", "two", "three")
		n.wants("one", "two", "three")
		n.write("shop_web-1_uid/main", "0.log", "four")
		n.wants("one", "two", "three", "four")
	})
}

func TestTheFilesOfAContainerAreReadInOrder(t *testing.T) {
	n := newNode(t)
	n.write(web, "1.log", "six")
	n.write(web, "0.log", "five")
	n.write(web, "0.log.20261120-100002", "four")
	n.write(web, "0.log.20261120-100001", "three")
	n.write(web, "0.log.1", "two")
	n.write(web, "0.log.2", "one")
	n.start()
	n.wants("one", "two", "three", "four", "five", "six")
}

func TestARotationIsFollowed(t *testing.T) {
	both(t, func(t *testing.T, n *node) {
		n.start()
		var want []string
		for i := range 10 {
			lines := numbered(i*100, 50)
			n.write(web, "0.log", lines...)
			want = append(want, lines...)
			if i%2 == 0 {
				n.wants(want...)
			}
			n.rename(web, "0.log", "0.log.20261120-10000"+string(rune('0'+i)))
			if i > 1 {
				compress(t, n.path(web, "0.log.20261120-10000"+string(rune('0'+i-1))))
			}
		}
		n.wants(want...)
	})
}

// As Docker writes them: the time, which alone is another, stands at the end.
func TestFilesAreToldApartByTheEndOfALongFirstLine(t *testing.T) {
	both(t, func(t *testing.T, n *node) {
		same := strings.Repeat("the same ", 3_000)
		n.start()
		n.write(web, "0.log", same+"1", "one")
		n.wants(same+"1", "one")
		n.rename(web, "0.log", "0.log.1")
		n.write(web, "0.log", same+"2", "two")
		n.wants(same+"1", "one", same+"2", "two")
		n.stop()
		n.start()
		compress(t, n.path(web, "0.log.1"))
		n.write(web, "0.log", "three")
		n.wants(same+"1", "one", same+"2", "two", "three")
	})
}

// compress does what the kubelet does.
func compress(t *testing.T, path string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	var text strings.Builder
	w := gzip.NewWriter(&text)
	_, err = w.Write(raw)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, os.WriteFile(path+".tmp", []byte(text.String()), 0o644))
	require.NoError(t, os.Rename(path+".tmp", path+".gz"))
	require.NoError(t, os.Remove(path))
}

func TestNothingIsReadTwiceAfterARestart(t *testing.T) {
	n := newNode(t)
	n.write(web, "0.log", numbered(0, 10)...)
	n.start()
	n.wants(numbered(0, 10)...)
	n.stop()
	n.write(web, "0.log", numbered(10, 10)...)
	n.rename(web, "0.log", "0.log.20261120-100000")
	compress(t, n.path(web, "0.log.20261120-100000"))
	n.write(web, "0.log", numbered(20, 10)...)
	n.start()
	n.wants(numbered(0, 30)...)
}

func TestWhatIsNotDeliveredIsReadAgain(t *testing.T) {
	n := newNode(t)
	n.withheld = true
	n.write(web, "0.log", numbered(0, 10)...)
	n.start()
	n.wants(numbered(0, 10)...)
	n.stop()
	n.start()
	n.wants(append(numbered(0, 10), numbered(0, 10)...)...)
}

func TestAFileThatIsTruncatedIsReadAnew(t *testing.T) {
	for name, second := range map[string]int{"shorter": 3, "longer": 40} {
		t.Run(name, func(t *testing.T) {
			n := newNode(t)
			n.write(web, "0.log", numbered(0, 20)...)
			n.start()
			n.wants(numbered(0, 20)...)
			require.NoError(t, os.WriteFile(n.path(web, "0.log"), []byte(strings.Join(numbered(100, second), "\n")+"\n"), 0o644))
			n.eventually(func() bool {
				return slices.Contains(n.lines(), numbered(100, second)[0]) && slices.Contains(n.lines(), numbered(100, second)[second-1])
			}, "the new lines")
			assert.Positive(t, n.count(Truncated))
		})
	}
}

// Nobody can say where the new lines begin.
func TestAFileOfWhichTheEndIsCutOffIsReadAgain(t *testing.T) {
	for name, second := range map[string]int{"and that is all": 0, "and is shorter": 3, "and is longer": 80} {
		t.Run(name, func(t *testing.T) {
			n := newNode(t)
			n.write(web, "0.log", numbered(0, 60)...)
			n.start()
			n.wants(numbered(0, 60)...)
			want := append(numbered(0, 40), numbered(100, second)...)
			file, err := os.OpenFile(n.path(web, "0.log"), os.O_WRONLY, 0)
			require.NoError(t, err)
			defer file.Close()
			half := len(strings.Join(numbered(0, 40), "\n")) + 1
			// What is new is there before the rest is gone, so that nobody sees the file in between.
			text := strings.Join(want, "\n") + "\n"
			_, err = file.WriteAt([]byte(text[half:]), int64(half))
			require.NoError(t, err)
			require.NoError(t, file.Truncate(int64(len(text))))
			n.eventually(func() bool {
				got := n.lines()
				return n.count(Truncated) > 0 && len(got) >= 60+len(want) && slices.Equal(got[len(got)-len(want):], want)
			}, "all lines")
		})
	}
}

func TestACopyThatIsTruncatedLosesNothing(t *testing.T) {
	both(t, func(t *testing.T, n *node) {
		n.start()
		var want []string
		for i := range 5 {
			lines := numbered(i*1000, 100)
			n.write(web, "0.log", lines...)
			want = append(want, lines...)
			if i == 3 {
				n.wants(want...)
				n.set(func() { n.full = true })
				more := numbered(i*1000+500, 100)
				n.write(web, "0.log", more...)
				want = append(want, more...)
			}
			for old := i; old > 0; old-- {
				n.rename(web, "0.log."+string(rune('0'+old)), "0.log."+string(rune('1'+old)))
			}
			raw, err := os.ReadFile(n.path(web, "0.log"))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(n.path(web, "0.log.1"), raw, 0o644))
			require.NoError(t, os.Truncate(n.path(web, "0.log"), 0))
			n.set(func() { n.full = false })
			n.wants(want...)
		}
	})
}

func TestWhatIsDeletedUnreadSurvivesARestart(t *testing.T) {
	n := newNode(t)
	n.start()
	n.set(func() { n.full = true })
	n.write(web, "0.log", numbered(0, 1000)...)
	n.eventually(func() bool { return n.tail.Gauges().Reading+n.tail.Gauges().Idle > 0 }, "the file is known")
	require.NoError(t, os.RemoveAll(filepath.Join(n.options.Root, "shop_web-0_uid")))
	n.stop()
	assert.Equal(t, 1, n.count(Spilled))
	n.full = false
	n.start()
	n.wants(numbered(0, 1000)...)
	n.eventually(func() bool {
		copies, err := os.ReadDir(n.spills)
		return err == nil && len(copies) == 0
	}, "the copy is removed")
}

func TestACopyBelongsToItsContainerWhateverItsNameIs(t *testing.T) {
	n := newNode(t)
	n.start()
	n.set(func() { n.withheld = true })
	n.write("shop_web-\xff_uid/main", "0.log", numbered(0, 10)...)
	n.wants(numbered(0, 10)...)
	require.NoError(t, os.RemoveAll(n.path("shop_web-\xff_uid", "")))
	n.stop()
	require.Equal(t, 1, n.count(Spilled))
	n.start()
	n.wants(append(numbered(0, 10), numbered(0, 10)...)...)
	n.stop()
	assert.Equal(t, map[Container]bool{{Namespace: "shop", Pod: "web-\xff", UID: "uid", Name: "main"}: true}, n.known)
}

func TestALastLineWithoutAnEndIsHandedOnWhenNothingFollows(t *testing.T) {
	n := newNode(t)
	n.writeRaw(web, "0.log", "one\ntw")
	n.start()
	n.wants("one", "tw")
	n.writeRaw(web, "0.log", "o\nthree\n")
	n.wants("one", "tw", "o", "three")
}

func TestALineAboveTheLimitComesInPieces(t *testing.T) {
	n := newNode(t)
	n.options.MaxLineBytes = 300 << 10
	long := strings.Repeat("0123456789", 100_000)
	n.writeRaw(web, "0.log", "before\n"+long+"\nafter\n")
	n.start()
	n.eventually(func() bool { return slices.Contains(n.lines(), "after") }, "the next line")
	got := n.lines()
	assert.Equal(t, "before", got[0])
	assert.Equal(t, long, strings.Join(got[1:len(got)-1], ""))
	assert.Positive(t, n.count(LongLine))
}

func TestADamagedArchiveIsReadUpToTheDamage(t *testing.T) {
	n := newNode(t)
	n.write(web, "0.log.20261120-100000", numbered(0, 5000)...)
	compress(t, n.path(web, "0.log.20261120-100000"))
	path := n.path(web, "0.log.20261120-100000.gz")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, info.Size()/2))
	n.write(web, "0.log", "after")
	n.start()
	n.eventually(func() bool { return slices.Contains(n.lines(), "after") }, "the next file")
	got := n.lines()
	require.Greater(t, len(got), 100)
	assert.Equal(t, numbered(0, 100), got[:100])
	assert.Equal(t, 1, n.count(DamagedArchive))
}

func TestAnArchiveOfSeveralMembersIsOne(t *testing.T) {
	n := newNode(t)
	var text strings.Builder
	for i := range 3 {
		w := gzip.NewWriter(&text)
		_, err := io.WriteString(w, strings.Join(numbered(i*10, 10), "\n")+"\n")
		require.NoError(t, err)
		require.NoError(t, w.Close())
	}
	n.writeRaw(web, "0.log.20261120-100000.gz", text.String())
	n.start()
	n.wants(numbered(0, 30)...)
}

func TestIdenticalBeginningsOfDifferentContainersAreDifferentFiles(t *testing.T) {
	n := newNode(t)
	for _, container := range []string{web, "shop_web-1_uid/main", "shop_web-1_uid/side"} {
		n.write(container, "0.log", numbered(0, 100)...)
		n.write(container, "1.log", numbered(0, 100)...)
	}
	n.start()
	n.eventually(func() bool { return len(n.lines()) >= 600 }, "all lines")
	assert.Len(t, n.lines(), 600)
}

func TestARootThatComesLaterIsRead(t *testing.T) {
	n := newNode(t)
	n.options.Root = filepath.Join(t.TempDir(), "later")
	n.start()
	n.eventually(func() bool { return n.count(Missing) == 1 }, "the folder is missed")
	n.write(web, "0.log", "one")
	n.wants("one")
}

// A runtime that dies in the middle of its first line leaves a beginning that every
// other file has as well.
func TestHalfALineIsNoIdentity(t *testing.T) {
	n := newNode(t)
	n.writeRaw(web, "0.log", "2026")
	n.start()
	n.wants("2026")
	n.rename(web, "0.log", "0.log.20261120-100000")
	n.write(web, "0.log", numbered(0, 10)...)
	n.wants(append([]string{"2026"}, numbered(0, 10)...)...)
	n.stop()
	n.write(web, "0.log", numbered(10, 10)...)
	n.start()
	n.eventually(func() bool { return slices.Contains(n.lines(), numbered(19, 1)[0]) }, "the last line")
	for _, line := range numbered(0, 20) {
		assert.Contains(t, n.lines(), line)
	}
}

// A container that never stops printing is never delivered to its end.
func TestTheLagOfAFileThatAlwaysGrows(t *testing.T) {
	atOnce(t, func(t *testing.T, n *node) {
		n.withheld = true
		n.start()
		for i := range 120 {
			n.set(func() {
				for in := range n.intakes {
					in.acked = max(in.acked, in.taken-1) // All but the end of the last line.
				}
			})
			n.write(web, "0.log", numbered(i, 1)...)
			pass(time.Second)
		}
		assert.Positive(t, n.tail.Gauges().LagBytes)
		assert.LessOrEqual(t, n.tail.Gauges().LagSeconds, 4.0)
		pass(time.Minute)
		assert.GreaterOrEqual(t, n.tail.Gauges().LagSeconds, 59.0)
	})
}

// Files that wait until older ones are read are behind, and at risk without a name.
func TestWhatWaitsForItsTurnIsBehind(t *testing.T) {
	n := newNode(t)
	n.full = true
	text := strings.Join(numbered(0, 1_000), "\n") + "\n"
	n.writeRaw(web, "0.log.20261120-100001", text)
	n.writeRaw(web, "0.log.20261120-100002", text[1:])
	compress(t, n.path(web, "0.log.20261120-100002"))
	n.writeRaw(web, "0.log", text[2:])
	n.start()
	all := int64(3*len(text) - 3)
	n.eventually(func() bool { return n.tail.Gauges().LagBytes == all }, "%d bytes are behind", all)
	assert.Zero(t, n.tail.Gauges().AtRiskBytes)
	for _, name := range []string{"0.log.20261120-100001", "0.log.20261120-100002.gz"} {
		require.NoError(t, os.Remove(n.path(web, name)))
	}
	risk := int64(2*len(text) - 1)
	n.eventually(func() bool { return n.tail.Gauges().AtRiskBytes == risk }, "%d bytes are at risk", risk)
}
