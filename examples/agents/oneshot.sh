#!/bin/sh
# Makes any command an agent: runs it in the worktree and commits what it changed.
#
#   git config divisi.agent.command.program /path/to/oneshot.sh
#   git config --add divisi.agent.command.args make
#   git config --add divisi.agent.command.args format
#
# The prompt is not read further than its first message: a command knows what it does.
[ $# -gt 0 ] || { echo '{"type":"failed","reason":"oneshot.sh has no command"}'; exit 2; }
IFS= read -r _ || exit 1
echo '{"type":"started"}'
if ! "$@" >&2; then
	echo '{"type":"failed","reason":"the command failed; see the error log of the run"}'
elif [ -z "$(git status --porcelain)" ]; then
	echo '{"type":"done","summary":"nothing had to be changed"}'
elif git add -A && git commit -q -m "Run ${1##*/}" >&2; then
	echo '{"type":"done","summary":"changed and committed"}'
else
	echo '{"type":"failed","reason":"git could not commit"}'
fi
