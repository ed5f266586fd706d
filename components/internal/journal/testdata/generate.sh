#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes the fixtures: journals by the programs of three versions of systemd, and
# beside each what journalctl of that version exports. It needs Debian 12 with
# systemd-journal-remote, root, Go, and the Debian mirror.
#
#     components/internal/journal/testdata/generate.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
daemon=
finish() {
	[ -z "$daemon" ] || kill -KILL "$daemon" 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT
cd "$work"

# fetch VERSION SUITE PACKAGES... unpacks packages without installing them.
mkdir -p apt/lists/partial apt/cache/archives/partial
cat >apt/sources.list <<-END
	deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm-backports main
	deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main
END
apt() {
	apt-get -qq -o Dir::Etc::SourceList="$work/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User=root "$@"
}
fetch() {
	local version=$1 suite=$2
	shift 2
	mkdir "$version" "$version.deb"
	(cd "$version.deb" && apt download "${@/%//$suite}")
	for package in "$version.deb"/*.deb; do dpkg -x "$package" "$version"; done
}
# of VERSION PROGRAM ARGS... runs a program with the libraries of its version.
of() {
	local root=$1 program=$2
	shift 2
	if [ "$root" = 252 ]; then
		"$program" "$@"
		return
	fi
	root=$work/$root
	local libraries=$root/usr/lib/x86_64-linux-gnu:$root/usr/lib/x86_64-linux-gnu/systemd:$root/lib/x86_64-linux-gnu/systemd
	local loader=/lib64/ld-linux-x86-64.so.2
	[ ! -e "$root$loader" ] && [ ! -e "$root/usr$loader" ] || loader=$root/usr$loader
	[ -e "$root$program" ] || program=/usr$program
	"$loader" --library-path "$libraries" "$root$program" "$@"
}
apt update
fetch 254 bookworm-backports systemd systemd-journal-remote libsystemd-shared
fetch 257 trixie systemd systemd-journal-remote libsystemd-shared libc6 libmicrohttpd12t64 libgnutls30t64 libcurl4t64 \
	libssl3t64 liblz4-1 libzstd1 liblzma5 libunistring5 libhogweed6t64 libnettle8t64 libtasn1-6 libp11-kit0 libidn2-0 \
	libgmp10 libffi8 libcap2 libgcrypt20 libgpg-error0 zlib1g

# keep VERSION NAME takes journal files that are in $work/NAME.
keep() {
	local version=$1 name=$2 file
	of "$version" /bin/journalctl -q --directory="$work/$name" -o export --no-pager | gzip -9n >"$here/$name.export.gz"
	rm -rf "${here:?}/$name"
	mkdir "$here/$name"
	for file in "$work/$name"/*.journal*; do gzip -9nc "$file" >"$here/$name/$(basename "$file").gz"; done
}
# remote VERSION NAME ARGS... makes one file of the entries.
go run "$here/entries.go" >entries
remote() {
	local version=$1 name=$2
	shift 2
	mkdir "$name"
	of "$version" /lib/systemd/systemd-journal-remote -o "$work/$name/fixture.journal" --split-mode=none "$@" - <entries 2>/dev/null
	keep "$version" "$name"
}
remote 252 252-zstd-keyed-compact
SYSTEMD_JOURNAL_COMPACT=0 remote 252 252-zstd-keyed
SYSTEMD_JOURNAL_KEYED_HASH=0 remote 252 252-zstd-compact
SYSTEMD_JOURNAL_COMPACT=0 SYSTEMD_JOURNAL_KEYED_HASH=0 remote 252 252-plain --compress=no
for version in 254 257; do
	SYSTEMD_JOURNAL_COMPRESS=LZ4 remote $version $version-lz4-keyed-compact
	SYSTEMD_JOURNAL_COMPRESS=XZ remote $version $version-xz-keyed-compact
	SYSTEMD_JOURNAL_COMPRESS=XZ SYSTEMD_JOURNAL_COMPACT=0 SYSTEMD_JOURNAL_KEYED_HASH=0 remote $version $version-xz
	SYSTEMD_JOURNAL_COMPRESS=ZSTD remote $version $version-zstd-keyed-compact
done

# A daemon: a file put aside by rotation, one that a crash left, the current one.
# The folder of the socket has to have a short name.
socket=$(mktemp -d /run/fixture.XXXX)
log=$work/252-daemon
mkdir "$log"
start() {
	rm -f "$socket"/*
	RUNTIME_DIRECTORY=$socket LOGS_DIRECTORY=$log /lib/systemd/systemd-journald fixture 2>/dev/null &
	daemon=$!
	until [ -S "$socket/dev-log" ]; do sleep 0.1; done
}
say() { for i in $(seq "$2"); do logger -u "$socket/dev-log" -t fixture "$1 $i"; done; }
answer() {
	until [ -s "$socket/$1" ]; do sleep 0.1; done
}
start
say "before the rotation" 20
kill -s RTMIN+1 "$daemon" && answer synced
kill -USR2 "$daemon" && answer rotated
say "before the crash" 20
# Not synced: that would leave the file in good order.
until journalctl -q --directory="$log" -o cat | grep -q "before the crash 20"; do sleep 0.1; done
kill -KILL "$daemon" && wait "$daemon" || true
start
say "after the crash" 20
rm -f "$socket/synced" && kill -s RTMIN+1 "$daemon" && answer synced
kill "$daemon" && wait "$daemon" || true
daemon=
rm -rf "$socket"
keep 252 252-daemon

# A sealed file. The keys have to lie with the journals of this machine.
machine=/var/log/journal/$(cat /etc/machine-id)
if [ ! -e "$machine" ]; then
	mkdir -p "$machine"
	journalctl -q --setup-keys --interval=10s >/dev/null
	remote 252 252-sealed --seal
	rm -rf "$machine"
fi
du -bc "$here"/*.gz "$here"/*/*.gz
