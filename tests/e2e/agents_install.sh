#!/bin/sh
# Installs real agents from npm for tests, into a directory of the build tree.
#
#   agents_install.sh DIR AGENT...     each into DIR/AGENT; nothing is installed twice
#
# Exit 0: all are there.  Exit 77: "skipped: ..." says which are not, and why.  The versions
# are fixed: the newest that were tried.
set -u

dir=${1:?usage: agents_install.sh DIR AGENT...}
shift
missing=

package_of() {
	case $1 in
	codex) echo @openai/codex@0.169.0 ;;
	gemini) echo @google/gemini-cli@0.61.0 ;;
	opencode) echo opencode-ai@1.18.33 ;;
	copilot) echo @github/copilot@1.0.102 ;;
	claude-acp) echo @agentclientprotocol/claude-agent-acp@0.101.0 ;;
	codex-acp) echo @zed-industries/codex-acp@0.16.0 ;;
	esac
}

command -v npm >/dev/null || { echo "skipped: npm is not installed"; exit 77; }
for agent in "$@"; do
	package=$(package_of "$agent")
	[ -n "$package" ] || { echo "agents_install: no agent $agent"; exit 2; }
	mkdir -p "$dir/$agent"
	[ "$(cat "$dir/$agent/version" 2>/dev/null)" = "$package" ] && continue
	rm -rf "$dir/$agent/node_modules"
	if timeout 300 npm install --prefix "$dir/$agent" --no-audit --no-fund \
		--fetch-retries 1 --loglevel error "$package" >"$dir/$agent/npm.log" 2>&1; then
		printf '%s\n' "$package" >"$dir/$agent/version"
	else
		missing="$missing $agent"
	fi
done
[ -z "$missing" ] || { echo "skipped: npm could not install$missing"; exit 77; }
