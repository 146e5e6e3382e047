# shellcheck shell=bash disable=SC2034,SC2154
# What every agent is put through with its real program and the model of our own
# (claude/stub.mjs), and what must come of it; after lib.sh and runs.sh.  A script for an agent
# sets
#
#	agent=NAME              of the catalogue, as a plan names it
#	agent_lacks="NAME ..."  situations that its program has no means for
#
# sets its program up (settings and environment) and calls situations_run in a repository
# with a running model.  Each claim begins with "AGENT, SITUATION: ", so that the agent x
# situation table can be made from the output of the scripts.

# NAME|MODE|KEYS of the phase|MARKERS; a plan each between blank lines.  W is the file of its
# own that the phase writes.
situation_rows() {
	cat <<'END'
success|quick|Estimate: $1, 1pt|stub:write=W:one stub:commit=the work
denial|checkpoint|Estimate: $1, 1pt|stub:bash=touch forbidden stub:write=W:two stub:commit=without it
plan|pair|Estimate: $1, 1pt|stub:plan=first this then that stub:write=W:planned stub:commit=as planned

question|quick|Estimate: $1, 1pt|`stub:question=Which colour?|Red|Blue stub:write=W:{answer} stub:commit=a colour`
two-turns|quick|Estimate: $1, 1pt|stub:write=W:left stub:nocommit
amid-turn|quick|Estimate: $1, 1pt|stub:bash=true stub:slow=80
budget|quick|Estimate: $0.30, 1pt|stub:tokens=9000 stub:write=W:a stub:bash=true stub:bash=true stub:bash=true stub:bash=true stub:bash=true stub:commit=too much
spent|quick|Estimate: $0.30, 1pt|stub:tokens=9000 stub:write=W:a stub:bash=true stub:bash=true stub:bash=true stub:bash=true stub:bash=true stub:commit=too much

fail-400|quick|Estimate: $1, 1pt|stub:fail=400 stub:write=W:x
fail-401|quick|Estimate: $1, 1pt|stub:fail=401 stub:write=W:x
fail-429|quick|Estimate: $1, 1pt|stub:fail=429 stub:write=W:x
fail-500|quick|Estimate: $1, 1pt|stub:fail=500 stub:write=W:x
fail-529|quick|Estimate: $1, 1pt|stub:fail=529 stub:write=W:x
fail-once|quick|Estimate: $1, 1pt|stub:fail=500x1 stub:write=W:y stub:commit=after a failure

interrupt-stream|quick|Estimate: $1, 1pt|stub:bash=true stub:slow=3000
interrupt-tool|quick|Estimate: $1, 1pt|stub:bash=tail -f /dev/null

kill-agent|quick|Estimate: $1, 1pt|stub:write=W:a stub:slow=3000 stub:commit=after the kill
kill-holder|quick|Estimate: $1, 1pt|stub:write=W:b stub:slow=3000 stub:commit=after the kill
kill-server|quick|Estimate: $1, 1pt|stub:write=W:c stub:slow=3000 stub:commit=after the kill

park-tool|quick|Estimate: $1, 1pt|stub:bash=tail -f /dev/null

storm|quick|Estimate: $1, 1pt|stub:bash=ls nowhere stub:bash=ls nowhere stub:bash=ls nowhere stub:slow=3000 stub:write=W:calm stub:commit=after the storm

early|pair|Estimate: $1, 1pt|stub:early=touch early.txt stub:plan=look first stub:write=W:kept stub:commit=as planned

fenced|quick|Estimate: $1, 1pt|stub:bash=echo x >"$HOME/outside"; true stub:write=W:inside stub:commit=inside
END
}

situations() {
	situation_rows | cut -d'|' -f1 | sed '/^$/d'
}
# phase_of SITUATION: its phase, by its place in the list.
phase_of() {
	situation_rows | awk -F'|' -v want="$1" 'BEGIN { plan = 1 }
		NF == 0 { plan++; n = 0; next }
		{ n++; if ($1 == want) print plan sprintf("%c", 64 + n) }'
}
lacks() {
	[[ " ${agent_lacks:-} " == *" $1 "* ]]
}
# here SITUATION TEXT COMMAND...: a claim about the situation, unless the agent lacks it.
here() {
	local situation=$1 text=$2
	shift 2
	if lacks "$situation"; then
		claim "$agent, $situation: # SKIP the program has no means for it" true
		return 0
	fi
	claim "$agent, $situation: $text" "$@"
}

