#!/bin/sh
# Fetches from npm what the tests of the network trackers need, into a directory of the
# build tree: graphql-js, and the packages that carry the trackers' published schemas.
#
#   install.sh DIR       nothing is fetched twice
#
# Exit 0: all is there.  Exit 77: "skipped: ..." says why.  The versions are fixed: those
# that were tried.
set -eu

dir=${1:?usage: install.sh DIR}
packages="graphql@16.11.0 @linear/sdk@98.0.0 @octokit/graphql-schema@15.26.1"
# Of this one (385 MB unpacked) only one file is kept.
rest=@octokit/openapi@23.0.2
rest_file=package/generated/api.github.com.json

skip() {
	echo "skipped: $*"
	exit 77
}

mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
if [ -f "$dir/version" ] && [ "$(cat "$dir/version")" = "$packages $rest" ]; then
	exit 0
fi
command -v node >/dev/null || skip "node is not installed"
command -v npm >/dev/null || skip "npm is not installed"
# shellcheck disable=SC2086 # a list of words
timeout 300 npm install --prefix "$dir" --no-audit --no-fund --ignore-scripts \
	--fetch-retries 1 --loglevel error $packages >"$dir/npm.log" 2>&1 ||
	skip "npm could not install $packages"
if [ ! -f "$dir/github.json" ]; then
	(cd "$dir" && timeout 300 npm pack --fetch-retries 1 --loglevel error "$rest" \
		>>"$dir/npm.log" 2>&1) || skip "npm could not fetch $rest"
	tar -xzOf "$dir"/octokit-openapi-*.tgz "$rest_file" >"$dir/github.json.new" ||
		skip "$rest holds no $rest_file"
	rm -f "$dir"/octokit-openapi-*.tgz
	mv "$dir/github.json.new" "$dir/github.json"
fi
printf '%s' "$packages $rest" >"$dir/version"
