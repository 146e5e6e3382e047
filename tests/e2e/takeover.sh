#!/bin/bash
# A person steps in, on a real terminal (tmux, 80x24 and 160x50): the headless agent is ended in
# order, the same session goes on under their hands, and back.  Server, holder and client are
# killed in the middle; no event is lost and none comes twice.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"
command -v tmux >/dev/null || skip_all "tmux is not installed"
plan=2026-11-22-try-it.md
export TMUX_TMPDIR=$scratch/tmp

kill_server() {
	local pid
	pid=$(server_pid)
	[ -n "$pid" ] || return 1
	kill -9 "$pid"
	until_true is_gone "$pid"
}
# A terminal of COLUMNS x ROWS called NAME, with a shell in the repository.
terminal() {
	tmux -f /dev/null new-session -d -s "$1" -x "$2" -y "$3" -c "$PWD" \
		"env TERM=screen-256color PS1='\$ ' sh"
}
types() {
	tmux send-keys -t "$1" "$2" Enter
}
shows() {
	tmux capture-pane -p -t "$1" | grep -qE -- "$2" && return 0
	tmux capture-pane -p -t "$1"
	return 1
}
claimed() {
	[ "$(field "$1" state)/$(field "$1" terminal)" = claimed/True ] || {
		field "$1" state
		return 1
	}
}
free_claimed() {
	[ "$(field "$1" state)/$(field "$1" running)" = claimed/False ]
}

# What a person does in the agent's place: a tiny program of terminals.
cat >"$scratch/bin/by-hand" <<'END'
#!/bin/bash
echo "hand of $DIVISI_RUN in $(basename "$PWD")"
trap 'stty size' WINCH
stty size
while read -r -p '> ' line; do
	case $line in
	size) stty size ;;
	quit) exit 0 ;;
	*) sh -c "$line" ;;
	esac
