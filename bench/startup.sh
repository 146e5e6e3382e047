#!/bin/sh
# How long a verb takes that needs no server: the floor under every other number.
set -eu
divisi=$1/src/cli/divisi
[ -x "$divisi" ] || exit 0
before=$(date +%s%N)
for _ in 1 2 3 4 5 6 7 8 9 10; do
	"$divisi" version >/dev/null
done
after=$(date +%s%N)
echo "startup_version $(((after - before) / 10000)) us"