# situation_plan N: files and approves plan N.
situation_plan() {
	local file=2026-11-22-test-$agent-$1.md
	situation_rows | awk -v n="$1" 'BEGIN { RS = ""; FS = "\n" } NR == n' |
		while IFS='|' read -r name mode keys markers; do
			lacks "$name" && continue
			echo "$(phase_of "$name")|$mode|Agent: $agent; Writes: \`$name.txt\`, \`forbidden\`; $keys|${markers//W:/$name.txt:}"
		done | fake_plan "$file"
	divisi dispatch "$file" --override G15 --reason "every mode is tried" >/dev/null
	[ $? = 4 ] && approve_table
}
sits_in() {
	is_state "$(phase_of "$1")" "$2"
}
comes_to() {
	until_true sits_in "$1" "$2"
}
why_of() {
	says "$2" divisi why "$(phase_of "$1")"
}
# asks SITUATION KIND: its agent waits for a person.
asks() {
	look "s['$(phase_of "$1")']['asks'][-1]['kind']" | grep -qx "$2"
}
sit_field() {
	field "$(phase_of "$1")" "$2"
}
made() {
	git cat-file -p "$(sit_field "$1" branch):$1.txt" | grep -qx "$2"
}
nothing_made() {
	equals "$(sit_field "$1" commits)" 0
}
# is_streaming SITUATION: the model is in the middle of its words; in_tool: in its command.
is_streaming() {
	grep -q "/$(basename "$(sit_field "$1" path)")\".*\"slow\":true" "$model_log"
}
in_tool() {
	grep -q "tail -f" ".git/divisi/runs/$(sit_field "$1" run)/out.ndjson"
}
# nobody_in_tail DIR: no `tail -f` works there any more.
nobody_in_tail() {
	local pid
	for pid in $(pgrep -u "$(id -u)" -f '^tail -f /dev/null'); do
		[ "$(readlink "/proc/$pid/cwd")" != "$1" ] || return 1
	done
}

asks_something() {
	look "any(not a.get('decision') for a in s['$(phase_of "$1")']['asks'])" | grep -qx True
}
# allow_rest SITUATION: allows whatever else it asks until it is ready.
allow_rest() {
	local phase left=60
	phase=$(phase_of "$1")
	while [ $left -gt 0 ] && ! is_state "$phase" in-review >/dev/null; do
		wait_until 2 asks_something "$1" && divisi approve "$phase" >/dev/null
		left=$((left - 1))
	done
	is_state "$phase" in-review
}

# An API failure ends the session in a state that names it, with nothing made of it.
failure() {
	here "$1" "the session fails" comes_to "$1" failed
	here "$1" "and why names the status" why_of "$1" "${1#fail-}"
	here "$1" "nothing is made of it" nothing_made "$1"
}

# killed SITUATION PID [COMMAND...]: kills it in the middle, lets COMMAND bring it back (a
# lost holder needs none), and looks for one end.
killed() {
	local situation=$1 pid=$2 session
	shift 2
	session=$(sit_field "$situation" agent_session)
	here "$situation" "the agent's session id is known" test -n "$session"
	kill -9 "$pid"
	[ $# = 0 ] || {
		here "$situation" "its death is told" comes_to "$situation" stalled
		here "$situation" "it is brought back" "$@"
	}
	here "$situation" "it comes to its end" comes_to "$situation" in-review
	here "$situation" "in a second run of the same conversation" equals \
		"$(sit_field "$situation" runs) $(sit_field "$situation" agent_session)" \
		"2 $session"
	here "$situation" "with the work of both" git cat-file -e \
		"$(sit_field "$situation" branch):$situation.txt"
}

situations_together() {
	claim "$agent: three at once are launched" situation_plan 1 || return
	here denial "it asks before the command" until_true asks denial permission
	here denial "what it would do is shown in full" says 'touch forbidden' divisi status
	here denial "a person says no" divisi decline "$(phase_of denial)" --reason "not that"
	here plan "it presents its plan" until_true asks plan plan
	here plan "with its text" says 'first this then that' divisi status --json
	here plan "nothing is written yet" test ! -e "$(sit_field plan path)/plan.txt"
	here plan "the plan is approved" divisi approve "$(phase_of plan)"
	here success "done means a commit" comes_to success in-review
	here success "with the file" made success one
	here plan "it is carried out" allow_rest plan
	here plan "as planned" made plan planned
	here denial "the rest is allowed" allow_rest denial
	here denial "what was denied was not done" test ! -e "$(sit_field denial path)/forbidden"
	here denial "what was allowed was" made denial two
}

