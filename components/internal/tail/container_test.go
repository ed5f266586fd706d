// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAFolderOfAPodHasThreeParts(t *testing.T) {
	pod, ok := parsePod("shop_web-0.a_1f2e")
	require.True(t, ok)
	assert.Equal(t, Container{Namespace: "shop", Pod: "web-0.a", UID: "1f2e"}, pod)
	for _, name := range []string{"", "web", "shop_web", "shop__uid", "_web_uid", "shop_web_", "shop_web_uid_more", "..", "__"} {
		_, ok := parsePod(name)
		assert.False(t, ok, name)
	}
}

func TestAFolderOfAContainerIsReadAsItWasWritten(t *testing.T) {
	c := Container{Namespace: "shop", Pod: "web-0", UID: "uid", Name: "main"}
	got, ok := ParseFolder(c.Folder())
	require.True(t, ok)
	assert.Equal(t, c, got)
	for _, folder := range []string{"", "shop_web-0_uid", "shop_web-0_uid/", "/main", "shop_web-0/main", "shop_web-0_uid/main/more"} {
		_, ok := ParseFolder(folder)
		assert.False(t, ok, folder)
	}
}

func TestOnlyNamesOfLogFilesAreTaken(t *testing.T) {
	for name, want := range map[string]logName{
		"0.log":                    {},
		"12.log":                   {restart: 12},
		"0.log.20261120-101500":    {rotated: ".20261120-101500"},
		"0.log.20261120-101500.gz": {rotated: ".20261120-101500", compressed: true},
		"3.log.1":                  {restart: 3, rotated: ".1"},
		"3.log-20261120.gz":        {restart: 3, rotated: "-20261120", compressed: true},
	} {
		got, ok := parseLogName(name)
		assert.True(t, ok, name)
		assert.Equal(t, want, got, name)
		assert.Equal(t, name, got.String())
	}
	for _, name := range []string{
		"", ".log", "log", "x.log", "-1.log", "+1.log", " 1.log", "0.logs", "0.txt", "0.log.20261120-101500.tmp", "0.log.1.gz.tmp",
		"99999999999.log",
	} {
		_, ok := parseLogName(name)
		assert.False(t, ok, name)
	}
}

func TestTheOldestFileOfAContainerComesFirst(t *testing.T) {
	for _, want := range [][]string{
		{"0.log.20261120-100000.gz", "0.log.20261120-100001", "0.log", "1.log.20251120-100000", "1.log", "10.log"},
		{"0.log.10.gz", "0.log.9.gz", "0.log.2", "0.log.1", "0.log"},
		{"0.log-20261119.gz", "0.log-20261120", "0.log"},
	} {
		names := slices.Clone(want)
		slices.Reverse(names)
		slices.SortStableFunc(names, func(a, b string) int {
			x, _ := parseLogName(a)
			y, _ := parseLogName(b)
			return x.compare(y)
		})
		assert.Equal(t, want, names)
	}
}
