#!/bin/bash
# A target that is protected on GitHub: nobody pushes to it, pull requests are merged there
# (divisi.publish = forge), at the commit that was tested; through checks, a review that is
# missing, an answer that is lost, a server that dies, and a target that moves.
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
of() {
	curl -sS "$there/control" | python3 -c '
import json, sys
t = json.load(sys.stdin)
print(eval(sys.argv[1], {"t": t, "mine": t["mine"], "pulls": t["requested"]}))' "$1"
}
there_is() { equals "$(of "$1")" "$2"; }
origin=$scratch/origin.git
same_main() { equals "$(git rev-parse main)" "$(git -C "$origin" rev-parse main)"; }
no_server() { [ -z "$(server_pid)" ]; }

export GITHUB_TOKEN=lin_api_test_secret_token
fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git init --quiet --bare "$origin" && git remote add origin "$origin"
git push --quiet origin main
# As GitHub refuses a push to a protected branch.
git -C "$origin" config receive.procReceiveRefs refs/heads/main
cat >"$origin/hooks/proc-receive" <<'END'
#!/usr/bin/env python3
import sys

def lines():
    while (n := int(sys.stdin.buffer.read(4), 16)) > 0:
        yield sys.stdin.buffer.read(n - 4)

def say(line):
    sys.stdout.buffer.write(b"%04x%s0000" % (len(line) + 4, line))
    sys.stdout.buffer.flush()

list(lines())
say(b"version=1\0")
for command in list(lines()):
    say(b"ng %s protected branch hook declined" % command.split()[2].split(b"\0")[0])
