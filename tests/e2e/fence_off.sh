#!/bin/bash
# Without a fence an agent and the commands that run its work may write what you may; but for
# the server they are no person (CONTRACTS 1, Peers), however they detach and disguise
# themselves.  What that leaves open is told in divisi-config(5).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git config divisi.verify "sh check.sh"
mkdir "$scratch/tried"
cp "$top/tests/e2e/fence_pretend.py" "$scratch/bin/pretend"
chmod 755 "$scratch/bin/pretend"

# ---- what waits for a person -----------------------------------------------------------------

fake_plan 2026-11-22-wanted.md <<END
9A|quick|Writes: \`nine\`|fake:write=nine:9 fake:commit=nine
END
claim "a table waits for a person" divisi_fails 4 dispatch 2026-11-22-wanted.md
wanted=$(look 'plan["batches"][-1]["hash"]')
ways() {
	find "$scratch/tried" -name "$1.*" ! -name '*.*.*' | wc -l
}
# Of each way: 3 or 4 from the client, or another status; never 0.
failed() {
	local file bad=0
	for file in "$scratch/tried/$1".*; do
		case $file in *.*.*.*) continue ;; esac
		[ "$(head -1 "$file")" != 0 ] || bad=1
		[ "$(head -1 "$file")" != 0 ] || tail -v -n 5 "$file"
	done
	return "$bad"
}
waits() {
	look "[b['state'] for p in status['plans'] for b in p['batches'] if b['hash'] == '$wanted'][0]"
}
still_waits() {
	equals "$(waits)" "$first"
}
refused() {
	divisi events --json | grep -c 'may not approve'
}
first=$(waits)

# ---- an agent, and the command that verifies it ------------------------------------------------

plan=2026-11-22-free.md
fake_plan "$plan" <<END
1A|quick|Writes: \`check.sh\`|fake:bash=cd $scratch/repo && pretend agent $scratch/tried $wanted fake:write=check.sh:cd $scratch/repo && pretend verify $scratch/tried $wanted fake:commit=free
END
server=$(server_pid)
divisi dispatch --fence off --override G21 --reason "a test" "$plan" >/dev/null 2>&1
claim "a table without a fence is approved by a person" approve_table
claim "its agent has tried to be one, and ends" becomes 1A in-review
claim "in twenty ways and more" bash -c "[ $(ways agent) -ge 20 ]"
claim "none of which worked" failed agent
claim "the other table still waits" still_waits
before=$(refused)
claim "each way to approve it is on record" bash -c "[ $before -ge 15 ]"
claim "the server is the same" equals "$(server_pid)" "$server"
claim "its work is merged by a person" divisi merge 1A --yes
claim "and verified, and lands" becomes 1A "done"
claim "the command that verified it tried them, too" bash -c "[ $(ways verify) -ge 20 ]"
claim "and none worked" failed verify
claim "these are on record as well" until_true eval '[ "$(refused)" -ge $((before + 15)) ]'
claim "the other table waits for all that" still_waits
claim "the server is still the same" equals "$(server_pid)" "$server"

# ---- what outlives its holder ----------------------------------------------------------------

plan=2026-11-22-outlive.md
fake_plan "$plan" <<END
2A|quick|Writes: \`two\`|fake:bash=pretend orphan $scratch/tried $wanted
END
divisi dispatch --fence off --override G21 --reason "a test" "$plan" >/dev/null 2>&1
claim "one that kills its holder is approved" approve_table
claim "what it has detached is there" until_true test -e "$scratch/tried/orphan.there"
orphan=$(head -1 "$scratch/tried/orphan.there")
claim "and is swept, without cgroup, session, parent and environment" \
	until_true is_gone "$orphan"
claim "what it asked for before was refused" bash -c \
	"[ ! -e '$scratch/tried/orphan' ] || [ \$(head -1 '$scratch/tried/orphan') != 0 ]"
claim "the other table waits still" still_waits
claim "a person approves it" divisi approve --hash "$wanted"
claim "and it runs" becomes 9A in-review

divisi server --stop >/dev/null
e2e_end
