#!/bin/bash
# The claude adapter's command line, input and translation against the real Claude Code and a
# model of our own on loopback (claude/drive.mjs): a line for each of its scenarios.
. "$(dirname "$0")/lib.sh"
e2e_begin "$@"

[ -n "$E2E_CLAUDE" ] || skip_all "Claude Code is not installed (./check installs it from npm)"
command -v node >/dev/null || skip_all "node is not installed"

node "$top/tests/e2e/claude/drive.mjs" "$E2E_CLAUDE" claude_lines >driven 2>&1
while read -r line; do
	case $line in
	"ok "*) claim "${line#ok }" true ;;
	"not ok "*) claim "${line#not ok }" false ;;
	*) echo "# $line" ;;
	esac
done <driven
claim "the driver ran" grep -q '^ok ' driven

e2e_end
