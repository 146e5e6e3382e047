#!/bin/bash
# Agents that take work by assignment on GitHub (SPEC 2.22): one that is assigned, one that a
# comment names; its pull request is seen, its checks hold the landing, it is closed at the end.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
if [ ! -f "${E2E_TRACKERS:-}/version" ] || ! node --version >/dev/null 2>&1; then
	skip_all "the description of GitHub's API is not there (./check fetches it from npm)"
fi

plan=2026-11-22-try-it.md
issues=https://github.com/acme/gates/issues
coproc GITHUB { exec node "$top/tests/tracker/server_github.mjs" "$E2E_TRACKERS"; }
read -r -t 60 port <&"${GITHUB[0]}"
there=http://127.0.0.1:$port
order() { curl -sS "$there/control" -d "$1" >/dev/null; }
api() { curl -sS -H "Authorization: Bearer $GITHUB_TOKEN" -H "X-GitHub-Api-Version: 2022-11-28" "$there/api/v3/repos/acme/gates/$1" "${@:2}"; }
# of PATH EXPRESSION: o is what the API tells there.
of() { api "$1" | python3 -c 'import json,sys; o=json.load(sys.stdin); print(eval(sys.argv[1], {"o": o}))' "$2"; }
of_is() { equals "$(of "$1" "$2")" "$3"; }
waits_for_approval() { equals "$(look 'plan["batches"][-1]["state"]')" awaiting-approval; }
theirs() {
	rm -rf "$scratch/theirs"
	git clone --quiet "$scratch/origin.git" "$scratch/theirs" &&
		git -C "$scratch/theirs" checkout --quiet -B "$1" &&
		echo "made elsewhere" >"$scratch/theirs/$2" &&
		git -C "$scratch/theirs" add "$2" &&
		git -C "$scratch/theirs" commit --quiet -m "$2" &&
		git -C "$scratch/theirs" push --quiet origin "$1"
}

export GITHUB_TOKEN=lin_api_test_secret_token
fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git init --quiet --bare "$scratch/origin.git" && git remote add origin "$scratch/origin.git"
git push --quiet origin main
order '{"reset": true, "seed": 3, "git": "'"$scratch/origin.git"'"}'
git config divisi.tracker github
git config divisi.tracker.team acme/gates
git config divisi.tracker.url "$there/api/v3"
git config divisi.verify true
git config divisi.publish branch
fake_plan "$plan" <<END
1A|quick|Agent: copilot-agent; Writes: \`a.txt\`|make a.txt
1B|quick|Agent: Codex cloud; Writes: \`b.txt\`|make b.txt
END
n=0
for id in T-100 T-11 T-12; do
	n=$((n + 1))
	sed -i "s|\[$id\([]:]\)|[#$n\1|g; s|(local:$id)|($issues/$n)|g" "$plan"
done

divisi dispatch "$plan" >/dev/null 2>&1
claim "the table waits" until_true waits_for_approval
a=$(field 1A sub_issue) b=$(field 1B sub_issue)
claim "nobody is assigned before the approval (A-20)" of_is "issues/${a#\#}" 'o["assignees"]' "[]"
claim "it is approved" approve_table
claim "Copilot is assigned" until_true of_is "issues/${a#\#}" '[x["login"] for x in o["assignees"]]' "['copilot-swe-agent[bot]']"
claim "Codex is named in a comment" until_true of_is "issues/${b#\#}/comments" 'sum("@codex" in x["body"] for x in o)' 1
claim "and not assigned as well (R-220)" of_is "issues/${b#\#}" 'o["assignees"]' "[]"
claim "one waits for its pickup" becomes 1A unconfirmed
claim "so does the other" becomes 1B unconfirmed

order '{"checks": [["in_progress", null]]}'
claim "Copilot pushes" theirs copilot/fix-something a.txt
api pulls -d "{\"title\": \"A\", \"head\": \"copilot/fix-something\", \"base\": \"main\", \"body\": \"Closes $a\"}" >/dev/null
claim "its pull request brings its branch (R-87)" becomes 1A in-review
claim "which is known" equals "$(field 1A branch)" copilot/fix-something
claim "a person lets it land" divisi merge 1A --yes
claim "its checks hold it (M01)" until_true says 'checks of its pull request are not done' divisi why 1A
order '{"checks": [["completed", "success"]]}'
claim "then it lands" becomes 1A "done"
claim "its issue is done" until_true of_is "issues/${a#\#}" '(o["state"], o["assignees"])' "('closed', [])"
claim "its pull request is closed, once the remote has it" until_true of_is pulls 'len(o)' 0

divisi say 1B "look at the tests too"
claim "words for Codex name it" until_true of_is "issues/${b#\#}/comments" 'sum(x["body"].startswith("@codex look at") for x in o)' 1
claim "and nobody else (R-77)" says 'T01' divisi say 1B "ask @cursor"
claim "Codex pushes a branch with the issue in its name" theirs "codex/${b#\#}-tests" b.txt
claim "that is its pickup" becomes 1B active
claim "a person says that this is all" divisi delegate 1B --done
claim "it waits for review" becomes 1B in-review
claim "it is merged" divisi merge 1B --yes
claim "and lands" becomes 1B "done"
claim "nothing waits in the outbox" until_true says '"pending":0' divisi outbox --json
e2e_end
