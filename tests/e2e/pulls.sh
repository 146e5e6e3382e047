#!/bin/bash
# Pull requests of a plan whose phases work in several repositories (`Repo:`): each in its own
# repository, each closing the session's issue, merged in the order that the plan wants; and
# those of a plan whose issues are on Linear, or in the built-in tracker.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
. "$(dirname "$0")/trackers.sh"
e2e_begin "$@"
needs_trackers

plan=2026-11-22-try-pulls.md
start_tracker github
export GITHUB_TOKEN=$token

# A repository with a remote, and a clone of a library beside it.
remote() {
	git init --quiet --bare "$scratch/$1.git"
	git -C "$2" remote add origin "$3"
	git -C "$2" config "url.$scratch/$1.git.insteadOf" "$3"
	git -C "$2" push --quiet origin "$4"
}
fake_repo "$scratch/gates" && new_repo "$scratch/lib" && cd "$scratch/gates" || exit 99
lib=$scratch/lib
git -C "$lib" branch --quiet -m trunk
git -C "$lib" config divisi.main trunk
remote gates "$scratch/gates" git@127.0.0.1:acme/gates.git main
remote lib "$lib" "$scratch/lib.git" trunk
order '{"reset": true, "seed": 7, "git": "'"$scratch/gates.git"'", "others": {"acme/lib": "'"$scratch/lib.git"'"}}'
git config divisi.repo.lib.path ../lib
git config divisi.tracker github
git config divisi.tracker.team acme/gates
git config divisi.tracker.url "$there/api/v3"
git config divisi.merge auto
git config divisi.publish pr
write_plan() {
	fake_plan "$plan" <<'END'
1A|quick|Repo: lib; Produces: `api:parse/1`; Writes: `parse.txt`|fake:write=parse.txt:one fake:commit=a
1B|quick|Writes: `b.txt`|fake:write=b.txt:one fake:commit=b
2A|quick|Consumes: `api:parse/1`; Writes: `use.txt`|fake:write=use.txt:one fake:commit=c
3A|quick|Repo: lib; Reads: `parse.txt`; Writes: `more.txt`|fake:write=more.txt:one fake:commit=d
4A|quick|Reads: `use.txt`; Writes: `last.txt`|fake:write=last.txt:one fake:commit=e
4B|quick|Repo: lib; Reads: `more.txt`; Writes: `end.txt`|fake:write=end.txt:one fake:commit=f
END
}
write_plan
numbered "$plan" T-100 T-11 T-12 T-21 T-31 T-41 T-42
pull_at() { of "[(x['head'], x['state']) for x in pulls if x['repo'] == 'acme/$1']"; }
pulls_are() { equals "$(pull_at "$1")" "$2"; }
same_there() { equals "$(git -C "$1" rev-parse "$2")" "$(git -C "$scratch/$3.git" rev-parse "$2")"; }

# ---- where they go is known before anything is filed -----------------------------------------

claim "a repository that nobody placed on GitHub is refused" says 'phase 1A, repository lib: nothing says which repository of GitHub' divisi dispatch "$plan"
claim "with the mend" says 'fix: git -C .*/lib config divisi.forge.repo OWNER/NAME' divisi dispatch "$plan"
claim "and nothing is filed" there_is 'len(mine)' 0
git -C "$lib" config divisi.forge.repo "not a place"
claim "so is one that cannot be" says "divisi.forge.repo is 'not a place'" divisi dispatch "$plan"
git -C "$lib" config --unset divisi.forge.repo
git -C "$lib" remote set-url origin git@127.0.0.1:acme/lib.git
git -C "$lib" config --add "url.$scratch/lib.git.insteadOf" git@127.0.0.1:acme/lib.git

# ---- one each, in its own repository ---------------------------------------------------------

order '{"checks": [["in_progress", null]]}'
claim "the address of its remote says it: the table names the place" says 'opened in acme/lib' divisi dispatch "$plan"
approve_table >/dev/null
claim "1A waits for its checks" until_true says 'checks of its pull request are not done' divisi why 1A
claim "1B too" until_true says 'checks of its pull request are not done' divisi why 1B
claim "the library has a pull request" pulls_are lib "[('$(field 1A branch)', 'open')]"
claim "the plan's own repository has one" pulls_are gates "[('$(field 1B branch)', 'open')]"
claim "that closes its issue, by its whole name from elsewhere" there_is \
	"sorted(x['repo'] + ' ' + x['body'].strip().split('\n')[-1] for x in pulls)" \
	"['acme/gates Closes $(field 1B sub_issue)', 'acme/lib Closes acme/gates$(field 1A sub_issue)']"
claim "its branch is at its own remote" equals "$(git -C "$scratch/lib.git" rev-parse "$(field 1A branch)")" "$(git -C "$lib" rev-parse "$(field 1A branch)")"
claim "and not at the other" eval '! git -C "$scratch/gates.git" rev-parse --verify --quiet "$(field 1A branch)"'
claim "status has its address" says '/acme/lib/pull/1' divisi status --json
order '{"checks": [["completed", "success"]]}'
divisi merge --yes >/dev/null
claim "1A lands" becomes 1A "done"
claim "1B lands" becomes 1B "done"
claim "the library's remote has it" until_true same_there "$lib" trunk lib
claim "the other's too" until_true same_there . main gates
claim "the library's pull request is closed with what landed" until_true pulls_are lib "[('$(field 1A branch)', 'closed')]"
claim "the other one too" until_true pulls_are gates "[('$(field 1B branch)', 'closed')]"
claim "each says so once" until_true there_is 'sum("Landed as" in c for c in t["comments"])' 2

