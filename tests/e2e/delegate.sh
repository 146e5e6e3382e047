#!/bin/bash
# An agent that works elsewhere (SPEC 2.22): its issue is delegated after the approval, its
# branch comes back by a real remote, and is reviewed and landed like any other.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"

plan=2026-11-22-try-it.md
waits_for_approval() { equals "$(look 'plan["batches"][-1]["state"]')" awaiting-approval; }
delegation() { look "s['$1']['delegation']['$2']"; }
delegation_is() { equals "$(delegation "$1" "$2")" "$3"; }
branch_is() { equals "$(field "$1" branch)" "$2"; }
delegate_of() { divisi issue show "$1" --json | python3 -c 'import json,sys; print(json.load(sys.stdin).get("delegate") or "")'; }
has_delegate() { equals "$(delegate_of "$1")" "$2"; }
main_has() { git cat-file -e "main:$1"; }
# theirs BRANCH FILE: what an agent elsewhere pushes, from a clone of its own.
theirs() {
	rm -rf "$scratch/theirs"
	git clone --quiet "$scratch/origin.git" "$scratch/theirs" &&
		git -C "$scratch/theirs" checkout --quiet -B "$1" &&
		echo "made elsewhere" >"$scratch/theirs/$2" &&
		git -C "$scratch/theirs" add "$2" &&
		git -C "$scratch/theirs" commit --quiet -m "T-11: $2" &&
		git -C "$scratch/theirs" push --quiet origin "$1"
}

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git init --quiet --bare "$scratch/origin.git" && git remote add origin "$scratch/origin.git"
git push --quiet origin main
git config divisi.verify true
git config divisi.publish none
fake_plan "$plan" <<END
1A|quick|Agent: Factory; Writes: \`a.txt\`|make a.txt
1B|quick|Agent: Robot; Writes: \`b.txt\`|make b.txt
END

claim "Factory wants a template of its own (R-94)" says 'G15.*template' divisi dispatch "$plan"
git config divisi.agent.factory.template web
git config divisi.agent.robot.adapter delegate
git config divisi.agent.robot.branch 'robot/{issue}'
git config divisi.agent.robot.pickup-timeout 1
git config divisi.agent.robot.fallback 'factory claude'
divisi dispatch "$plan" >"$scratch/table" 2>&1
claim "the table is made" until_true waits_for_approval
claim "it has no worktree for them" says 'Factory *\| *n/a' cat "$scratch/table"
claim "and an agent of the settings" says 'robot *\| *n/a' cat "$scratch/table"
issue=$(field 1A sub_issue)
claim "nobody has it before the approval (A-20)" has_delegate "$issue" ""
claim "its prompt says how to end (R-93)" says 'Open one pull request to .main' divisi issue show "$issue"
claim "it is approved" approve_table
claim "then it is Factory's (R-90)" until_true has_delegate "$issue" Factory
claim "and waits to be picked up" becomes 1A unconfirmed
claim "why says so, with the limit" until_true says 'no pickup yet \(limit 30 min' divisi why 1A
claim "one whose limit is over stalls (J-38)" becomes 1B stalled
claim "and names who is next in order (R-234)" says 'divisi delegate S-B --to factory' divisi why 1B
claim "status asks a person" says 'NEEDS YOU.*did not pick it up' divisi status
claim "whom nobody approved cannot have it (G15)" says 'G15.*approved table' divisi delegate 1B --to warp
claim "an agent launched here is none of these" says 'robot, factory' divisi delegate 1B

claim "it pushes a branch of its own name" theirs factory/T-11-as-i-like a.txt
claim "that is a pickup" becomes 1A active
claim "its issue moves with it" until_true says 'In Progress' divisi issue show "$issue"
claim "the branch is known (R-87)" until_true delegation_is 1A branch factory/T-11-as-i-like
claim "nothing is taken before it says that it is done" equals "$(field 1A head)" ""
divisi issue move "$issue" "In Review"
claim "its issue says so: it is fetched and waits for review" becomes 1A in-review
claim "under its own branch" branch_is 1A factory/T-11-as-i-like
claim "the registry of the plan has that" until_true says 'factory/T-11-as-i-like' cat "$plan"
claim "it is pinned" git rev-parse --verify --quiet "refs/divisi/$(field 1A id)/head"
claim "it wrote what it declared" equals "$(field 1A stray)" ""
claim "a person lands it" divisi merge 1A --yes
claim "it lands" becomes 1A "done"
claim "main has it" main_has a.txt
claim "nobody has its issue any more (R-197)" until_true has_delegate "$issue" ""

issue=$(field 1B sub_issue)
claim "the stalled one goes to the next" divisi delegate 1B --to factory
claim "who had it loses it first (R-86)" until_true has_delegate "$issue" Factory
claim "the table's second agent has it" equals "$(field 1B agent)" factory
claim "it works on a branch nobody would find" theirs quite/another secret.txt
claim "a person names that" divisi delegate 1B --branch quite/another --done
claim "it is fetched and waits" becomes 1B in-review
claim "what it wrote beside is told (G21)" says 'secret.txt' field 1B stray
claim "it lands too" divisi merge 1B --yes
claim "like any other" becomes 1B "done"
claim "the server is told of no trouble" until_true says 'complete' look 'plan["state"]'
e2e_end
