#!/bin/bash
# Sessions whose issues live on GitHub and on Linear: who was silent for too long is told
# (R-40), and a review that comes from elsewhere (options A to C and H) is asked for where who
# reviews looks: on GitHub on the pull request, on Linear on the issue; its answer is recorded.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
. "$(dirname "$0")/trackers.sh"
e2e_begin "$@"
needs_trackers

plan=2026-11-22-try-it.md
stale() { divisi stale --json | python3 -c 'import json,sys; o=json.load(sys.stdin); print(eval(sys.argv[1], {"o": o, "i": o["issues"]}))' "$1"; }
stale_is() { equals "$(stale "$1")" "$2"; }
review_of() { look "[r for r in status['reviews'] if r['session'] == '$(field 1A id)'][0]['$1']"; }
begin() {
	fake_repo "$scratch/$server" && cd "$scratch/$server" || exit 99
	fake_plan "$plan" <<PLAN
1A|quick|Writes: \`a.txt\`; Review: post-session|fake:write=a.txt:one fake:commit=a fake:wait=$scratch/go.$server
PLAN
	git config divisi.merge ask
}
works() {
	divisi dispatch "$plan" >/dev/null 2>&1
	claim "$server: it waits for approval" until_true waits_for_approval
	claim "$server: nothing filed is under way, so nothing is stale" stale_is 'i' '[]'
	claim "$server: it is approved" approve_table
	claim "$server: it works" becomes 1A active
	claim "$server: it is under way there" until_true stale_is '[(x["id"], x["status"], x["context"]) for x in i]' \
		"[('$(field 1A sub_issue)', 'In Progress', 'autonomous')]"
	claim "$server: nobody wrote to it for longer than its context may take (R-40)" stale_is \
		'[(x["state"], x["limit_ms"]) for x in i]' "[('stale', 1800000)]"
	claim "$server: a person is told what to do" says "$(field 1A sub_issue).*autonomous" divisi stale
	touch "$scratch/go.$server"
	claim "$server: it is delivered" becomes 1A in-review
}
# is_asked PLACE LETTER: the request stands there, and what waits says so.
is_asked() {
	claim "$server: option $2 is asked on $1" says "option $2 is asked on $1( since [^ ]*)? and waits for an answer" \
		divisi review 1A --option "$2"
	claim "$server: again it is the same" divisi review 1A --option "$2"
	claim "$server: the request of option $2 stands once" until_true there_is \
		"sum('Review request' in c and 'option $2' in c for c in t['comments'])" 1
}

# ---- Linear: on the issue ------------------------------------------------------------------

start_tracker linear
order '{"reset": true, "seed": ["T-100", "T-11"]}'
export LINEAR_API_KEY=$token
begin
git config divisi.tracker linear
git config divisi.tracker.url "$there/graphql"
git config divisi.tracker.team CIA
works
is_asked "$(field 1A sub_issue)" A
claim "linear: its answer is taken in" divisi feedback add --kind comment --issue "$(field 1A sub_issue)" "REQUEST CHANGES
It says one."
claim "linear: as the record of that option" until_true eval \
	'equals "$(review_of recommendation) $(review_of option)" "REQUEST CHANGES A"'
claim "linear: its finding keeps it from merging (M01)" says 'M01' divisi merge 1A --yes
claim "linear: a person decides" divisi findings decide 'reject I1: one is right' --of 1A --yes
claim "linear: it lands" divisi merge 1A --yes
claim "linear: and is done" becomes 1A "done"
divisi server --stop >/dev/null 2>&1
unset LINEAR_API_KEY
stop_tracker linear

# ---- GitHub: on the pull request -----------------------------------------------------------

start_tracker github
export GITHUB_TOKEN=$token
begin
git init --quiet --bare "$scratch/origin.git" && git remote add origin "$scratch/origin.git"
git push --quiet origin main
order '{"reset": true, "seed": 2, "git": "'"$scratch/origin.git"'"}'
numbered "$plan" T-100 T-11
git config divisi.tracker github
git config divisi.tracker.url "$there"
git config divisi.tracker.team acme/gates
git config divisi.publish pr
works
claim "github: its pull request is open" until_true there_is '[x["state"] for x in t["requested"]]' "['open']"
number=$(of 't["requested"][0]["number"]')
knows_pull() { equals "$(look "s['1A']['pull']['number']")" "$number"; }
claim "github: divisi knows it" until_true knows_pull
is_asked "#$number" C
on_pull() {
	curl -sS -H "Authorization: Bearer $token" -H 'X-GitHub-Api-Version: 2022-11-28' \
		"$there/repos/acme/gates/issues/$number/comments"
}
claim "github: on the pull request itself (J-8)" says 'Review request' on_pull
claim "github: its answer there is taken in" divisi feedback add --kind comment \
	--pull "https://github.com/acme/gates/pull/$number" "APPROVE
It does what it says."
claim "github: as the record of that option" until_true eval \
	'equals "$(review_of recommendation) $(review_of option)" "APPROVE C"'
is_asked "#$number" H
claim "github: a person says yes to it" divisi findings decide 'agree all' --of 1A --yes
e2e_end
