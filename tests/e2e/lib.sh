# shellcheck shell=bash disable=SC2034
# What every end-to-end test begins with:
#
#	. "$(dirname "$0")/lib.sh"
#	e2e_begin "$@"
#	new_repo "$scratch/repo"
#	claim "a new repository is no project yet" divisi_fails 5 status
#	e2e_end
#
# e2e_begin starts the script again with a scrubbed environment, a HOME of its own under a
# scratch directory, and, when root runs the tests, as an ordinary user (E2E_AS_ROOT=1 before
# it keeps root).  The programs under test come from $DIVISI_BUILD and are first on PATH.
# Everything the test started is ended and the scratch directory removed at the end;
# DIVISI_E2E_KEEP=1 keeps it.  The real Claude Code, where ./check could install it, is
# $E2E_CLAUDE and not on PATH; the other agents are below $E2E_AGENTS, what the test servers
# of the trackers need is $E2E_TRACKERS.  Output is TAP.

e2e_n=0
e2e_failed=0

e2e_begin() {
	[ -n "${E2E_SCRATCH:-}" ] || e2e_restart "$@"
	scratch=$E2E_SCRATCH
	top=$E2E_TOP
	cd "$scratch" || exit 99
	git config --global user.name "divisi test"
	git config --global user.email test@example.invalid
	git config --global init.defaultBranch main
	git config --global advice.detachedHead false
}

# Copies programs and scripts where the test's user can read them, then runs the copy.
e2e_restart() {
	local build=${DIVISI_BUILD:?DIVISI_BUILD names the build tree} source program status
	local script=$0 drop=() variable keep=()
	source=$(cd "$(dirname "$0")/../.." && pwd)
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/divisi-e2e.XXXXXX") || exit 99
	mkdir -p "$scratch/bin" "$scratch/home" "$scratch/tmp" "$scratch/src/tests"
	for program in "$build"/src/*/* "$build"/tests/agent/claude_lines; do
		if [ -f "$program" ] && [ -x "$program" ]; then
			cp "$program" "$scratch/bin/"
		fi
	done
	for program in tests/e2e tests/fakes tests/tracker examples; do
		[ ! -d "$source/$program" ] ||
			cp -R "$source/$program" "$scratch/src/$(dirname "$program")/"
	done
	if [ -n "${DIVISI_TEST_CLAUDE:-}" ]; then
		mkdir "$scratch/agents"
		cp -l "$DIVISI_TEST_CLAUDE" "$scratch/agents/claude" 2>/dev/null ||
			cp "$DIVISI_TEST_CLAUDE" "$scratch/agents/claude"
	fi
	chmod 755 "$scratch"
	if [ "$(id -u)" = 0 ] && [ -z "${E2E_AS_ROOT:-}" ]; then
		chown -R nobody:nogroup "$scratch"
		drop=(setpriv --reuid=nobody --regid=nogroup --clear-groups --)
	fi
	for variable in ASAN_OPTIONS UBSAN_OPTIONS DIVISI_E2E_KEEP; do
		[ -z "${!variable:-}" ] || keep+=("$variable=${!variable}")
	done
	trap 'e2e_sweep; [ -n "${DIVISI_E2E_KEEP:-}" ] || rm -rf "$scratch"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	"${drop[@]}" env -i \
		PATH="$scratch/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" \
		HOME="$scratch/home" TMPDIR="$scratch/tmp" LANG=C.UTF-8 TERM=dumb USER=tester \
		LOGNAME=tester SHELL=/bin/sh GIT_CONFIG_NOSYSTEM=1 \
		XDG_STATE_HOME="$scratch/home/state" XDG_CONFIG_HOME="$scratch/home/config" \
		XDG_RUNTIME_DIR="$scratch/tmp" E2E_SCRATCH="$scratch" E2E_TOP="$scratch/src" \
		E2E_CLAUDE="${DIVISI_TEST_CLAUDE:+$scratch/agents/claude}" \
		E2E_AGENTS="${DIVISI_TEST_AGENTS:-}" \
		E2E_TRACKERS="${DIVISI_TEST_TRACKERS:-}" "${keep[@]}" \
		bash "$scratch/src/tests/e2e/$(basename "$script")" "$@" </dev/null &
	wait $!
	status=$?
	exit $status
}

# Ends what the test left running: every process that works below the scratch directory or
# carries its name in its environment.  Nothing else is touched.
e2e_sweep() {
	local dir pid try
	for try in TERM KILL KILL; do
		for dir in /proc/[0-9]*; do
			pid=${dir#/proc/}
			if [ "$pid" = $$ ] || [ "$pid" = "$BASHPID" ]; then
				continue
			fi
			case $(readlink "$dir/cwd" 2>/dev/null) in
			"$scratch"*) kill -s "$try" "$pid" 2>/dev/null ;;
			*)
				if grep -zqxsF "E2E_SCRATCH=$scratch" "$dir/environ"; then
					kill -s "$try" "$pid" 2>/dev/null
				fi
				;;
			esac
		done
		[ "$try" = KILL ] || sleep 0.2
	done
}

# claim TEXT COMMAND...: TEXT is true when COMMAND succeeds.
claim() {
	local text=$1
	shift
	e2e_n=$((e2e_n + 1))
	if "$@" >"$scratch/claim.out" 2>&1; then
		echo "ok $e2e_n - $text"
		return 0
	fi
	e2e_failed=$((e2e_failed + 1))
	echo "not ok $e2e_n - $text"
	printf '# ran: %s\n' "$*"
	tail -n 30 "$scratch/claim.out" | sed 's/^/# /'
	return 1
}

# exits STATUS COMMAND...: true when COMMAND ends with STATUS; its output is kept.
exits() {
	local wanted=$1 status
	shift
	"$@"
	status=$?
	[ "$status" = "$wanted" ] || {
		echo "exit status $status, not $wanted"
		return 1
	}
}

divisi_fails() {
	local wanted=$1
	shift
	exits "$wanted" divisi "$@"
}

# says PATTERN COMMAND...: true when the output of COMMAND has a line that matches.
says() {
	local pattern=$1
	shift
	"$@" 2>&1 | tee "$scratch/said.out" | grep -qE -- "$pattern" && return 0
	echo "no line matches $pattern in:"
	cat "$scratch/said.out"
	return 1
}

# wait_until SECONDS COMMAND...: looks ten times a second until COMMAND succeeds.
wait_until() {
	local left=$(($1 * 10))
	shift
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		if [ $left -le 0 ]; then
			echo "still not true: $*"
			return 1
		fi
		sleep 0.1
	done
}

# new_repo DIR: a repository with one commit on main and nothing else.
new_repo() {
	git init --quiet "$1" &&
		echo "A repository of a test." >"$1/README.md" &&
		git -C "$1" add --all &&
		git -C "$1" commit --quiet --message "Begin"
}

# is_clean DIR [FILE...]: git status is empty, the named untracked files aside.
is_clean() {
	local dir=$1 left
	shift
	left=$(git -C "$dir" status --porcelain)
	for file in "$@"; do
		left=$(printf '%s\n' "$left" | grep -vxF "?? $file")
	done
	[ -z "$left" ] || {
		echo "$left"
		return 1
	}
}

# skip_all REASON: the whole test cannot run here.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

e2e_end() {
	echo "1..$e2e_n"
	[ "$e2e_failed" = 0 ]
	exit
}