done
END
chmod 755 "$scratch/bin/by-hand"

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git config divisi.merge ask
fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`|fake:say=before fake:wait=$scratch/go fake:write=a.txt:agent fake:commit=a
1B|quick|Writes: \`b.txt\`|fake:write=b.txt:two fake:commit=b fake:wait=$scratch/go
1C|quick|Writes: \`c.txt\`|fake:deaf
END
divisi dispatch "$plan" >/dev/null 2>&1
approve_table
claim "1A works" becomes 1A active
claim "1C works" becomes 1C active
until_true eval '[ "$(said 1A before)" = 1 ]'

claim "an agent of no known terminal is refused with what to configure" \
	says 'fix: git config divisi.agent.command.interactive' divisi takeover 1A
claim "and works on" is_state 1A active
printf '[divisi "agent.command"]\n\tinteractive = touch %s/pwned\n' "$scratch" >>.divisi/config 2>/dev/null ||
	{ mkdir -p .divisi && printf '[divisi "agent.command"]\n\tinteractive = touch %s/pwned\n' "$scratch" >.divisi/config; }
claim "a command that the project names is not run" divisi_fails 3 takeover 1A
rm -r .divisi
git config divisi.agent.command.interactive by-hand

# ---- keys of watch ---------------------------------------------------------------------------
terminal board 100 30
types board "divisi watch"
claim "watch says which keys there are" until_true shows board 'a looks on, s says, t takes over'
tmux send-keys -t board s
claim "it asks whom" until_true shows board 'say which session'
types board "1A"
until_true shows board '^say: '
types board "from the board"
claim "and the agent is told" until_true shows board '^S-A: told'
tmux send-keys -t board a
until_true shows board 'attach which session'
types board "1A"
claim "it looks on" until_true shows board 'q leaves, s says, t takes it over'
tmux send-keys -t board q
claim "and comes back" until_true shows board 'watching again.*'
left_board() {
	tmux send-keys -t board q
	[ "$(tmux display-message -p -t board '#{pane_current_command}')" = sh ]
}
until_true shows board 'q leaves, s says, t takes it over'
claim "and both are left" until_true left_board
tmux kill-session -t board

# ---- 80 x 24 -------------------------------------------------------------------------------
terminal small 80 24
agent=$(agent_pid "$(run_of 1A)")
types small "divisi takeover 1A"
claim "1A is claimed, on a terminal" until_true claimed 1A
claim "the agent it had is gone" is_gone "$agent"
claim "its end is on record before the new run" equals "$(divisi events --json |
	grep -o '"cause":"run-ended"\|"cause":"taken-over"' | tr -d '\n')" \
	'"cause":"taken-over""cause":"run-ended"'
claim "the person sees it" until_true shows small 'hand of p1.1.1A.r2 in'
claim "at its size" until_true shows small '^24 80'
claim "who says how to leave" until_true shows small 'Ctrl-\] leaves'
claim "it holds its slot" equals "$(look 'status["live"]')" 3
claim "nothing is said to it meanwhile" says 'divisi attach S-A' divisi say 1A hello
types small "echo by hand > a.txt; git add a.txt; git commit -qm hand; echo committed"
claim "the person works in its worktree" until_true shows small '^committed'
claim "the server dies" kill_server
types small "echo still here"
claim "the terminal lives" until_true shows small '^still here'
claim "it is adopted" until_true claimed 1A
tmux kill-session -t small
claim "the client dies, and the run goes on" claimed 1A

# ---- 160 x 50 ------------------------------------------------------------------------------
terminal large 160 50
types large "divisi attach 1A"
claim "another terminal comes back to it" until_true shows large 'still here'
types large "size"
claim "and its window is the run's" until_true shows large '^50 160'
terminal second 100 30
types second "divisi attach 1A"
claim "a second one looks on" until_true shows second 'Somebody else types'
types second "echo intruder"
types large "echo owner"
claim "it sees what is typed" until_true shows second '^owner'
not_shown() { ! tmux capture-pane -p -t "$1" | grep -q -- "$2"; }
claim "and types nothing" not_shown large intruder
tmux send-keys -t second C-]
claim "it leaves" until_true shows second 'left S-A'
tmux send-keys -t large C-]
claim "so does the first" until_true shows large 'left S-A'
claim "the run goes on" claimed 1A
types large "clear; divisi attach 1A"
until_true shows large 'owner'
tmux resize-window -t large -x 120 -y 40
types large "size"
claim "a new size reaches it" until_true shows large '^40 120'

# ---- back to the agent ------------------------------------------------------------------------
hand=$(agent_pid "$(run_of 1A)")
claim "handed back while the server dies" divisi handback 1A --note "mind the gap"
kill_server
claim "the terminal ends" until_true shows large 'the terminal of S-A is over'
claim "its program is gone" until_true is_gone "$hand"
claim "the agent works again" becomes 1A active
claim "in a third run" equals "$(run_of 1A)" p1.1.1A.r3
prompted() {
	grep -q 'mind the gap' .git/divisi/runs/p1.1.1A.r3/in.ndjson &&
		grep -q 'a.txt' .git/divisi/runs/p1.1.1A.r3/in.ndjson
}
claim "and is told what changed, and the note" until_true prompted
counts() {
	divisi attach 1A --from 1 --json >"$scratch/all.json" &
	local pid=$!
	until_true grep -q 'r3.*"before"' "$scratch/all.json"
	kill "$pid"
	[ "$(grep -c 'r1.*"text":"before"' "$scratch/all.json")" = 1 ] &&
		[ "$(divisi events --json | grep -c '"cause":"agent-confirmed".*1A.r1"')" = 1 ]
}
claim "what it said before is there, once" counts
record() {
	python3 - .git/divisi/runs/p1.1.1A.r2/term.cast <<'END'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
assert lines[0]["version"] == 2 and lines[0]["width"] == 80, lines[0]
text = "".join(row[2] for row in lines[1:] if row[1] == "o")
for word in ("committed", "still here", "owner"):
    assert word in text, word
assert "160x50" in [row[2] for row in lines[1:] if row[1] == "r"]
END
}
claim "the terminal is on record, over the deaths of server and client" record

# ---- its holder dies; then by hand and done -----------------------------------------------------
claim "1B works or waits" until_true is_state 1B active
types large "clear; divisi takeover 1B"
claim "1B is taken over" until_true claimed 1B
claim "and shown" until_true shows large 'hand of p1.1.1B.r2'
kill -9 "$(holder_pid "$(run_of 1B)")"
claim "its holder dies: the person is told" until_true shows large 'the terminal of S-B is over'
claim "and still has it" until_true free_claimed 1B
claim "status says what to do" says 'divisi handback S-B --done' divisi status
types large "clear; divisi takeover 1B"
claim "a new terminal opens" until_true shows large 'hand of p1.1.1B.r3'
types large "git log --oneline | head -1 | cut -d' ' -f2-"
claim "on what is there" until_true shows large '^b$'
claim "it is reported done" divisi handback 1B --done --note "finished by hand"
claim "and waits for review" becomes 1B in-review
claim "its agent was started once" equals "$(grep -c 1B "$scratch/started")" 1

# ---- an agent that does not end ------------------------------------------------------------------
types large "clear; divisi takeover 1C"
claim "one that ignores every signal is taken over, too" until_true claimed 1C
claim "after it is dead" until_true shows large 'hand of p1.1.1C.r2'
types large "quit"
claim "the program ends by itself" until_true free_claimed 1C
claim "nobody else may hand it back by name of an agent" divisi_fails 5 handback 1X
claim "parked, it is nobody's" divisi park 1C
claim "as status says" until_true is_state 1C parked
claim "and can be claimed by hand" divisi claim 1C
claim "a terminal of tmux's own" divisi takeover 1C --tmux
claim "has a window" until_true tmux has-session -t '=divisi'
claim "that shows it" until_true shows '=divisi:' 'hand of p1.1.1C.r3'
types '=divisi:' 'echo c > c.txt; git add c.txt; git commit -qm c; echo ready'
until_true shows '=divisi:' '^ready'
claim "1C is done" divisi handback 1C --done
claim "1C waits for review" becomes 1C in-review
touch "$scratch/go"
claim "1A waits for review" becomes 1A in-review
claim "all of it lands" divisi merge --yes
all_done() {
	equals "$(look 'sorted(s["state"] for s in s.values())')" "['done', 'done', 'done']"
}
claim "1A, 1B and 1C are done" until_true all_done
claim "the journal plays again" divisi replay
tmux kill-server 2>/dev/null
e2e_end
