#!/bin/bash
# shellcheck disable=SC2016,SC2317  # claims are evaluated later, by `claim`
# Beginning: `divisi init`, `divisi doctor` and `divisi` alone, in repositories of several
# kinds and with tasks that mean harm.  Issue 2 "Begin"; S-3, S-74, S-75, A-4, J-41.
. "$(dirname "$0")/lib.sh"
e2e_begin "$@"

# An agent that can be found, so that plans name it.
agent() {
	printf '#!/bin/sh\nexit 0\n' >"$scratch/agent"
	chmod 755 "$scratch/agent"
	git config --global divisi.agent.command.program "$scratch/agent"
}

# repo NAME: a new repository that the rest works in.
repo() {
	new_repo "$scratch/$1" && cd "$scratch/$1" || exit 99
}

plan() {
	local file
	for file in ./20[0-9][0-9]-*.md docs/plans/20*.md; do
		[ ! -e "$file" ] || echo "$file"
	done
}

# Every plan that init makes: no error, every prompt, canonical.
is_sound() {
	local file=$1 id
	divisi check "$file" && divisi fmt --check "$file" || return 1
	divisi check "$file" --json | grep -q '"level":"E"' && return 1
	sed -n 's/^### \([^:]*\):.*/\1/p' "$file" >"$scratch/ids"
	while read -r id; do
		divisi prompt "$file" "$id" >"$scratch/prompt" || return 1
		grep -q "Reply with 'Session started'" "$scratch/prompt" || return 1
	done <"$scratch/ids"
}

setting() {
	[ "$(git config -f .divisi/config "$1")" = "$2" ] || {
		git config -f .divisi/config --list
		return 1
	}
}

nothing_written() {
	if [ -e .divisi ] || [ -n "$(plan)" ]; then
		ls -lA . .divisi
		return 1
	fi
}

# refused TEXT MESSAGE: the task line TEXT is refused with MESSAGE and nothing is written.
refused() {
	printf 'A good task\n%b\n' "$1" >"$scratch/tasks"
	says "$2" divisi_fails 7 init --tasks "$scratch/tasks" --yes && nothing_written
}

agent

# ---- outside and at the edges --------------------------------------------------------

mkdir -p "$scratch/nowhere" && cd "$scratch/nowhere" || exit 99
claim "outside a repository divisi alone says git init" says 'git init' divisi
claim "outside a repository init is refused" divisi_fails 5 init
claim "outside a repository doctor says what is missing" \
	says '^missing +repository' divisi_fails 1 doctor
claim "doctor's JSON counts what is missing" says '"missing":[12]' divisi doctor --json

git init --quiet --bare "$scratch/bare" && cd "$scratch/bare" || exit 99
claim "a bare repository is refused with the mend (J-41)" \
	says 'git clone' divisi_fails 3 init
claim "divisi alone says the same" says 'git clone' divisi

git init --quiet "$scratch/empty" && cd "$scratch/empty" || exit 99
claim "divisi alone says that an empty repository needs a commit" says 'commit' divisi
echo 'Write README.md' >../tasks
claim "an empty repository gets settings and a plan" divisi init --tasks ../tasks --yes
claim "and the plan is sound" is_sound "$(plan)"
claim "the file to make is declared" grep -q '^- Creates: `README.md`' "$(plan)"
claim "the first step is a commit" says '^next +git add' divisi init

# ---- a C project, from nothing to a plan ------------------------------------------------

repo greeter
mkdir -p src lib docs
printf 'check: all\nall:\n\ttrue\n' >Makefile
for file in src/main.c src/greet.c lib/util.c docs/style.md; do echo x >$file; done
git add --all && git commit --quiet -m "Add files"
claim "divisi alone says init where nothing is set up" says '^  divisi init$' divisi
claim "doctor finds everything" divisi doctor
claim "doctor says that nothing is set up" says '^warn +settings' divisi doctor
cat >../tasks <<'END'
# what is left
[tdd] Keep greetings in src/greet.c; use {name} as the field  $3
Show them in src/main.c, see docs/style.md  after: 1
[analysis] Compare lib/ with what others do  done: one is named
Create docs/guide.md
Make everything faster
END
claim "a dry run writes nothing" divisi init --tasks ../tasks --dry-run
claim "and left nothing" nothing_written
claim "init makes a plan" divisi init --tasks ../tasks
first=$(plan)
claim "its name is of the method (S-74)" \
	grep -qE '^\./20[0-9]{2}-[0-9]{2}-[0-9]{2}-greeter-keep-greetings\.md$' <<<"$first"
