#!/bin/sh
# Makes any command an agent: runs it in the worktree and commits what it changed.
#
#   git config divisi.agent.command.program /path/to/oneshot.sh
#   git config --add divisi.agent.command.args make
#   git config --add divisi.agent.command.args format
#
# The prompt is not read further than its first message: a command knows what it does.
failed() { printf '{"type":"failed","reason":"%s"}\n' "$1"; exit 0; }
[ $# -gt 0 ] || failed "oneshot.sh has no command"
IFS= read -r _ || exit 1
echo '{"type":"started"}'
if [ "$DIVISI_LAUNCH_AS" = plan ]; then
	echo '{"type":"ask","id":"plan-1","kind":"plan","text":"Run the command"}'
	while IFS= read -r line; do
		case $line in *'"type":"answer"'* | *'"type":"stop"'*) break ;; esac
	done
	case $line in *'"decision":"allow"'*) ;; *) failed "not approved" ;; esac
fi
"$@" >&2 || failed "the command failed; see the error log of the run"
for name in index HEAD "$(git symbolic-ref HEAD)"; do
	rm -f "$(git rev-parse --git-path "$name.lock")" # of a run of ours that was killed
done
if [ -n "$(git status --porcelain)" ]; then
	{ git add -A && git commit -q -m "Run ${1##*/}" >&2; } || failed "git could not commit"
fi
echo '{"type":"done","summary":"changed and committed"}'