# is_out SITUATION: it is held for its cost, or its agent ended by its own budget.
is_out() {
	says 'of the \$.* it may' divisi why "$(phase_of "$1")"
}
# allow_more SITUATION: lets it spend more until it is ready.  Its agent has a budget of its
# own, with which it ends; then it goes on in a new run.
allow_more() {
	local phase end=$((SECONDS + 60))
	phase=$(phase_of "$1")
	until is_state "$phase" in-review >/dev/null; do
		[ $SECONDS -lt $end ] || return 1
		if is_state "$phase" parked >/dev/null; then
			is_out "$1" >/dev/null && divisi resume "$phase"
		elif asks_something "$1"; then
			divisi approve "$phase"
		fi
		sleep 0.1
	done
}
# say_no SITUATION: declines its hold; one whose agent ended by itself is parked already.
say_no() {
	is_state "$(phase_of "$1")" parked >/dev/null ||
		divisi decline "$(phase_of "$1")" --reason "enough"
}

situations_talk() {
	claim "$agent: those that talk are launched" situation_plan 2 || return
	here question "it asks" until_true asks question question
	here question "the answer is given" divisi approve "$(phase_of question)" --reason Blue
	here question "it goes on" comes_to question in-review
	here question "with the answer" made question Blue
	here amid-turn "it speaks" until_true is_streaming amid-turn
	here amid-turn "a person speaks amid its words" divisi say "$(phase_of amid-turn)" \
		"stub:write=amid-turn.txt:heard stub:commit=amid the turn"
	here two-turns "the first turn leaves it uncommitted" \
		until_true says 'not committed' divisi why "$(phase_of two-turns)"
	here two-turns "a person says what is missing" \
		divisi say "$(phase_of two-turns)" "stub:commit=second turn"
	here two-turns "the second turn ends it" comes_to two-turns in-review
	here two-turns "in one process" equals "$(sit_field two-turns runs)" 1
	here amid-turn "what was said is done" comes_to amid-turn in-review
	here amid-turn "as it was said" made amid-turn heard
	here amid-turn "in one process" equals "$(sit_field amid-turn runs)" 1
	here budget "it is held where it spent what it may (J-28)" until_true is_out budget
	here budget "and why says of how much" why_of budget 'spent .*of the \$0\.60'
	here budget "a person lets it spend more, time and again" allow_more budget
	here budget "it comes to its end" comes_to budget in-review
	here budget "with its work" made budget a
	here spent "it is held, too" until_true is_out spent
	here spent "a person says no" say_no spent
	here spent "it is parked, not failed" comes_to spent parked
	here spent "its work is kept" until_true is_pinned \
		"$(sit_field spent id)" spent.txt a
}

situations_fail() {
	claim "$agent: those whose model fails are launched" situation_plan 3 || return
	for status in 400 401 500 529; do
		failure fail-$status
	done
	here fail-429 "a limit parks it (J-27)" comes_to fail-429 parked
	here fail-429 "and why says that it goes on by itself" why_of fail-429 'by itself'
	here fail-429 "its account is paused" says 'is paused until' divisi status
	here fail-429 "nothing is made of it" nothing_made fail-429
	here fail-once "a failure that passes is survived" comes_to fail-once in-review
	claim "$agent: nothing of all this opened a plan" equals "$(look 'len(status["plans"])')" 1
}

situations_interrupted() {
	claim "$agent: those that are interrupted are launched" situation_plan 4 || return
	here interrupt-stream "it speaks" until_true is_streaming interrupt-stream
	here interrupt-stream "it is interrupted" divisi interrupt "$(phase_of interrupt-stream)"
	here interrupt-tool "it is in its command" until_true in_tool interrupt-tool
	here interrupt-tool "it is interrupted" divisi interrupt "$(phase_of interrupt-tool)"
	for name in interrupt-stream interrupt-tool; do
		here $name "it stops, and waits for words" comes_to $name stalled
		here $name "as why says" why_of $name 'a person interrupted it'
	done
	here interrupt-tool "its command is dead, too" until_true \
		nobody_in_tail "$(sit_field interrupt-tool path)"
	for name in interrupt-stream interrupt-tool; do
		here $name "a person says how to go on" divisi say "$(phase_of $name)" \
			"stub:write=$name.txt:after stub:commit=after the interrupt"
		here $name "it goes on to its end" comes_to $name in-review
		here $name "with what was said" made $name after
		here $name "in one process" equals "$(sit_field $name runs)" 1
	done
	claim "$agent: one is parked in its command" situation_plan 6 || return
	here park-tool "it is in its command" until_true in_tool park-tool
	here park-tool "it is parked" divisi park "$(phase_of park-tool)"
	here park-tool "nothing of it lives, whatever its exit status" until_true is_gone \
		"$(agent_pid "$(sit_field park-tool run)")"
	here park-tool "nor its command" until_true nobody_in_tail "$(sit_field park-tool path)"
	here park-tool "it is parked" sits_in park-tool parked
}

