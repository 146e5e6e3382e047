#!/bin/bash
# What is wrong with a tracker or its settings, as a person meets it: on Linear and on GitHub
# (their published schemas, executed on loopback) a dispatch is refused in words that name
# what is wrong and never the token; nothing is filed twice when it is right again.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
if [ ! -f "${E2E_TRACKERS:-}/version" ] || ! node --version >/dev/null 2>&1; then
	skip_all "graphql-js and the schemas are not there (./check fetches them from npm)"
fi

plan=2026-11-22-try-it.md
token=lin_api_test_secret_token
order() { curl -sS "$there/control" -d "$1" >/dev/null; }
of() {
	curl -sS "$there/control" | python3 -c '
import json, sys
t = json.load(sys.stdin)
print(eval(sys.argv[1], {"t": t, "mine": t["mine"]}))' "$1"
}
there_is() { equals "$(of "$1")" "$2"; }
waits_for_approval() { equals "$(look 'plan["batches"][-1]["state"]')" awaiting-approval; }

# refuses PATTERN MEND: a dispatch ends with an error that says so and what mends it, files
# nothing and prints no token.
refuses() {
	divisi dispatch "$plan" >"$scratch/said" 2>&1
	local status=$?
	cat "$scratch/said"
	[ "$status" = 3 ] && grep -qE -- "cannot be prepared: .*$1" "$scratch/said" &&
		grep -qE -- "fix: .*$2" "$scratch/said" && ! grep -q "$token" "$scratch/said" &&
		equals "$(of 'len(mine)')" 0
}
# Whatever the tracker answers, as often as it is asked.
refuses_all() {
	local fault said mend
	while IFS='|' read -r fault said mend; do
		order '{"fault": "'"$fault"'", "n": 1000}'
		claim "$server: $fault is told with its mend (J-26)" refuses "$said" "$mend"
	done
	order '{}'
}
# Once it is right again the same command goes on: one of each, the text as it was written.
goes_on() {
	divisi dispatch "$plan" >/dev/null 2>&1
	claim "$server: mended, each session is filed once (S-21)" until_true there_is 'len(mine)' 2
	claim "$server: it waits for approval" until_true waits_for_approval
	claim "$server: HTML and emoji are there as they were written" \
		there_is 'sum("<img src=x onerror=alert(1)> & &lt;b&gt; 🎉 é" in x["body"] for x in mine)' 2
	claim "$server: it is approved" approve_table
	claim "$server: it runs" becomes 1A "done"
	claim "$server: all of it" becomes 1B "done"
	claim "$server: nothing stands twice" until_true there_is \
		'(len(mine), len(t["comments"]) == len(set(t["comments"])))' "(2, True)"
	claim "$server: the token is nowhere in what is kept" \
		sh -c "! grep -rq $token '$PWD' '$scratch/home'"
	divisi server --stop >/dev/null 2>&1
}

begin() {
	fake_repo "$scratch/$1" && cd "$scratch/$1" || exit 99
	git config divisi.merge auto
	fake_plan "$plan" <<'PLAN'
1A|quick|Writes: `a.txt`|fake:write=a.txt:one fake:commit=a
1B|quick|Writes: `b.txt`|fake:write=b.txt:one fake:commit=b
PLAN
	sed -i 's%^  - A program does it.%  - <img src=x onerror=alert(1)> \& \&lt;b\&gt; 🎉 é%' "$plan"
}

# ---- Linear ------------------------------------------------------------------------------

server=linear
coproc LINEAR { exec node "$top/tests/tracker/server_linear.mjs" "$E2E_TRACKERS"; }
read -r -t 60 port <&"${LINEAR[0]}"
there=http://127.0.0.1:$port
order '{"reset": true, "seed": ["T-100", "T-11", "T-12"]}'
export LINEAR_API_KEY=$token
begin linear
git config divisi.tracker linear
git config divisi.tracker.url "$there/graphql"
git config divisi.tracker.team NOPE
claim "linear: an unknown team is named, with the mend" refuses 'there is no team NOPE' 'divisi.tracker.team'
git config divisi.tracker.team CIA
git config divisi.tracker.project "No such project"
claim "linear: so is an unknown project" refuses 'no project called No such project' 'divisi.tracker.project'
git config --unset divisi.tracker.project
git config divisi.tracker.url "$there/elsewhere"
claim "linear: an address that is none of Linear's is told" refuses 'none of Linear.s .HTTP 404' 'divisi.tracker.url'
git config divisi.tracker.url "https://127.0.0.1:$port/graphql"
claim "linear: a failed TLS handshake is told" refuses 'TLS fails there' 'divisi.tracker.url'
git config divisi.tracker.url "$there/graphql"
refuses_all <<'END'
error200|out of order|wait until
refused200|Argument Validation Error|run the same command again
redirect|sends us elsewhere|divisi.tracker.url
401|the token is refused|LINEAR_API_KEY
429|limit|wait
END
order '{"archive": ["T-100"]}'
claim "linear: an archived parent is told" refuses 'the parent T-100 is archived' 'restore it in Linear'
order '{"restore": ["T-100"]}'
goes_on

# ---- GitHub ------------------------------------------------------------------------------

eval "exec ${LINEAR[1]}>&-" # it ends with its input
wait "$LINEAR_PID"
server=github
coproc GITHUB { exec node "$top/tests/tracker/server_github.mjs" "$E2E_TRACKERS"; }
read -r -t 60 port <&"${GITHUB[0]}"
there=http://127.0.0.1:$port
order '{"reset": true, "seed": 3}'
export GITHUB_TOKEN=$token
unset LINEAR_API_KEY
begin github
n=0
for id in T-100 T-11 T-12; do
	n=$((n + 1))
	sed -i "s|\[$id\([]:]\)|[#$n\1|g; s|(local:$id)|(https://github.com/acme/gates/issues/$n)|g" "$plan"
done
git config divisi.tracker github
git config divisi.tracker.url "$there"
git config divisi.tracker.team acme/none
claim "github: an unknown repository is named, with the mend" refuses 'acme/none' 'divisi.tracker.team'
git config divisi.tracker.team acme/gates
git config divisi.tracker.url "https://127.0.0.1:$port"
claim "github: a failed TLS handshake is told" refuses 'TLS fails there' 'divisi.tracker.url'
git config divisi.tracker.url "$there"
refuses_all <<'END'
html|is no JSON|divisi.tracker.url
401|the token is refused|GITHUB_TOKEN
secondary|limit|wait
readonly|archived|divisi.tracker.team
END
goes_on
e2e_end
