#!/bin/bash
# `divisi doctor agents` and the catalogue (R-226): what an agent's program is and can do is
# asked of it once, kept until it changes, and told with what is missing and how to mend it.
# And what a project says of its agents is read: agent.NAME.env, .modes, divisi.env.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"

mkdir "$scratch/programs"
PATH=$scratch/programs:$PATH
export ANTHROPIC_API_KEY=dummy
# claude_is VERSION OPTION...: a program that says so of itself, and notes that it was asked.
claude_is() {
	local version=$1
	shift
	cat >"$scratch/programs/claude.new" <<END
#!/bin/sh
echo "\$1 in \$PWD" >>"$scratch/asked"
case \$1 in
--version) echo "$version (Claude Code)" ;;
--help) echo "Usage: claude"; for o in $*; do echo "  \$o  what it does"; done ;;
esac
END
	chmod 755 "$scratch/programs/claude.new" &&
		mv "$scratch/programs/claude.new" "$scratch/programs/claude"
}
of_claude() {
	divisi doctor agents --json | python3 -c '
import json, sys
c = next(a for a in json.load(sys.stdin) if a["name"] == "claude")
can = {a["name"]: a["has"] for a in c["abilities"]}
sys.exit(not eval(sys.argv[1]))' "$1"
}
all="--input-format --permission-mode --session-id --resume --name --max-budget-usd --settings"

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
# shellcheck disable=SC2086
claude_is 2.1.330 $all
claim "one that can all is usable" of_claude 'c["usable"] and all(can.values())'
claim "its version was tried: no note" of_claude 'c["note"] is None and c["cached"]'
claim "it was asked once, though looked at twice" \
	equals "$(grep -c -- --help "$scratch/asked")" 1
claim "in a scratch worktree" grep -q -- "--help in $TMPDIR/divisi-doctor" "$scratch/asked"
claim "of which nothing is left" test -z "$(find "$TMPDIR" -name 'divisi-doctor.*')"
# shellcheck disable=SC2086
claude_is 9.0.0 $all
claim "a program that was replaced is asked again" of_claude 'not c["cached"]'
claim "a version that nobody tried is noted, and used" \
	of_claude '"newer" in c["note"] and c["usable"]'
claude_is 2.1.330 --input-format --permission-mode --session-id --resume --settings
claim "what it has no word for is told" says 'has no name' divisi doctor agents
claim "with what is not had then" says 'only divisi ends it at its budget' divisi doctor agents
claim "it is usable all the same" of_claude 'c["usable"] and not can["budget"]'
claude_is 1.0.0 --resume --named --renamed --no-name
claim "a part of another word is no word" of_claude 'not can["name"]'
claim "one without what is needed is not usable" of_claude 'not c["usable"]'
claim "and how to mend it is told" of_claude '"2.1.330" in c["fix"]'
claim "nor is one that nobody is logged in to" \
	bash -c 'unset ANTHROPIC_API_KEY; divisi doctor agents | grep -q "not logged in"'
rm "$scratch/programs/claude"
claim "of one that is missing is told how to get it" \
	says 'npm install -g @anthropic-ai/claude-code' divisi doctor agents
: >"$scratch/asked"
# shellcheck disable=SC2086
claude_is 2.1.330 $all && mv "$scratch/programs/claude" "$scratch/repo/evil"
mkdir .divisi
git config -f .divisi/config divisi.agent.claude.program ./evil
claim "what only the committed file names is not run" divisi doctor agents
claim "indeed" test ! -s "$scratch/asked"
rm -r .divisi evil

claim "the catalogue is data" bash -c 'divisi agent list --json | python3 -c "
import json, sys
a = {x[\"name\"]: x for x in json.load(sys.stdin)}
assert a[\"factory\"][\"latency\"] == \"under 5 min\" and a[\"factory\"][\"modes\"] == [\"quick\", \"tdd\"]
assert a[\"claude\"][\"newest\"] and a[\"chatprd\"][\"status\"] == \"demoted\""'

mkdir .divisi
git config -f .divisi/config divisi.agent.claude.status demoted
git config -f .divisi/config divisi.agent.ours.adapter acp
git config -f .divisi/config divisi.agent.ours.constraint "only on Mondays"
git config -f .divisi/config divisi.agent.ours.modes "quick tdd"
claim "and a project adds to it" bash -c 'divisi agent list --json | python3 -c "
import json, sys
a = {x[\"name\"]: x for x in json.load(sys.stdin)}
assert a[\"claude\"][\"status\"] == \"demoted\" and a[\"codex\"][\"status\"] == \"adopted\"
assert a[\"ours\"][\"constraint\"] == \"only on Mondays\"
assert a[\"ours\"][\"adapter\"] == \"acp\" and a[\"ours\"][\"modes\"] == [\"quick\", \"tdd\"]"'
claim "on the screen, too" says 'ours .*only on Mondays' divisi agent list
rm -r .divisi

# What a project says of an agent.
export ONE=1 TWO=2 THREE=3 SECRET=4
git config divisi.env ONE
git config --add divisi.env TWO
git config divisi.agent.command.env THREE
git config divisi.agent.command.modes "quick tdd"
fake_plan 2026-11-22-test-env.md <<'END'
1A|quick|Writes: `1a`|fake:bash=env >1a fake:commit=1a
END
claim "the table waits" divisi_fails 4 dispatch 2026-11-22-test-env.md
claim "it is approved" approve_table
claim "it is done" becomes 1A in-review
has_variables() {
	git cat-file -p "$(field 1A branch):1a" | grep -E '^(ONE|TWO|THREE|SECRET)=' | sort |
		tr '\n' ' ' | grep -qx 'ONE=1 THREE=3 TWO=2 '
}
claim "it had the variables that are named, and no other" has_variables
fake_plan 2026-11-22-test-mode.md <<'END'
2A|pair|Writes: `2a`|fake:write=2a:x
END
claim "a mode that the project does not give it is refused (G15)" \
	divisi_fails 3 dispatch 2026-11-22-test-mode.md
divisi server --stop >/dev/null

e2e_end
