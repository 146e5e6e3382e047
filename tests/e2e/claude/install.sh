#!/bin/sh
# Installs Claude Code from npm for tests, into a directory of the build tree.
#
#   install.sh DIR       prints the path of the program; nothing is installed twice
#
# Exit 0: the last line is the path.  Exit 77: "skipped: ..." says why.  The version is fixed:
# the newest that was tried; DIVISI_TEST_CLAUDE_VERSION names another.
set -eu

version=${DIVISI_TEST_CLAUDE_VERSION:-2.1.330}
dir=${1:?usage: install.sh DIR}

skip() {
	echo "skipped: $*"
	exit 77
}

# The package is a small shell around one native program per platform; its own install
# script is not needed to run that.
find_program() {
	for found in "$dir"/node_modules/@anthropic-ai/claude-code-*/claude; do
		[ -x "$found" ] && printf '%s\n' "$found" && return 0
	done
	return 1
}

is_version() {
	[ -f "$dir/version" ] && [ "$(cat "$dir/version")" = "$version" ]
}

mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
is_version && find_program && exit 0
command -v npm >/dev/null || skip "npm is not installed"
rm -rf "$dir/node_modules"
# Without --engine-strict an old node only gets a warning, and the native program needs none.
timeout 300 npm install --prefix "$dir" --no-audit --no-fund --ignore-scripts \
	--fetch-retries 1 --loglevel error "@anthropic-ai/claude-code@$version" \
	>"$dir/npm.log" 2>&1 ||
	skip "npm could not install @anthropic-ai/claude-code@$version" \
		"($(grep -m 1 -E 'npm (error|ERR!)' "$dir/npm.log" | cut -c1-200))"
find_program >/dev/null || skip "the package has no program for this platform"
printf '%s' "$version" >"$dir/version"
find_program
