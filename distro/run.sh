#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Starts bin/tributary on this machine's own logs: run.sh [backend]. What `make run` does after the build.
set -eu
cd "$(dirname "$0")/.."
backend=${1:-debug}
config=distro/config/backends/$backend.yaml
logs=${TRIBUTARY_LOGS:-/var/log}

if [ ! -f "$config" ]; then
	echo "make run: there is no backend \"$backend\" (no $config); choose one of:" >&2
	for file in distro/config/backends/*.yaml; do echo "  make run BACKEND=$(basename "$file" .yaml)" >&2; done
	exit 2
fi

# The receiver names a file that it cannot open, but passes over a folder in silence.
find "$logs" -type d ! \( -readable -executable \) -prune \
	-printf 'make run: cannot read the folder %p (owner %u, group %g): the logs below it are left out\n' >&2 2>/dev/null || true

find "${TRIBUTARY_JOURNAL:-/var/log/journal}" -name '*.journal' ! -readable \
	-printf 'make run: cannot read the journal %p (group %g): join that group to see it\n' >&2 2>/dev/null || true

# Opening a named pipe would wait for its writer, and all reading with it.
pipes=$(find "$logs" -type p 2>/dev/null | tr '\n' ',' || true)
if [ -n "$pipes" ]; then
	echo "make run: named pipes are left out: ${pipes%,}" >&2
	export TRIBUTARY_EXCLUDE="{$pipes${TRIBUTARY_EXCLUDE:-}}"
fi

# Where the records are not on the terminal, what the exporter says of the backend is what one wants to see.
if [ "$backend" != debug ]; then
	export TRIBUTARY_LOG_LEVEL="${TRIBUTARY_LOG_LEVEL:-info}"
fi

echo "make run: following $logs, to \"$backend\", positions in ${TRIBUTARY_STATE:-.tributary}; Ctrl-C stops" >&2
exec bin/tributary --config distro/config/local.yaml --config "$config"