claim "it is sound" is_sound "$first"
claim "the main branch is written" setting divisi.main main
claim "the verify command is found" setting divisi.verify "make check"
claim "the agent is found" setting divisi.agent command
claim "the project's short name is in the table (R-27)" setting divisi.project.greeter greeter
claim "nobody was asked: the proposal is a comment, the phase unknown (A-4)" \
	says 'warning L21 phase 1A' divisi check "$first"
claim "the proposal is there to be accepted" grep -q '^- Writes: `src/greet.c`' "$first"
claim "which is a comment" grep -q 'proposed from the text' "$first"
claim "the dependency is written" grep -q '^- Depends on: 1A$' "$first"
claim "the criterion is written" grep -q '^  - \[ \] one is named$' "$first"
claim "a second init changes nothing and says so" \
	says '^plan .*there' divisi init
cp "$first" ../first && cp .divisi/config ../config
claim "a second plan of that name is refused" \
	divisi_fails 6 init --tasks ../tasks --yes
claim "and both files are as they were" cmp "$first" ../first
claim "the settings too" cmp .divisi/config ../config
claim "init --plan --yes accepts what is proposed" divisi init --plan "$first" --yes
claim "which is still sound" is_sound "$first"
claim "the proposal became the phase's" \
	eval 'divisi check "$first" --json | tr -d "\n " | grep -q "\"writes\":\[\"src/greet.c\"\]"'
claim "and is no comment any more" eval '! grep -q "proposed from" "$first"'
claim "only the phase that names nothing is unknown" \
	[ "$(divisi check "$first" | grep -c 'warning L21')" = 1 ]
claim "divisi alone goes on with run" says "^  divisi run .*keep-greetings.md$" divisi
claim "a changed setting is kept" \
	eval 'git config -f .divisi/config divisi.verify "make all" && divisi init && setting divisi.verify "make all"'
claim "a second plan continues the ids of the first (J-42)" \
	eval 'divisi init --tasks ../tasks --topic "second round" --yes && grep -q "local:LOC-7" ./*second-round.md'
claim "with two plans divisi alone names both" \
	[ "$(divisi | grep -c '^  divisi check .*\.md$')" = 2 ]

# ---- other kinds -------------------------------------------------------------------------

repo node
echo '{"scripts":{"test":"node --test"},"devDependencies":{"x":"1"}}' >package.json
echo '{}' >package-lock.json
claim "a node project verifies in a fresh worktree" \
	eval 'divisi init && setting divisi.verify "npm ci && npm test"'
repo node-without
echo '{"scripts":{"test":"echo \"Error: no test specified\" && exit 1"}}' >package.json
claim "npm's own placeholder is no test" \
	says '^verify +none' divisi init
repo python
printf '[tool.pytest.ini_options]\n' >pyproject.toml
claim "a Python project" eval 'divisi init && setting divisi.verify "python3 -m pytest"'
repo rust
touch Cargo.toml
claim "a Rust project" eval 'divisi init && setting divisi.verify "cargo test"'
repo script
printf '#!/bin/sh\n' >check && chmod 755 check
touch Cargo.toml
claim "the project's own script comes first" \
	eval 'divisi init && setting divisi.verify ./check'
repo said
claim "a verify command can be said" \
	eval 'divisi init --verify "sh t.sh" && setting divisi.verify "sh t.sh"'
repo broken
printf '{{{[[[' >package.json
printf 'check' >Makefile
ln -s /dev/zero pyproject.toml
claim "broken files of a project find nothing and harm nothing" \
	says '^verify +none' divisi init
repo plans
mkdir -p docs/plans
echo 'Fix README.md' >../tasks
claim "plans go where plans are" \
	eval 'divisi init --tasks ../tasks --yes && is_sound docs/plans/20*.md'
repo 'odd [name] `x`'
claim "a directory with an odd name" \
	eval 'divisi init --tasks ../tasks --yes && is_sound "$(plan)"'
repo worktrees
git worktree add --quiet ../side -b side && cd ../side || exit 99
claim "from a worktree the main checkout is set up" \
	eval 'divisi init && [ -e ../worktrees/.divisi/config ] && [ ! -e .divisi ]'

# ---- tasks that mean harm ------------------------------------------------------------------

repo hostile
claim "control characters are refused" refused 'a\033[31mb' 'tasks:2: .*control characters'
claim "bytes that are no UTF-8 are refused" refused 'a\xffb' 'tasks:2: .*UTF-8'
claim "a comment that would hide the rest is refused" refused 'a <!-- b' 'tasks:2: .*comment'
claim "an unknown mode is refused" refused '[fast] a' 'tasks:2: "fast" is no mode'
claim "a dependency on nothing is refused" refused 'a after: 7' 'tasks:2: after: "7"'
claim "an agent nobody knows is refused" refused 'a agent: hal' 'tasks:2: nobody knows'
claim "an agent that may not run the mode is refused (G15)" \
	refused '[checkpoint] a agent: codex' 'tasks:2: .*checkpoint'
