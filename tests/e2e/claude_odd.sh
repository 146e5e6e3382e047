#!/bin/bash
# Claude Code gone wrong (issue 5, bad input): whatever its stream says, the session ends in a
# state that names it, nothing is done twice, and no other session is reached.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"

mkdir "$scratch/odd" && cp "$top/tests/fakes/claude_odd.py" "$scratch/odd/claude" &&
	chmod 755 "$scratch/odd/claude"
PATH=$scratch/odd:$PATH
export ANTHROPIC_API_KEY=dummy
echo "2.1.330 (Claude Code)" >"$scratch/odd/version"
fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git config divisi.cap 32

# launch N: dispatches plan N of standard input, for Claude, and approves it.
launch() {
	sed 's/Writes:/Agent: claude; Writes:/' | fake_plan "2026-11-22-test-odd-$1.md" &&
		{ divisi dispatch "2026-11-22-test-odd-$1.md" >"$scratch/table"; [ $? = 4 ]; } &&
		approve_table
}
why_says() {
	says "$2" divisi why "$1"
}
plain() {
	! "$@" 2>&1 | LC_ALL=C grep -q "$(printf '[\033\007]')"
}

claim "liars and those out of order are launched" launch 1 <<'END'
1A|quick|Writes: `1A.txt`|odd:liar odd:commit
1B|quick|Writes: `1B.txt`|odd:early odd:commit
1C|quick|Writes: `1C.txt`|odd:commit odd:twice
1D|quick|Writes: `1D.txt`|odd:garbage odd:commit
END
claim "floods, long lines and control sequences are launched" launch 2 <<'END'
2A|quick|Writes: `2A.txt`|odd:flood=3000
2B|quick|Writes: `2B.txt`|odd:long=20 odd:commit
2C|quick|Writes: `2C.txt`|odd:steer odd:commit
2D|quick|Writes: `2D.txt`|odd:long=15 odd:commit
2E|quick|Writes: `2E.txt`|odd:exact=16777216 odd:commit
2F|quick|Writes: `2F.txt`|odd:exact=16777217 odd:commit
END
git config divisi.confirm-timeout 3
claim "those that want a person at their terminal are launched" launch 3 <<'END'
3A|quick|Writes: `3A.txt`|odd:tty
3B|quick|Writes: `3B.txt`|odd:login
3C|quick|Writes: `3C.txt`|odd:nologin
END

claim "an agent in another conversation is not trusted" becomes 1A failed
claim "why says so" why_says 1A 'not the one it was started with'
claim "its id is not kept for a resume" equals "$(field 1A agent_session)" ""
claim "a result before the start is looked at like any other" becomes 1B in-review
claim "by what git says" equals "$(field 1B commits)" 1
claim "of two results the failure counts" becomes 1C failed
claim "why says which" why_says 1C 'HTTP 500: not done after all'
claim "what it made is pinned" until_true is_pinned p1.1.1C 1C.txt work
claim "rubbish is noted, and the work goes on" becomes 1D in-review
claim "a flood of questions ends the session" becomes 2A failed
claim "why says so" why_says 2A 'floods'
claim "status is still short" test "$(divisi status | wc -l)" -lt 200
claim "a line of 20 MB is cut, and the work goes on" becomes 2B in-review
claim "one of 15 MB is read" becomes 2D in-review
claim "and one of 16 MiB exactly" becomes 2E in-review
claim "one byte more is cut, and the work goes on" becomes 2F in-review
claim "which the log says" says 'was cut' divisi events
claim "what steers a terminal is work like any other" becomes 2C in-review
claim "and steers nothing in status" plain divisi status
claim "nor in the log" plain divisi log 2C
claim "nor in the events" plain divisi events
claim "who asks at a terminal has none" becomes 3A stalled
claim "why says what it said last" until_true why_says 3A '/dev/tty'
claim "who waits for a login falls silent" becomes 3B stalled
claim "why says what it said last" until_true why_says 3B 'run /login'
claim "who has no login fails" becomes 3C failed
claim "and says so" why_says 3C 'Not logged in'

echo "0.1.0 (Claude Code)" >"$scratch/odd/version"
claim "a version that nobody tried is noted, and what may be missing" \
	says '0\.1\.0.*older than|older than.*2\.1' divisi doctor agents
cat >2026-11-22-test-odd-4.md <"2026-11-22-test-odd-3.md"
rm "$scratch/odd/claude"
claim "a program that is missing is refused before anything is shown" \
	says 'refused|not on PATH|not a program' divisi dispatch 2026-11-22-test-odd-4.md
divisi server --stop >/dev/null

e2e_end
