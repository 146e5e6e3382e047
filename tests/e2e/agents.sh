#!/bin/bash
# Agents that flood, stop half-way, never end, hear nothing, leave others behind, lie, ask,
# cost too much, write where they should not, or collide: each is told as what it is.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"

# reason_of PHASE PATTERN
reason_of() {
	says "$2" divisi why "$1"
}
# launch N: dispatches plan N of standard input and approves it.
launch() {
	fake_plan "2026-11-22-try-$1.md" &&
		{ divisi dispatch "2026-11-22-try-$1.md"; [ $? = 4 ]; } && approve_table
}
is_stopped() {
	local pid
	pid=$(agent_pid "$(run_of "$1")")
	case $(sed 's/.*) //' "/proc/$pid/stat") in
	T*) return 0 ;;
	esac
	# In a cgroup it is frozen instead, which this file tells.
	grep -qs 'frozen 1' "$(sed -n 's/^cgroup=//p' <(tr '\0' '\n' \
		<".git/divisi/runs/$(run_of "$1")/begun"))/cgroup.events"
}
runs_on() {
	! is_stopped "$1"
}

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
mkdir lib && printf 'one\ntwo\nthree\n' >lib/words && git add lib && git commit -qm words
git config divisi.cap 32
git config divisi.output-limit 1
git config divisi.wall-limit 10
claim "flood, half a line, deaf: launched" launch 1 <<END
1A|quick|Writes: \`1a\`|fake:write=1a:x fake:flood=3 fake:wait=/nowhere
1B|quick|Writes: \`1b\`|fake:write=1b:x fake:half=and so on
1C|quick|Writes: \`1c\`|fake:orphan fake:deaf
END
git config --unset divisi.output-limit
git config --unset divisi.wall-limit
git config divisi.silence-timeout 2
claim "orphans, a login, a signal: launched" launch 2 <<END
2A|quick|Writes: \`2a\`|fake:write=2a:x fake:commit=2a fake:orphan
2B|quick|Writes: \`2b\`|fake:login
2C|quick|Writes: \`2c\`|fake:write=2c:x fake:bash=git add -A; git commit -qm 2c || true fake:die=SEGV
END
git config --unset divisi.silence-timeout
claim "no word, a lie, a rest: launched" launch 3 <<END
3A|quick|Writes: \`3a\`|fake:mute fake:exit=0
3B|quick|Writes: \`3b\`|fake:lie
3C|quick|Writes: \`3c/**\`|fake:write=3c/one:x fake:commit=3c fake:write=3c/two:rest
END
claim "cost, no, an answer: launched" launch 4 <<END
4A|quick|Writes: \`4a\`|fake:estimate=50 fake:write=4a:x fake:commit=4a fake:wait=$scratch/go
4B|quick|Writes: \`4b\`|fake:write=4b:x fake:ask=permission:May I delete everything?
4C|quick|Writes: \`4c\`|fake:ask=question:Which colour? fake:write=4c:x fake:commit=4c
END
git config divisi.confirm-timeout 2
claim "held, stray, silent: launched" launch 5 <<END
5A|quick|Writes: \`5a\`|fake:write=5a:x fake:commit=5a fake:wait=$scratch/go
5B|quick|Writes: \`5b\`|fake:write=5b:x fake:write=elsewhere:x fake:commit=5b
5C|quick|Writes: \`5c\`|fake:mute fake:wait=/nowhere
END
git config --unset divisi.confirm-timeout
claim "two that collide, one that is red: launched" launch 6 <<END
6A|quick|Writes: \`lib/\`|fake:bash=sed -i s/two/TWO/ lib/words fake:commit=6a
6B|quick|Writes: \`lib/\`|fake:bash=sed -i s/two/zwei/ lib/words fake:commit=6b
6C|quick|Writes: \`6c/**\`; Verify: \`test -e 6c/good\`|fake:write=6c/bad:x fake:commit=6c
END

claim "a flood is ended" becomes 1A stalled
claim "and told" until_true reason_of 1A 'divisi.output-limit'
claim "half a line is no event; at the wall it is parked" becomes 1B parked
claim "and told" reason_of 1B 'divisi.wall-limit'
claim "an agent that ignores every signal is parked, too" becomes 1C parked
claim "nothing of it lives" until_true is_gone "$(agent_pid "$(run_of 1C)")"
claim "an agent that leaves a process behind is done" becomes 2A in-review
# Another test may have such a process, too: ours has its HOME and more here.
no_orphan() {
	local pid
	for pid in $(pgrep -u "$(id -u)" -f 'tail -f /dev/null'); do
		! grep -aqsF "$scratch/" "/proc/$pid/environ" || return
	done
}
claim "and the process is not left" until_true no_orphan
claim "who asks for a login falls silent" becomes 2B stalled
claim "why says what it said last" until_true reason_of 2B 'log in'
claim "the log has it" until_true says 'Please log in' divisi log 2B
claim "a crash is told by its signal" becomes 2C stalled
claim "and its number" until_true reason_of 2C 'signal 11'
claim "its work is pinned" until_true is_pinned p2.1.2C 2c x
claim "an exit without a word is no end" becomes 3A stalled
claim "a lie is found out" becomes 3B failed
claim "by the empty diff" reason_of 3B 'nothing was committed'
claim "what is left over is asked about" until_true says '3c/two' divisi why 3C
claim "nothing is Done without evidence" says 'exiting' field 3C state
claim "a person lets it be committed" divisi approve 3C
claim "and it is ready" becomes 3C in-review
claim "with the rest in it" git cat-file -e "$(field 3C branch):3c/two"
claim "an estimate over the threshold is held" becomes 4A checkpoint
claim "with the sum" reason_of 4A '\$50'
claim "and suspended meanwhile" until_true is_stopped 4A
claim "a person allows it" divisi approve 4A
claim "it works again" until_true runs_on 4A
claim "a permission is asked in full" until_true says 'May I delete everything' divisi status
claim "and denied" divisi decline 4B --reason "keep it"
claim "the agent gives up" becomes 4B failed
claim "and says why" reason_of 4B 'declined'
claim "its file is pinned" until_true is_pinned p4.1.4B 4b x
claim "a question is open" becomes 4C checkpoint
claim "and answered" divisi approve 4C --reason "blue"
claim "the answer is heard" becomes 4C in-review
claim "word for word" equals "$(said 4C 'answered: allow blue')" 1
claim "5A works" becomes 5A active
claim "a person holds it" divisi hold 5A --reason "wait for me"
claim "it is halted" is_state 5A halted
claim "and stopped" until_true is_stopped 5A
claim "a person lets it go on" divisi resume 5A
claim "it is active" is_state 5A active
claim "and goes on" until_true runs_on 5A
touch "$scratch/go"
claim "to its end" becomes 5A in-review
claim "a stray write does not stop the session" becomes 5B in-review
claim "but it is told (G21)" until_true says 'elsewhere' divisi status
claim "who never says that it started is shown" becomes 5C stalled
claim "as that" reason_of 5C 'Session started'
claim "and not started again" equals "$(starts 5C)" 1

claim "6A is ready" becomes 6A in-review
claim "6B is ready" becomes 6B in-review
claim "6C is ready" becomes 6C in-review
claim "the first of two that collide lands" divisi merge 6A --yes
claim "the second does not" divisi_fails 6 merge 6B --yes
claim "it is a conflict" is_state 6B merge-conflict
claim "why shows one side" says 'TWO' divisi why 6B
claim "and the other" says 'zwei' divisi why 6B
claim "the checkout is untouched" is_clean . 2026-11-22-try-{1,2,3,4,5,6}.md
mend() {
	git -C "$(field 6B path)" merge -q -X ours -m "take both" main
}
claim "a person mends it where it was made" mend
claim "and merges" divisi merge 6B --yes
claim "it is on main" grep -q zwei lib/words
claim "red is not merged" divisi_fails 6 merge 6C --yes
claim "why says what is red" reason_of 6C 'test -e 6c/good'
green() {
	local dir
	dir=$(field 6C path)
	touch "$dir/6c/good" && git -C "$dir" add -A && git -C "$dir" commit -qm green
}
claim "a person makes it green" green
claim "and merges it" divisi merge 6C --yes
claim "it is there" test -e 6c/good
claim "one that failed is resumed" divisi resume 2C
claim "and comes to its end" becomes 2C in-review
claim "all that is ready is merged" divisi merge --yes
claim "the checkout is clean" until_true is_clean . 2026-11-22-try-{1,2,3,4,5,6}.md
for phase in 1A 1B 1C 2A 2B 3A 3B 3C 4A 4B 4C 5A 5B 5C 6A 6B 6C; do
	claim "$phase was started once" equals "$(starts $phase)" 1
done
e2e_end