END
chmod 755 "$origin/hooks/proc-receive"
order '{"reset": true, "seed": 7, "git": "'"$origin"'"}'
git config divisi.tracker github
git config divisi.tracker.team acme/gates
git config divisi.tracker.url "$there/api/v3"
git config divisi.merge auto
git config divisi.publish forge
fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`|fake:write=a.txt:one fake:commit=a
1B|quick|Writes: \`b.txt\`|fake:write=b.txt:one fake:commit=b
2A|quick|Reads: \`a.txt\`; Writes: \`c.txt\`|fake:write=c.txt:one fake:commit=c
3A|quick|Reads: \`c.txt\`; Writes: \`d.txt\`|fake:write=d.txt:one fake:commit=d
4A|quick|Reads: \`d.txt\`; Writes: \`e.txt\`|fake:write=e.txt:one fake:commit=e
5A|quick|Reads: \`e.txt\`; Writes: \`f.txt\`|fake:write=f.txt:one fake:commit=f
END
n=0
for id in T-100 T-11 T-12 T-21 T-31 T-41 T-51; do
	n=$((n + 1))
	sed -i "s|\[$id\([]:]\)|[#$n\1|g; s|(local:$id)|($issues/$n)|g" "$plan"
done
git commit --quiet --allow-empty -m "Straight to main"
claim "nobody can push to main" says 'protected branch hook declined' git push origin main
git reset --quiet --hard HEAD^

# ---- what GitHub does not let through does not land ------------------------------------------

order '{"checks": [["in_progress", null]], "protects": "At least 1 approving review is required by reviewers with write access."}'
divisi dispatch "$plan" >/dev/null
claim "the table says what publishes" says 'forge' divisi status --json
approve_table >/dev/null
claim "checks that are not done hold it" until_true says 'checks of its pull request are not done' divisi why 1A
order '{"checks": [["completed", "success"]]}'
divisi merge --yes >/dev/null
claim "a review that is missing is told in GitHub's words" until_true says 'At least 1 approving review' divisi status
claim "with the command that goes on" says 'divisi merge 1[AB] --yes' divisi status
claim "that needs a person" says 'NEEDS YOU' divisi status
claim "nothing landed, here or there" same_main
claim "indeed" test ! -e a.txt

# ---- merged there, once -----------------------------------------------------------------------

order '{"protects": "", "fault": "lost", "n": 1, "only": "PUT"}'
divisi merge --yes >/dev/null
claim "it lands, though the answer to its merge was lost" becomes 1A "done"
claim "its pull request is merged there, not closed" there_is 'pulls[[x["head"] for x in pulls].index("command/2-work-on-1a")]["state"]' merged
claim "the next one is merged on top of that" becomes 1B "done"
claim "once" equals "$(git log --oneline --format=%s main -- a.txt | wc -l)" 1
claim "it is what was tested: squashed, one commit each" equals "$(git rev-list --count main)" 3
claim "main is the same here and there" same_main
claim "nothing was refused" says '^\{.*"unpublished":""' sh -c 'divisi status --json | tr -d " \n"'
claim "the issues are done" until_true there_is '[x["state"] for x in mine]' "['completed', 'completed']"
claim "the checkout is clean" is_clean . "$plan"

# ---- a target that moves there --------------------------------------------------------------

order '{"checks": [["in_progress", null]]}'
git config divisi.landing merge
divisi dispatch "$plan" >/dev/null
approve_table >/dev/null
claim "2A waits for its checks" until_true says 'checks of its pull request are not done' divisi why 2A
git -C "$origin" update-ref refs/heads/main \
	"$(GIT_COMMITTER_DATE=2026-01-01T00:00:00Z git -C "$origin" commit-tree -p main -m "By somebody else" "main^{tree}")"
order '{"checks": [["completed", "success"]]}'
divisi merge 2A --yes >/dev/null
claim "a target that moved there is told" until_true says 'main of origin has moved on' divisi why 2A
claim "with the command that takes it" says 'pull --ff-only origin main' divisi why 2A
git pull --quiet --ff-only origin main
divisi merge 2A --yes >/dev/null
claim "then it lands" becomes 2A "done"
claim "on top of that, as a merge" equals "$(git log -1 --format=%P main | wc -w)" 2
claim "and main is the same once more" same_main
claim "merged there as well" until_true there_is '[x["state"] for x in pulls]' "['merged', 'merged', 'merged']"

# ---- a person presses the button there ---------------------------------------------------------

order '{"checks": [["in_progress", null]]}'
divisi dispatch "$plan" >/dev/null
approve_table >/dev/null
claim "3A waits for its checks" until_true says 'checks of its pull request are not done' divisi why 3A
number=$(of 'pulls[-1]["number"]')
curl -sS -X PUT "$there/repos/acme/gates/pulls/$number/merge" -H "Authorization: Bearer $GITHUB_TOKEN" \
	-H "X-GitHub-Api-Version: 2022-11-28" -H "User-Agent: a person" -d '{"merge_method": "merge"}' >/dev/null
divisi merge 3A --yes >/dev/null
claim "merged there by hand, it lands as that" becomes 3A "done"
claim "and main is the same" same_main

# ---- the server dies after the merge there, before the journal has it ----------------------------

n_merges=$(git rev-list --count --merges main)
order '{"checks": [["completed", "success"]], "fault": "mute", "n": 1, "only": "PUT"}'
divisi dispatch "$plan" >/dev/null
approve_table >/dev/null
claim "4A is merged there, and nobody is told" until_true there_is 'pulls[-1]["state"]' merged
claim "it has not landed here" equals "$(git ls-tree --name-only main e.txt)" ""
claim "the server dies" kill -9 "$(server_pid)"
claim "it is gone" until_true no_server
claim "the next one finds that merge" becomes 4A "done"
claim "exactly one merge more" equals "$(git rev-list --count --merges main)" $((n_merges + 1))
claim "and main is the same after that" same_main
claim "by one pull request each" there_is '[x["state"] for x in pulls]' \
	"['merged', 'merged', 'merged', 'merged', 'merged']"

# ---- a push is refused -------------------------------------------------------------------------

git config divisi.publish branch
divisi dispatch "$plan" >/dev/null
approve_table >/dev/null
claim "with branch it lands here" becomes 5A "done"
claim "that it is protected there is told, with the mend" until_true says 'main was not pushed: .*protected there.*divisi.publish forge' divisi status
claim "each agent was started once" equals "$(sort "$scratch/started" | uniq -d)/$(wc -l <"$scratch/started")" /6
e2e_end