# What was said goes on under another id; only Claude Code has such a copy.
situations_fork() {
	local before
	[ "$agent" = claude ] || return 0
	before=$(sit_field kill-agent agent_session)
	here kill-agent "it is taken up once more, in a copy of the conversation" \
		divisi resume "$(phase_of kill-agent)" --fork --note "stub:write=kill-agent.txt:forked stub:commit=in a fork"
	here kill-agent "and ready again" comes_to kill-agent in-review
	here kill-agent "with the work of the copy" made kill-agent forked
	here kill-agent "under another id" test "$(sit_field kill-agent agent_session)" != "$before"
}

situations_killed() {
	claim "$agent: those that are killed are launched" situation_plan 5 || return
	for name in kill-agent kill-holder kill-server; do
		here $name "it speaks" until_true is_streaming $name
	done
	killed kill-agent "$(agent_pid "$(sit_field kill-agent run)")" \
		divisi resume "$(phase_of kill-agent)"
	case $agent in
	claude* | codex* | copilot)
		! unshare -Urfp true 2>/dev/null ||
			here kill-agent "the kernel ended what it had started" grep -Eq \
				'"tree":"(cgroup|namespace)"' \
				".git/divisi/runs/$(sit_field kill-agent id).r1/end.json"
		;;
	esac
	killed kill-holder "$(holder_pid "$(sit_field kill-holder run)")"
	situations_fork
	kill -9 "$(server_pid)"
	here kill-server "the server is back, the session untouched" \
		until_true sits_in kill-server active
	here kill-server "and speaks on" test -e \
		"/proc/$(agent_pid "$(sit_field kill-server run)")"
}

situations_fenced() {
	claim "$agent: one that tries to leave its fence is launched" situation_plan 9 || return
	here fenced "it comes to its end" comes_to fenced in-review
	here fenced "with what it did inside" made fenced inside
	here fenced "outside nothing was written" test ! -e "$HOME/outside"
	here fenced "and the try is on record" grep -q '"what":".*/outside"' \
		".git/divisi/runs/$(sit_field fenced run)/fence.log"
}

situations_storm() {
	claim "$agent: one whose command fails again and again is launched" situation_plan 7 || return
	here storm "it is stopped at the third time (J-47)" comes_to storm parked
	here storm "nothing of it lives" until_true is_gone "$(agent_pid "$(sit_field storm run)")"
	here storm "why says what failed" why_of storm 'ls nowhere.* failed 3 times with the same error'
	here storm "a person is asked with the failures" \
		says 'No such file' divisi approvals
	here storm "they let it go on" divisi approve "$(phase_of storm)" --reason "look first"
	here storm "it goes on in a new run to its end" comes_to storm in-review
	here storm "of the same conversation" equals "$(sit_field storm runs)" 2
	here storm "with its work" made storm calm
}

# Before its plan is approved nothing is written, although its own sandbox is off (A-82).
situations_early() {
	claim "$agent: one that writes before its plan is approved is launched" situation_plan 8 || return
	case $agent in
	claude* | gemini) ;; # their own plan modes refuse it and ask nobody
	*)
		here early "it asks before the command" until_true asks early permission
		here early "what it would do is shown" says 'touch early.txt' divisi status
		here early "nothing is written yet" test ! -e "$(sit_field early path)/early.txt"
		here early "a person says no" divisi decline "$(phase_of early)" --reason "plan first"
		;;
	esac
	here early "it presents its plan" until_true asks early plan
	here early "nothing was written" test ! -e "$(sit_field early path)/early.txt"
	here early "the plan is approved" divisi approve "$(phase_of early)"
	here early "it is carried out" allow_rest early
	here early "as planned" made early kept
}

# situations_run [GROUP...]: those groups, or all.
situations_run() {
	local group
	git config divisi.cap 32
	git config divisi.budget-factor 2
	[ $# -gt 0 ] || set -- together talk fail interrupted killed storm fenced
	for group in "$@"; do
		"situations_$group"
	done
}
