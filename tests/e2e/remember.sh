#!/bin/bash
# Whatever is killed, and when: every session is accounted for, none is started twice, what
# was made is pinned, and the run goes on to its end (promises 1 and 2).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"
plan=2026-11-22-try-it.md

# kill_server: -9, and waits until it is gone.
kill_server() {
	local pid
	pid=$(server_pid)
	[ -n "$pid" ] || return 1
	kill -9 "$pid"
	until_true is_gone "$pid"
}
# kill_all RUN...: the server, the holders and the agents, at once.
kill_all() {
	local pids run
	pids=$(server_pid)
	for run in "$@"; do
		pids+=" $(holder_pid "$run") $(agent_pid "$run")"
	done
	# shellcheck disable=SC2086 # a list
	kill -9 $pids
	# shellcheck disable=SC2086
	until_true is_gone $pids
}

# ---- the server is killed at every station of a run; agents go on ----------------------

mkdir "$scratch/marks" # the verify command may write there
fake_repo "$scratch/server" && cd "$scratch/server" || exit 99
git config divisi.fence.commands.write "$scratch/marks"
git config divisi.verify "touch $scratch/marks/verifying; until [ -e $scratch/verified ]; do sleep 0.05; done"
cat >.git/hooks/reference-transaction <<END
#!/bin/sh
grep -q ' refs/heads/main\$' && [ "\$1" = prepared ] && [ -e "$scratch/stop-landing" ] || exit 0
touch "$scratch/landing"
while [ -e "$scratch/stop-landing" ]; do sleep 0.05; done
END
chmod 755 .git/hooks/reference-transaction
fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`|fake:ask=permission:May I write? fake:write=a.txt:one fake:commit=a fake:wait=$scratch/go
1B|quick|Writes: \`b.txt\`|fake:write=b.txt:two fake:commit=b fake:wait=$scratch/go
END
divisi dispatch "$plan" >/dev/null 2>&1
hash=$(look 'b[1]["hash"]')
claim "the server dies while a table waits" kill_server
claim "the same table waits" equals "$(look 'b[1]["state"] + b[1]["hash"]')" "awaiting-approval$hash"
divisi approve --hash "$hash" >/dev/null
claim "the server dies as the agents are launched" kill_server
claim "1A asks" becomes 1A checkpoint
claim "1B works" becomes 1B active
claim "the server dies while a question is open" kill_server
claim "the question is still open" says 'May I write' divisi status
claim "the server stops when it is told" divisi server --stop
claim "the question is open after a stop" says 'May I write' divisi status
claim "a word for 1A" divisi say 1A "first word"
kill_server
claim "the answer" divisi approve 1A
kill_server
claim "1A goes on" becomes 1A active
heard_once() { equals "$(said 1A "$1")" 1; }
claim "it heard the answer once" until_true heard_once 'answered: allow'
claim "it heard the word once" until_true heard_once 'heard: first word'
exec 9>.git/divisi/git.lock
flock 9
touch "$scratch/go"
claim "1A reports its end" becomes 1A exiting
claim "the server dies while the exit is verified" kill_server
flock --unlock 9
claim "1A waits for review" becomes 1A in-review
claim "1B waits for review" becomes 1B in-review
divisi merge --yes >/dev/null 2>&1 &
claim "the verify command runs" until_true test -e "$scratch/marks/verifying"
touch "$scratch/stop-landing"
claim "the server dies during verify" kill_server
divisi status >/dev/null
touch "$scratch/verified"
claim "the landing begins" until_true test -e "$scratch/landing"
claim "the server dies during the landing" kill_server
rm "$scratch/stop-landing"
claim "1A is merged" becomes 1A "done"
claim "1B is merged" becomes 1B "done"
claim "the plan is complete" until_true eval 'equals "$(look "plan[\"state\"]")" complete'
claim "1A was started once" equals "$(starts 1A)" 1
claim "1B was started once" equals "$(starts 1B)" 1
claim "each landed once" equals "$(git rev-list --count main)" 3
claim "the plan file says Done" until_true grep -q '| 1B .*| Done ' "$plan"
claim "the checkout is clean" until_true is_clean . "$plan"
claim "the server ends" divisi server --stop
# ---- a holder, an agent, both: as it starts, while it works, while it asks --------------

fake_repo "$scratch/agents" && cd "$scratch/agents" || exit 99
rm "$scratch/go"
: >"$scratch/started" # where it may be written behind the fence
cat >"$scratch/bin/slow" <<END
#!/bin/sh
while [ -e "$scratch/stop-start" ]; do sleep 0.05; done
exec "$scratch/bin/scripted"
END
chmod 755 "$scratch/bin/slow"
git config divisi.agent.command.program "$scratch/bin/slow"
for phase in 1A 1B 1C; do
	echo "$phase|quick|Writes: \`$phase/**\`|fake:write=$phase/half:half of $phase" \
		"fake:bash=git add -A; git commit -qm half || true" \
		"fake:write=$phase/rest:rest of $phase fake:wait=$scratch/ask" \
		"fake:ask=permission:May $phase go on? fake:bash=git add -A; git commit -qm rest || true"
done | fake_plan "$plan"
victims() {
	kill -9 "$(holder_pid "$(run_of 1A)")" "$(agent_pid "$(run_of 1B)")" \
		"$(holder_pid "$(run_of 1C)")" "$(agent_pid "$(run_of 1C)")"
}
agents_are() {
	local phase
	for phase in 1A 1B 1C; do
		becomes "$phase" "$1" || return
	done
}
resume_all() {
	local phase
	for phase in 1A 1B 1C; do
		divisi resume "$phase" "$@" || return
	done
}
are_running() {
	local phase pid
	for phase in 1A 1B 1C; do
		pid=$(agent_pid "$(run_of "$phase")")
		[ -n "$pid" ] && [ -d "/proc/$pid" ] || return
	done
}
work_is_pinned() {
	local phase
	for phase in 1A 1B 1C; do
		until_true is_pinned "p1.1.$phase" "$phase/half" "half of $phase" || return
		until_true is_pinned "p1.1.$phase" "$phase/rest" "rest of $phase" || return
	done
}
touch "$scratch/stop-start"
divisi dispatch "$plan" >/dev/null 2>&1
claim "three agents are started" approve_table
claim "they have not said a word" agents_are launching
claim "they run" until_true are_running
victims
claim "killed before a word, they are stalled" agents_are stalled
claim "why says who" says 'holder was killed' divisi why 1A
claim "why says how" says 'signal 9' divisi why 1B
rm "$scratch/stop-start"
claim "a person resumes them" resume_all
claim "they work" agents_are active
work_is_there() {
	for phase in 1A 1B 1C; do
		test -e "$(field "$phase" path)/$phase/rest" || return
	done
}
claim "there is work, some of it not committed" until_true work_is_there
victims
claim "killed at work, they are stalled" agents_are stalled
claim "nothing of them lives" until_true is_gone "$(agent_pid p1.1.1A.r2)" "$(agent_pid p1.1.1C.r2)"
claim "their work is pinned, the uncommitted too" work_is_pinned
touch "$scratch/ask"
claim "of an agent that failed twice a person says why (R-24)" divisi_fails 3 resume 1B
claim "and they are resumed again" resume_all --override G18 --reason "they were killed"
claim "they ask" agents_are checkpoint
kill_all p1.1.1A.r3 p1.1.1B.r3 p1.1.1C.r3
claim "everything killed while they ask, they are stalled" agents_are stalled
claim "nobody can answer what a dead agent asked" divisi_fails 5 approve 1A
claim "they go on once more" resume_all --override G18 --reason "they were killed"
claim "they ask anew" agents_are checkpoint
for phase in 1A 1B 1C; do
	divisi approve $phase >/dev/null
done
claim "they are done" agents_are in-review
claim "they are merged" divisi merge --yes
claim "all is done" agents_are "done"
for phase in 1A 1B 1C; do
	# The first of four did not get as far as that.
	claim "$phase was started as often as ordered" equals "$(starts $phase)" 3
	claim "it had four runs" equals "$(field $phase runs)" 4
done
claim "the checkout is clean" until_true is_clean . "$plan"
divisi server --stop >/dev/null

# ---- everything at once, at every station -----------------------------------------------

fake_repo "$scratch/power" && cd "$scratch/power" || exit 99
: >"$scratch/started"
rm "$scratch/ask" "$scratch/marks/verifying" "$scratch/verified" "$scratch/landing"
cp "$scratch/server/.git/hooks/reference-transaction" .git/hooks/
git config divisi.fence.commands.write "$scratch/marks"
git config divisi.verify "touch $scratch/marks/verifying; until [ -e $scratch/verified ]; do sleep 0.05; done"
fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`|fake:write=a.txt:one fake:bash=git add -A; git commit -qm one || true fake:wait=$scratch/go
END
divisi run "$plan" </dev/null >"$scratch/run.out" 2>&1
claim "run without a terminal leaves the table for a person" grep -q 'waits for approval' "$scratch/run.out"
claim "power fails while a table waits" kill_server
divisi approve --hash "$(look 'b[1]["hash"]')" >/dev/null
divisi run "$plan" </dev/null >"$scratch/run.out" 2>&1 &
client=$!
claim "1A works" becomes 1A active
kill -9 $client
kill_all p1.1.1A.r1
claim "power fails at work: 1A is stalled" becomes 1A stalled
claim "its commit is pinned" until_true is_pinned p1.1.1A a.txt one
claim "run says that a person is needed" divisi_fails 4 run "$plan"
touch "$scratch/go"
claim "it is resumed" divisi resume 1A
claim "it ends" becomes 1A in-review
exec 9>.git/divisi/git.lock
flock 9
divisi merge --yes >/dev/null 2>&1 &
client=$!
claim "its landing is prepared" becomes 1A merging
kill_server
wait $client
flock --unlock 9
divisi run "$plan" </dev/null >"$scratch/run.out" 2>&1 &
client=$!
claim "run goes on with the merge: it verifies" until_true test -e "$scratch/marks/verifying"
kill -9 $client
kill_server
rm "$scratch/marks/verifying"
claim "status starts it again" divisi status
claim "it is verified anew" until_true test -e "$scratch/marks/verifying"
claim "a second run finds the same state" is_state 1A merging
touch "$scratch/stop-landing" "$scratch/verified"
claim "it lands" until_true test -e "$scratch/landing"
# The machine stops: git itself dies between the files and the branch.
kill_all
# Another test may be landing, too: that git is none of ours.
for pid in $(pgrep -u "$(id -u)" -f 'merge --ff-only'); do
	! grep -zqxsF "E2E_SCRATCH=$scratch" "/proc/$pid/environ" || kill -9 "$pid"
done
rm "$scratch/stop-landing"
claim "run says what the dead git left, and the command" divisi_fails 4 run "$plan"
claim "why names the lock" says 'HEAD.lock.* in the way' divisi why 1A
git_command=$(field 1A command)
claim "the command takes what was verified" sh -c "$git_command"
claim "and the merge goes on" divisi merge --yes
claim "run goes on to the end" divisi run "$plan"
claim "everything landed once" equals "$(git rev-list --count main)" 2
claim "1A was started twice, as ordered" equals "$(starts 1A)" 2
claim "the checkout is clean" until_true is_clean . "$plan"
e2e_end