# ---- merged there, in order across repositories ----------------------------------------------

git config divisi.publish forge
order '{"protects": "Nobody may."}'
divisi dispatch "$plan" >/dev/null 2>&1
claim "what uses the interface begins after it landed elsewhere" equals "$(look 'sorted(x["phase"] for x in plan["batches"][-1]["sessions"])')" "['2A', '3A']"
approve_table >/dev/null
claim "GitHub's refusal holds whichever is first" until_true says 'Nobody may' divisi status
claim "nothing landed in the library" equals "$(git -C "$lib" ls-tree --name-only trunk more.txt)" ""
order '{"protects": "", "fault": "lost", "n": 1, "only": "PUT"}'
divisi merge --yes >/dev/null
claim "3A is merged there, though the answer is lost" becomes 3A "done"
claim "2A too" becomes 2A "done"
claim "by GitHub itself" until_true pulls_are lib "[('$(field 1A branch)', 'closed'), ('$(field 3A branch)', 'merged')]"
claim "the branch of the library is the same here and there" same_there "$lib" trunk lib
claim "the other one as well" same_there . main gates
claim "their issues are done" until_true there_is '[x["state"] for x in mine]' "['completed', 'completed', 'completed', 'completed']"
claim "the checkouts are clean" eval 'is_clean . "$plan" && is_clean "$lib"'

# ---- one remote refuses, the other does not ----------------------------------------------------

git config divisi.publish pr
printf '#!/bin/sh\nexec 2>&1\nwhile read -r _ _ ref; do [ "$ref" != refs/heads/trunk ] || exit 1; done\n' >"$scratch/lib.git/hooks/pre-receive"
chmod 755 "$scratch/lib.git/hooks/pre-receive"
divisi dispatch "$plan" >/dev/null 2>&1
approve_table >/dev/null
claim "4A lands" becomes 4A "done"
claim "4B lands here" becomes 4B "done"
claim "that the library was not pushed is told, with its own place" until_true says "$lib was not pushed" divisi status
claim "the pull request of what was pushed is closed" until_true there_is \
	"[x['state'] for x in pulls if x['head'] == '$(field 4A branch)']" "['closed']"
claim "that of what was not stays open" there_is \
	"[x['state'] for x in pulls if x['head'] == '$(field 4B branch)']" "['open']"
claim "no agent was started twice" equals "$(sort "$scratch/started" | uniq -d)/$(wc -l <"$scratch/started")" /6
claim "the token is nowhere in what is kept" keeps_no_token
divisi server --stop >/dev/null 2>&1

# ---- issues on Linear, pull requests on GitHub -----------------------------------------------

forge=$there
start_tracker linear
order '{"reset": true, "seed": ["T-100", "T-11"]}'
export LINEAR_API_KEY=$token
fake_repo "$scratch/both" && cd "$scratch/both" || exit 99
remote both "$scratch/both" "$scratch/both.git" main
git config divisi.tracker linear
git config divisi.tracker.team CIA
git config divisi.tracker.url "$there/graphql"
git config divisi.merge auto
git config divisi.publish pr
git config divisi.forge.url "$forge/api/v3"
fake_plan "$plan" <<'END'
1A|quick|Writes: `a.txt`|fake:write=a.txt:one fake:commit=a
END
claim "a team on Linear names its repository" says 'fix: git -C .* config divisi.forge.repo' divisi dispatch "$plan"
git config divisi.forge.repo acme/both
at github
order '{"reset": true, "others": {"acme/both": "'"$scratch/both.git"'"}, "checks": [["in_progress", null]]}'
divisi dispatch "$plan" >/dev/null
approve_table >/dev/null
claim "its pull request is on GitHub" until_true says 'checks of its pull request are not done' divisi why 1A
claim "and closes the issue on Linear" there_is 'pulls[0]["body"].strip().split("\n")[-1]' "Closes $(field 1A sub_issue)"
order '{"checks": [["completed", "success"]]}'
divisi merge --yes >/dev/null
claim "it lands by that" becomes 1A "done"
claim "the pull request is closed there" until_true there_is '[x["state"] for x in pulls]' "['closed']"
at linear
claim "the issue is done on Linear" until_true there_is '[x["state"] for x in mine]' "['Done']"
claim "no token is kept" keeps_no_token
divisi server --stop >/dev/null 2>&1

# ---- issues in the built-in tracker -----------------------------------------------------------

unset LINEAR_API_KEY
at github
fake_repo "$scratch/own" && cd "$scratch/own" || exit 99
remote own "$scratch/own" "$scratch/own.git" main
git config divisi.merge auto
git config divisi.publish forge
git config divisi.forge.url "$there/api/v3"
git config divisi.forge.repo acme/own
order '{"reset": true, "others": {"acme/own": "'"$scratch/own.git"'"}}'
fake_plan "$plan" <<'END'
1A|quick|Writes: `a.txt`|fake:write=a.txt:one fake:commit=a
END
divisi dispatch "$plan" >/dev/null
approve_table >/dev/null
claim "with issues of our own its pull request is merged on GitHub, too" becomes 1A "done"
claim "once" there_is '[x["state"] for x in pulls]' "['merged']"
claim "and closes nothing there" there_is '"Closes" in pulls[0]["body"]' False
claim "its own issue is done" until_true says 'Done' divisi issue show "$(field 1A sub_issue)"
e2e_end
