# shellcheck shell=bash disable=SC2154,SC2034
# The test servers of the trackers (tests/tracker/server_*.mjs), for tests that need one or
# both; after runs.sh.  What an e2e script says to them and asks of them is here.

token=lin_api_test_secret_token

# Skips the whole test where what the servers are made of was not fetched.
needs_trackers() {
	if [ ! -f "${E2E_TRACKERS:-}/version" ] || ! node --version >/dev/null 2>&1; then
		skip_all "graphql-js and the schemas are not there (./check fetches them from npm)"
	fi
}

# start_tracker NAME: linear or github; $there is its address, $server its name.
start_tracker() {
	[ -p "$scratch/nothing" ] || mkfifo "$scratch/nothing"
	server=$1
	# It ends when its input ends, which this one never does: stop_tracker, or the sweep.
	node "$top/tests/tracker/server_$1.mjs" "$E2E_TRACKERS" <>"$scratch/nothing" \
		>"$scratch/port.$1" 2>"$scratch/server.$1" &
	eval "tracker_pid_$1=$!"
	until_true test -s "$scratch/port.$1" || exit 99
	at "$1"
}
stop_tracker() {
	local pid=tracker_pid_$1
	kill "${!pid}" && wait "${!pid}" 2>/dev/null
}
# at NAME: whom the words below speak to.
at() {
	server=$1
	there=http://127.0.0.1:$(cat "$scratch/port.$1")
}
order() { curl -sS "$there/control" -d "$1" >/dev/null; }
# of EXPRESSION: t is what the server tells, mine the issues that divisi made, pulls the pull
# requests.
of() {
	curl -sS "$there/control" | python3 -c '
import json, sys
t = json.load(sys.stdin)
print(eval(sys.argv[1], {"t": t, "mine": t["mine"], "pulls": t.get("requested")}))' "$1"
}
there_is() { equals "$(of "$1")" "$2"; }

# numbered PLAN ID...: names the plan's issues as GitHub does, the first one #1.
numbered() {
	local plan=$1 n=0 id
	shift
	for id; do
		n=$((n + 1))
		sed -i "s|\[$id\([]:]\)|[#$n\1|g; s|(local:$id)|(https://github.com/acme/gates/issues/$n)|g" "$plan"
	done
}

box() { divisi outbox --json | python3 -c 'import json,sys; o=json.load(sys.stdin); print(eval(sys.argv[1], {"o": o}))' "$1"; }
box_is() { equals "$(box "$1")" "$2"; }
waits_for_approval() { equals "$(look 'plan["batches"][-1]["state"]')" awaiting-approval; }
keeps_no_token() { ! grep -rqF "$token" "$PWD" "$scratch/home"; }
