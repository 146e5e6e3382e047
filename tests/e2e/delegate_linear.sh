#!/bin/bash
# An agent that takes work by delegation on Linear (SPEC 2.22), through an outage, a restart and
# somebody who gives its issue away.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
if [ ! -f "${E2E_TRACKERS:-}/version" ] || ! node --version >/dev/null 2>&1; then
	skip_all "graphql-js and the schema are not there (./check fetches them from npm)"
fi

plan=2026-11-22-try-it.md
coproc LINEAR { exec node "$top/tests/tracker/server_linear.mjs" "$E2E_TRACKERS"; }
read -r -t 60 port <&"${LINEAR[0]}"
there=http://127.0.0.1:$port
order() { curl -sS "$there/control" -d "$1" >/dev/null; }
query() { curl -sS "$there/graphql" -H "Authorization: $LINEAR_API_KEY" -H 'Content-Type: application/json' -d "$1"; }
delegate_of() { query "{\"query\": \"{ issue(id: \\\"$1\\\") { delegate { displayName } } }\"}" |
	python3 -c 'import json,sys; print((json.load(sys.stdin)["data"]["issue"]["delegate"] or {}).get("displayName", ""))'; }
has_delegate() { equals "$(delegate_of "$1")" "$2"; }
waits_for_approval() { equals "$(look 'plan["batches"][-1]["state"]')" awaiting-approval; }
no_server() { [ -z "$(server_pid)" ]; }
restart() { divisi server --stop >/dev/null 2>&1 && until_true no_server && divisi status; }
theirs() {
	rm -rf "$scratch/theirs"
	git clone --quiet "$scratch/origin.git" "$scratch/theirs" &&
		git -C "$scratch/theirs" checkout --quiet -B "$1" &&
		echo "made elsewhere" >"$scratch/theirs/$2" &&
		git -C "$scratch/theirs" add "$2" &&
		git -C "$scratch/theirs" commit --quiet -m "$2" &&
		git -C "$scratch/theirs" push --quiet origin "$1"
}

order '{"reset": true, "seed": ["T-100", "T-11", "T-12"]}'
export LINEAR_API_KEY=lin_api_test_secret_token
fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git init --quiet --bare "$scratch/origin.git" && git remote add origin "$scratch/origin.git"
git push --quiet origin main
git config divisi.tracker linear
git config divisi.tracker.team CIA
git config divisi.tracker.url "$there/graphql"
git config divisi.verify true
git config divisi.publish none
git config divisi.agent.factory.template web
fake_plan "$plan" <<END
1A|quick|Agent: Factory; Writes: \`a.txt\`|make a.txt
END

divisi dispatch "$plan" >/dev/null 2>&1
claim "the table waits" until_true waits_for_approval
issue=$(field 1A sub_issue)
claim "nobody has it before the approval (A-20)" has_delegate "$issue" ""
order '{"fault": "500", "n": 3}'
claim "it is approved" approve_table
claim "after an outage it is the agent's" until_true has_delegate "$issue" Factory
claim "it waits for the pickup" becomes 1A unconfirmed
claim "the server is started again" restart
claim "it still waits" becomes 1A unconfirmed
claim "the agent pushes" theirs factory/t-11-work a.txt
claim "that is its pickup" becomes 1A active
claim "nothing was given twice" has_delegate "$issue" Factory
claim "a person says that it is done" divisi delegate 1A --done
claim "it waits for review" becomes 1A in-review
claim "a person lands it" divisi merge 1A --yes
claim "it lands" becomes 1A "done"
claim "nobody has its issue any more (R-197)" until_true has_delegate "$issue" ""
e2e_end
