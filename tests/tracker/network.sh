#!/bin/bash
# The contract of the trackers against test servers on loopback that execute the published
# schemas, and every query held against them.
#
#   network.sh linear BUILD       needs node and what install.sh fetches: DIVISI_TEST_TRACKERS
set -euo pipefail

name=$1
build=$2
here=$(cd "$(dirname "$0")" && pwd)
packages=${DIVISI_TEST_TRACKERS:-}
if [ -z "$packages" ] || [ ! -f "$packages/version" ]; then
	echo "skipped: graphql-js and the schemas are not there (./check fetches them from npm)"
	exit 77
fi

# What is sent to GitHub is no text that could be printed: its server checks each request.
if [ "$name" = linear ]; then
	"$build/print_linear" | node "$here/validate_linear.mjs" "$packages"
fi

# The server ends when its input does, so it cannot outlive this script.
coproc SERVER { exec node "$here/server_$name.mjs" "$packages"; }
server_pid=$!
trap 'kill "$server_pid" 2>/dev/null || :' EXIT
read -r -t 60 port <&"${SERVER[0]}"
DIVISI_TEST_TRACKER_URL=http://127.0.0.1:$port "$build/test_tracker_contract" "$name"
