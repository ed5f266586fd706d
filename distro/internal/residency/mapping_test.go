// SPDX-License-Identifier: Apache-2.0

package residency

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const smaps = `00400000-04432000 r-xp 00000000 fe:00 1234                               /usr/bin/a name with blanks
Size:              65736 kB
Rss:               31140 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me sd
04432000-08853000 r--p 04032000 fe:00 1234                               /usr/bin/a name with blanks (deleted)
Anonymous:             8 kB
08853000-08a18000 rw-p 08453000 fe:00 1234                               /usr/bin/a name with blanks
Anonymous:           296 kB
7ffcb787c000-7ffcb789d000 rw-p 00000000 00:00 0                          [stack]
ffffffffff600000-ffffffffff601000 --xs 00000000 00:00 0                  [vsyscall]
`

func TestMappingsAreReadAsTheKernelWritesThem(t *testing.T) {
	got, err := parseMappings(strings.NewReader(smaps))
	require.NoError(t, err)
	assert.Equal(t, []mapping{
		{start: 0x400000, end: 0x4432000, private: true, inode: 1234},
		{start: 0x4432000, end: 0x8853000, private: true, inode: 1234, anonymous: 8},
		{start: 0x8853000, end: 0x8a18000, private: true, writable: true, inode: 1234, anonymous: 296},
		{start: 0x7ffcb787c000, end: 0x7ffcb789d000, private: true, writable: true},
		{start: 0xffffffffff600000, end: 0xffffffffff601000},
	}, got)
}

func TestWhatIsNoListOfMappingsIsAnError(t *testing.T) {
	for _, text := range []string{
		"hello\n",
		"00400000 r-xp 00000000 fe:00 1234 /x\n",
		"00400000-zz r-xp 00000000 fe:00 1234 /x\n",
		"zz-00400000 r-xp 00000000 fe:00 1234 /x\n",
		"00400000-00500000 rx 00000000 fe:00 1234 /x\n",
		"00400000-00500000 r-xp 00000000 fe:00 x /x\n",
		"00400000-00500000 r-xp 00000000\n",
		"00400000-00500000 r-xp 00000000 fe:00 1234 /x\nAnonymous: many kB\n",
	} {
		_, err := parseMappings(strings.NewReader(text))
		assert.ErrorContains(t, err, "read mappings", "%q", text)
	}
}
