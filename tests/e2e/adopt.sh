#!/bin/bash
# Servers come, go and are replaced, machines restart, homes are copied: living runs are
# adopted, ended ones read, lost ones proven dead, and no agent is started a second time
# (promise 1, CONTRACTS 2).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"
plan=2026-11-22-try-it.md

# server_says NAME: what the server says of itself.
server_says() {
	curl --silent --unix-socket .git/divisi/sock http://localhost/v1/server |
		python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}
# other_boot RUN: its files as a machine that was restarted finds them.
other_boot() {
	local dir=.git/divisi/runs/$1
	sed -i 's/\(:[0-9]*:\)[0-9a-f]\{8\}-[0-9a-f]\{4\}/\100000000-0000/' "$dir/begun" "$dir/agent"
}

serves_again() {
	[ "$(grep -c 'serving' "$scratch/service.log")" = 2 ]
}

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`|fake:write=a.txt:one fake:commit=a fake:wait=$scratch/go
1B|quick|Writes: \`b.txt\`|fake:write=b.txt:two fake:bash=git add -A; git commit -qm b || true fake:wait=$scratch/go
1C|quick|Writes: \`c.txt\`|fake:write=c.txt:half fake:wait=$scratch/go
END

# ---- a service manager ---------------------------------------------------------------------

start_service() {
	divisi server --foreground --idle 0 >"$scratch/service.log" 2>&1 &
	service=$!
	until_true test -S .git/divisi/sock
}
claim "a service manager starts the server" start_service
divisi dispatch "$plan" >/dev/null 2>&1
claim "the table is approved" approve_table
for phase in 1A 1B 1C; do
	claim "$phase works" becomes $phase active
done
claim "the service is stopped as systemd does it" kill -TERM "$service"
wait "$service"
claim "it ends with success" equals $? 0
claim "its agents go on" test -d "/proc/$(agent_pid "$(run_of 1A)")"
divisi server --stop >/dev/null
claim "the service is started again" start_service
claim "1A was adopted" is_state 1A active

# ---- an upgrade ----------------------------------------------------------------------------

cp "$scratch/bin/divisi" "$scratch/divisi.new"
printf '#!/bin/sh\nexit 7\n' >"$scratch/broken"
chmod 755 "$scratch/broken"
mv "$scratch/bin/divisi" "$scratch/bin/divisi.old"
mv "$scratch/broken" "$scratch/bin/divisi"
claim "a program that does not run is not handed over to" until_true grep -q 'does not run' "$scratch/service.log"
cp "$scratch/divisi.new" "$scratch/bin/divisi.next"
mv "$scratch/bin/divisi.next" "$scratch/bin/divisi"
claim "the server notices that its program was replaced" until_true grep -q 'hands over' "$scratch/service.log"
claim "and becomes the new one" until_true serves_again
claim "as the same process" equals "$(server_says pid)" "$service"
claim "which has the new file" equals "$(readlink "/proc/$service/exe")" "$scratch/bin/divisi"
claim "1B was adopted" is_state 1B active

LC_ALL=C sed 's/0\.1\.0/0.2.0/g' "$scratch/divisi.new" >"$scratch/bin/divisi2"
chmod 755 "$scratch/bin/divisi2"
claim "a newer client says that the server hands over" says 'was divisi 0.1.0, this is 0.2.0' divisi2 status
claim "the newer one serves now" equals "$(server_says version)" 0.2.0
wait "$service"
claim "the older client is served by it without a word" says 'S-A +active' divisi status
claim "and it stays" equals "$(server_says version)" 0.2.0
claim "1C was adopted" is_state 1C active
for phase in 1A 1B 1C; do
	claim "$phase was started once" equals "$(starts $phase)" 1
done
divisi server --stop >/dev/null

# ---- a machine that restarts -----------------------------------------------------------------

sleep 1000 &
stranger=$!
# shellcheck disable=SC2046
kill -9 $(holder_pid p1.1.1C.r1) $(agent_pid p1.1.1C.r1)
other_boot p1.1.1C.r1
# Whoever has that pid now was never ours.
sed -i "s/holder=[0-9]*/holder=$stranger/" .git/divisi/runs/p1.1.1C.r1/begun
sed -i "s/^[0-9]*/$stranger/" .git/divisi/runs/p1.1.1C.r1/agent
claim "after a restart 1C is stalled" becomes 1C stalled
claim "why says that the machine was restarted" says 'machine was restarted' divisi why 1C
claim "who got its pid lives" test -d /proc/$stranger
claim "what it had not committed is pinned" until_true is_pinned p1.1.1C c.txt half
kill $stranger

# ---- a copy of the repository ------------------------------------------------------------------

agents=$(agent_pid "$(run_of 1A)")
divisi server --stop >/dev/null
cp -a "$scratch/repo" "$scratch/copy"
in_copy() {
	(cd "$scratch/copy" && "$@")
}
claim "a copy of the home is refused" in_copy divisi_fails 3 status
claim "and told what it is" in_copy says 'is a copy of .*/repo/.git/divisi' divisi status
claim "the agents of the first one live" test -d "/proc/$agents"
claim "1A still works there" is_state 1A active

# ---- runs that somebody removed ------------------------------------------------------------------

holder=$(holder_pid p1.1.1B.r1)
agent=$(agent_pid p1.1.1B.r1)
divisi server --stop >/dev/null
claim "somebody removes a run directory" rm -r .git/divisi/runs/p1.1.1B.r1
claim "a run whose directory is gone is stalled" becomes 1B stalled
claim "why says so" says 'run directory is gone' divisi why 1B
claim "nothing of it lives" until_true is_gone "$agent" "$holder"
claim "its commit is pinned" until_true is_pinned p1.1.1B b.txt two
claim "it was started once" equals "$(starts 1B)" 1
claim "resumed by a person it is a new run" divisi resume 1B
claim "which works" becomes 1B active
claim "it was started twice, as ordered" equals "$(starts 1B)" 2
claim "1C is resumed" divisi resume 1C
claim "and works" becomes 1C active
touch "$scratch/go"
for phase in 1A 1B; do
	claim "$phase ends" becomes $phase in-review
done
claim "1A was started once, whatever happened" equals "$(starts 1A)" 1
divisi server --stop >/dev/null

e2e_end
