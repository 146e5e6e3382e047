#!/bin/bash
# The guard hook: what an agent hears before it writes, from real processes below a real holder
# (issue: every agent for real, item 8; CONTRACTS 1, DESIGN 7 and 11, R-163).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi-hook >/dev/null || skip_all "divisi-hook is not built"

launch() {
	fake_plan "2026-11-22-try-$1.md" &&
		{ divisi dispatch "2026-11-22-try-$1.md"; [ $? = 4 ]; } && approve_table
}

# In a session, `guard NAME TOOL JSON` leaves what the hook says of the tool call in answers/.
answers=$scratch/repo/.git/divisi/runs/p1.1.1A.r1/tmp
cat >"$scratch/bin/guard" <<'END'
#!/bin/sh
printf '{"session_id":"x","cwd":"%s","hook_event_name":"PreToolUse","tool_name":"%s","tool_input":%s}' \
	"$PWD" "$2" "$3" | divisi-hook >"$TMPDIR/$1.new" 2>"$TMPDIR/$1.err"
echo $? >>"$TMPDIR/$1.new"
mv "$TMPDIR/$1.new" "$TMPDIR/$1"
END
chmod 755 "$scratch/bin/guard"
answered() {
	[ -e "$answers/$1" ]
}
hears() {
	until_true answered "$1" && says "$2" cat "$answers/$1"
}
hears_nothing() {
	until_true answered "$1" && equals "$(cat "$answers/$1")" 0
}

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
mkdir lib && echo b >lib/b.c && echo c >lib/c.c && git add lib && git commit -qm lib
git config divisi.merge ask
git config divisi.radar off