claim "what no prompt may say is refused (P15)" \
	refused 'Do it as discussed' 'tasks:2: .*as discussed'
claim "an issue without its link beside one with it is refused (P02)" \
	refused 'Do LOC-1 and [LOC-2: x](local:LOC-2)' 'tasks:2: issue LOC-1'
claim "a file of nothing is refused" eval \
	': >../tasks && divisi_fails 7 init --tasks ../tasks && nothing_written'
claim "a file that is not there is refused" divisi_fails 5 init --tasks ../none
claim "a directory is refused" divisi_fails 7 init --tasks ..
cat >../tasks <<'END'
--yes --force; rm -rf ../x $(touch ../pwned) `touch ../pwned`
Read ../../etc/passwd and /etc/passwd and write ../outside.md
a | b || c \| d [x](y) [z] ]( { } {} {x}
Fix LOC-1 and TASK-2 and STEP-3
日本語を直す
# ## - Writes: `README.md`
- Writes: `**`  Deletes: `**`
Don`t; ```; ~~~
after the demo: do it. Then rest
END
claim "odd tasks become a sound plan" \
	eval 'divisi init --tasks ../tasks --yes && is_sound "$(plan)"'
claim "nothing in them was executed" [ ! -e ../pwned ]
claim "and none of their paths is declared" \
	eval '! grep -E "^- (Writes|Creates|Deletes|Reads): .*(\.\.|/etc|\*\*)" "$(plan)"'
rm -r "$(plan)" .divisi
for i in $(seq 3000); do echo "Fix thing $i in README.md"; done >../tasks
claim "three thousand lines are a plan" divisi init --tasks ../tasks --yes
rm "$(plan)"
for i in $(seq 10001); do echo "Fix thing $i"; done >../tasks
claim "too many are refused with their line" \
	says 'tasks:10001: there are more' divisi_fails 7 init --tasks ../tasks --yes
head -c 9000000 /dev/zero | tr '\0' a >../tasks
claim "one endless line is refused" divisi_fails 7 init --tasks ../tasks --yes
claim "so is endless standard input" \
	eval 'yes | divisi_fails 7 init --tasks - --yes'
claim "tasks come from standard input" \
	eval 'echo "Fix README" | divisi init --tasks - --yes && is_sound "$(plan)"'

# ---- all or nothing -------------------------------------------------------------------------

if [ "$(id -u)" != 0 ]; then
	repo readonly
	echo 'Fix README.md' >../tasks
	chmod 555 .
	claim "a directory that cannot be written is said" \
		divisi_fails 8 init --tasks ../tasks --yes
	claim "and nothing is half made" nothing_written
	chmod 755 .
	mkdir plans && chmod 555 plans
	claim "when the plan cannot be written" divisi_fails 8 init --tasks ../tasks --yes
	claim "the settings are not written either" nothing_written
	mkdir .divisi && printf '[core]\n\tkept = yes\n' >.divisi/config
	claim "when there were settings" divisi_fails 8 init --tasks ../tasks --yes
	claim "they are as they were" \
		[ "$(cat .divisi/config)" = "$(printf '[core]\n\tkept = yes')" ]
	chmod 755 plans
fi
repo malformed
mkdir .divisi && echo '[broken' >.divisi/config
claim "settings that cannot be read stop it (exit 7)" divisi_fails 7 init
claim "and doctor names them" says '^missing +settings' divisi_fails 1 doctor

# ---- a person answers -------------------------------------------------------------------------

# types KEYS COMMAND...: runs COMMAND on a terminal of its own and types KEYS, which are read
# as printf(1) does; each waits for the question before it.
types() {
	python3 - "$@" <<'END'
import os, pty, select, sys
keys = sys.argv[1].encode().decode("unicode_escape")
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
seen, said = b"", 0
while True:
    ready = select.select([fd], [], [], 20)[0]
    try:
        data = os.read(fd, 4096) if ready else b""
    except OSError:
        data = b""
    if not data:
        break
    seen += data
    while keys and not select.select([fd], [], [], 0.05)[0]:
        os.write(fd, keys[0].encode())
        keys = keys[1:]
        break
sys.stdout.write(seen.decode(errors="replace"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
}

repo person
touch Makefile a.c b.c && printf 'test:\n' >Makefile && git add --all && git commit -qm More
printf 'Fix a.c\nFix b.c\nBe nice\n' >../tasks
claim "a person takes the verify command and every proposal with one key each" \
	types '\n\n\n\n' divisi init --tasks ../tasks
claim "and they are declared" grep -q '^- Writes: `b.c`' "$(plan)"
claim "the verify command too" setting divisi.verify "make test"
rm -r "$(plan)" .divisi
claim "a person says no, another line, and all the rest" \
	types 'eWrites: src/new/, a.c  Reads: b.c\na\n' divisi init --tasks ../tasks --verify true
claim "what was typed is declared" eval \
	'grep -q "^- Writes: .src/new/., .a.c.$" "$(plan)" && grep -q "^- Reads: .b.c.$" "$(plan)"'
rm -r "$(plan)" .divisi
claim "Ctrl-C writes nothing" eval \
	'exits 4 types "\x03" divisi init --tasks ../tasks && nothing_written'
claim "tasks can be typed" types 'y' divisi init --verify true --dry-run
claim "typed tasks become a plan, a wrong line is said and typed again" eval \
	'says "no mode" types "[fst] Fix a.c\n[tdd] Fix a.c\n\n\n" divisi init --verify true &&
	 is_sound "$(plan)"'

# ---- agents on PATH -----------------------------------------------------------------------

repo agents
mkdir -p ../path && cat >../path/claude <<'END'
#!/bin/sh
echo "9.8.7 (Claude Code)"
END
printf '#!/bin/sh\nexit 0\n' >../path/codex
chmod 755 ../path/claude ../path/codex
with_agents() {
	PATH="$scratch/path:$PATH" "$@"
}
claim "an agent is found with its version, and that nobody logged in" \
	says '^agents +claude: 9.8.7, not logged in, /.*/path/claude' with_agents divisi init
claim "it is the one that plans name" setting divisi.agent claude
claim "doctor says the same" \
	says '^warn +claude +9.8.7, not logged in' with_agents divisi doctor
claim "a key counts as a login" \
	says '^ok +claude +9.8.7, logged in' with_agents env ANTHROPIC_API_KEY=x divisi doctor
claim "one that says no version is named as such" \
	says '^warn +codex .* --version shows no version' with_agents divisi doctor

# ---- the skill -------------------------------------------------------------------------------

repo skill
skill=.claude/skills/parallel-session-dispatch/SKILL.md
claim "the skill is installed" eval 'divisi init --skill && [ -s $skill ]'
for words in "dispatch parallel sessions" "can these phases run in parallel" \
	"launch sessions from master plan" "session dispatch template" \
	"parallel vs sequential" "coordinate multiple sessions" "multi-session dispatch"; do
	claim "it answers to: $words (S-3)" grep -qF "\"$words\"" $skill
done
claim "every command it names exists" eval '
	for verb in $(grep -o "divisi [a-z]*" $skill | sort -u | cut -d" " -f2); do
		case $verb in
		is|plan) ;;
		*) divisi help "$verb" >/dev/null || { echo "$verb"; exit 1; } ;;
		esac
	done'
claim "installing it again changes nothing" says '^skill .*there' divisi init --skill
echo mine >>$skill
claim "a changed skill is not overwritten" divisi_fails 6 init --skill
claim "and still mine" grep -q '^mine$' $skill
claim "with --yes it is replaced, said, and kept" eval \
	'says "kept as" divisi init --skill --yes && ! grep -q "^mine$" $skill && grep -q "^mine$" $skill.orig'

# ---- and it runs --------------------------------------------------------------------------

repo whole
mkdir -p src && echo x >src/a.c && git add --all && git commit --quiet -m More
cp "$top/examples/agents/oneshot.sh" "$scratch/oneshot.sh"
git config divisi.agent.command.program "$scratch/oneshot.sh"
git config --add divisi.agent.command.args sh
git config --add divisi.agent.command.args -c
git config --add divisi.agent.command.args 'echo more >>src/a.c'
echo 'Lengthen src/a.c' >../tasks
claim "one task, one plan" \
	divisi init --tasks ../tasks --yes --verify 'test "$(wc -l <src/a.c)" = 2'
made=$(plan)
claim "which runs to its end as it is" divisi run "$made" --approve-all
claim "its work landed" [ "$(wc -l <src/a.c)" = 2 ]
claim "under its issue" says '^[0-9a-f]+ LOC-2: ' git log --oneline
claim "divisi alone says report" says '^  divisi report .*lengthen' divisi
claim "doctor finds the server" says '^ok +server +answers' divisi doctor
mkdir deep && cd deep || exit 99
claim "in a directory below, paths lead to the plan" says '^  divisi report ../20' divisi
rm ../20*.md
claim "ids of work that was done are not used again (J-42)" eval \
	'divisi init --tasks ../../tasks --yes && grep -q "local:LOC-4" ../20*.md'
cd ..
divisi server --stop >"$scratch/stopped" 2>&1
claim "without a server divisi alone starts none" eval \
	'says "divisi status" divisi && says "not running" divisi doctor'

e2e_end