claim "two sessions with files of their own" launch 1 <<END
1A|quick|Writes: \`lib/a.c\`|fake:write=lib/a.c:a fake:wait=$scratch/begin fake:bash=sh $scratch/calls fake:wait=$scratch/widened fake:bash=sh $scratch/after fake:wait=$scratch/go fake:bash=git add -A; git commit -qm 1a
1B|quick|Writes: \`lib/b.c\`|fake:write=lib/b.c:x fake:wait=$scratch/go fake:bash=git add -A; git commit -qm 1b
END
claim "both work" eval "becomes 1A active; becomes 1B active"
a=$(field 1A path) b=$(field 1B path)

cat >"$scratch/get" <<END
import http.client, socket, sys
server = http.client.HTTPConnection("divisi")
server.sock = socket.socket(socket.AF_UNIX)
server.sock.connect("$scratch/repo/.git/divisi/sock")
server.request("GET", sys.argv[1])
print(server.getresponse().status)
END
cat >"$scratch/calls" <<END
guard own Write '{"file_path":"$a/lib/a.c","content":"x"}'
guard other Edit '{"file_path":"$a/lib/b.c","old_string":"b","new_string":"x"}'
guard stray Write '{"file_path":"lib/c.c","content":"x"}'
guard again Write '{"file_path":"lib/c.c","content":"x"}'
guard tree Write '{"file_path":"$b/lib/z.c","content":"x"}'
guard person Write '{"file_path":"$scratch/repo/lib/a.c","content":"x"}'
guard home Write '{"file_path":"$scratch/repo/.git/divisi/journal.db","content":"x"}'
guard bash Bash '{"command":"cd lib && echo x >>b.c"}'
guard build Bash '{"command":"make -C lib all"}'
guard var Bash '{"command":"echo x >\$OUT/lib/b.c"}'
guard reads Read '{"file_path":"$b/lib/b.c"}'
guard elsewhere Write '{"file_path":"/tmp/notes.md","content":"x"}'
ln -s "$b/lib" "$answers/link"
guard linked Write '{"file_path":"$answers/link/b.c","content":"x"}'
printf '{"hook_event_name":"BeforeTool","cwd":"$a","tool_name":"write_file","tool_input":{"file_path":"lib/b.c"}}' | divisi-hook >"$answers/gemini"
printf '{"timestamp":1,"cwd":"$a","toolName":"edit","toolArgs":"{\\\\"path\\\\":\\\\"lib/b.c\\\\"}"}' | divisi-hook >"$answers/copilot"
printf '{"hook_event_name":"PreToolUse","cwd":"$a","tool_name":"apply_patch","tool_input":{"command":"*** Begin Patch\\\\n*** Update File: lib/b.c\\\\n@@\\\\n-b\\\\n+x\\\\n*** End Patch"}}' | divisi-hook >"$answers/codex"
printf '{"hook_event_name":"PreToolUse","cwd":"$a","tool_name":"Wri' | divisi-hook >"$answers/torn"; echo \$? >>"$answers/torn"
divisi status --json >"$answers/status"
python3 $scratch/get /v1/events >"$answers/events" 2>&1
python3 $scratch/get /v1/state >"$answers/state" 2>&1
divisi why 1B >"$answers/why" 2>&1; echo \$? >>"$answers/why"
divisi widen $b lib/c.c --reason x >"$answers/nobody" 2>&1; echo \$? >>"$answers/nobody"
divisi widen 1B lib/c.c --reason x >"$answers/for-other" 2>&1; echo \$? >>"$answers/for-other"
divisi widen \$DIVISI_SESSION lib/b.c --reason "the header moved" --yes >"$answers/widen" 2>&1; echo \$? >>"$answers/widen"
divisi widen \$DIVISI_SESSION $a/lib/c.c --reason "it belongs together" >"$answers/widen2" 2>&1; echo \$? >>"$answers/widen2"
guard asked Write '{"file_path":"lib/b.c"}'
echo done >"$answers/all"
END
touch "$scratch/begin"

claim "what it declared passes without a word" hears_nothing own
claim "what another declared is refused" hears other '"permissionDecision":"deny"'
claim "with who has it" hears other 'S-B \(phase 1B, active\) declared it'
claim "and how to ask for it" hears other "divisi widen p1.1.1A 'lib/b.c' --reason"
claim "what nobody declared passes with a word" hears stray 'additionalContext.*lib/c.c: your phase 1A did not declare it'
claim "once" hears_nothing again
claim "another's worktree is refused" hears tree 'deny.*is in the worktree of S-B'
claim "the person's checkout is refused, with the file that is meant" \
	hears person "deny.*person's own checkout.*$a/lib/a.c"
claim "divisi's own files are refused" hears home "deny.*divisi's own"
claim "a command that plainly writes is read" hears bash 'as far as this command tells:.*lib/b.c: S-B'
claim "one that does not is left alone" hears_nothing build
claim "what is expanded is not guessed at" hears_nothing var
claim "reading is nobody's business" hears_nothing reads
claim "what is no part of the repository is the fence's" hears_nothing elsewhere
claim "a link is followed" hears linked 'deny.*is in the worktree of S-B'
claim "Gemini hears it in its own form" hears gemini '^\{"decision":"deny","reason":'
claim "Copilot too" hears copilot '^\{"permissionDecision":"deny"'
claim "a patch names its files" hears codex 'deny.*lib/b.c: S-B'
claim "half a call is let pass" hears_nothing torn

claim "an agent sees its own session" eval \
	"until_true answered all; says '\"phase\":\"1A\"' cat $answers/status"
claim "and nobody else's" eval "! grep -q '\"phase\":\"1B\"' $answers/status"
claim "not the journal" equals "$(cat "$answers/events")" 403
claim "nor the whole state" equals "$(cat "$answers/state")" 403
claim "not why of another" says 'sees its own session only' cat "$answers/why"
claim "it asks for no other" says '^3$' cat "$answers/for-other"
claim "asking for more asks a person, whatever it says (a person is needed: 4)" \
	says '^4$' cat "$answers/widen"
claim "who has it is shown to both" says 'S-B \(phase 1B, active\) has lib/b.c' cat "$answers/widen"
claim "the person sees the question with the reason" \
	says 'may it also write lib/b.c. the header moved' divisi status
claim "the conflict with a live session is shown before the answer" \
	equals "$(look "s['1A']['asks'][0]['detail'].strip()")" "S-B (phase 1B, active) has lib/b.c"
claim "the hook knows that it was asked" hears asked 'You asked for it; the answer comes as a message'
counted() {
	[ "$(field 1A guarded)" -ge 12 ] && [ "$(field 1A denied)" -ge 8 ]
}
claim "calls are counted" until_true counted
claim "refusals are journalled" says '"cause":"guarded".*"decision":"deny"' divisi events --json

claim "the person says no to one, with a reason" \
	divisi decline 1A --ask "$(look "s['1A']['asks'][0]['id']")" --reason "1B has it"
claim "and yes to the other" divisi approve 1A --ask "$(look "s['1A']['asks'][1]['id']")"
claim "what was allowed is declared now" equals "$(field 1A widened)" lib/c.c
cat >"$scratch/after" <<END
guard denied Write '{"file_path":"lib/b.c"}'
guard allowed Write '{"file_path":"lib/c.c"}'
divisi widen \$DIVISI_SESSION lib/b.c --reason "please" >"$answers/insists" 2>&1; echo \$? >>"$answers/insists"
until [ -e $scratch/killed ]; do sleep 0.1; done
guard away Write '{"file_path":"lib/b.c"}'
END
server_pid >"$scratch/server"
touch "$scratch/widened"
claim "what was refused stays refused, with the reason" hears denied 'A person said no: 1B has it'
claim "what was allowed passes" hears_nothing allowed
claim "insisting does not help" until_true says '^3$' cat "$answers/insists"
claim "and tells the reason" says 'a person said no to lib/b.c: 1B has it' cat "$answers/insists"
kill -9 "$(cat "$scratch/server")"
touch "$scratch/killed"
claim "without a server everything passes, the fence is what enforces" hears_nothing away
claim "and says so" says 'no server answers; nothing checked' cat "$answers/away.err"
claim "what is missed is noted in the session's own directory" \
	equals "$(cat .git/divisi/runs/*1A.r1/tmp/divisi-guard-missed)" x

claim "a person widens at once" divisi widen 1A 'lib/b.c' --reason "so be it" --yes
claim "their landing order stands" equals "$(field 1A after)/$(field 1B after)" /1A
claim "it is on record" says '"cause":"widen-asked"' divisi events --json
touch "$scratch/go"
claim "they end" eval "becomes 1A in-review; becomes 1B in-review"
claim "what was widened is no stray" equals "$(field 1A stray)" ""
e2e_end
