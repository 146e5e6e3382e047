#!/bin/bash
# The built-in tracker from the command line: everything a team writes, found, taken out and
# read back (SPEC E-17 to E-21).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"

new_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
one() {
	divisi issue show "$1" --json | python3 -c '
import json, sys
issue = json.load(sys.stdin)
print(eval(sys.argv[1], {"i": issue}))' "$2"
}

claim "an issue is made" says 'DV-1: made' \
	divisi issue new "Review gates" --type feature --label exec:pair --estimate 3 --body "Reads the diff."
claim "with its labels" equals "$(one DV-1 'i["labels"]')" "['exec:pair', 'type:feature']"
claim "one with an id of its own" says 'CIA-9: made' divisi issue new "Parent of them" --id CIA-9
printf '# A heading\n\nMerge train, with a **train** of words.\n\n## DV-1: not an issue\n<!-- divisi:end -->\n' >body.md
claim "a text from a file" says 'DV-2' divisi issue new "Merge train" --body-file body.md --parent CIA-9
claim "a text from standard input" bash -c 'printf "from a pipe" | divisi issue new "Piped" --body-file - >/dev/null'
claim "it is there" equals "$(one DV-3 'i["body"]')" "from a pipe"
claim "an illegal move is refused (E-17)" divisi_fails 3 issue move DV-1 Done
claim "and names the legal ones" says 'In Progress' divisi issue move DV-1 Done
claim "a legal one is made" divisi issue move DV-1 "in progress"
claim "a label replaces the one of its group (R-198)" divisi issue label DV-1 exec:tdd needs:human
claim "and no other" equals "$(one DV-1 'i["labels"]')" "['exec:tdd', 'needs:human', 'type:feature']"
claim "one is taken off" divisi issue label DV-1 --remove needs:human
claim "it is off" equals "$(one DV-1 'i["labels"]')" "['exec:tdd', 'type:feature']"
claim "issues are related" divisi issue relate DV-1 blocks DV-2
claim "both know" equals "$(one DV-2 'i["relations"]["blocked_by"]')" "['DV-1']"
claim "a circle is refused (R-214)" divisi_fails 3 issue relate DV-2 blocks DV-1
claim "a relation is taken back" divisi issue unrelate DV-2 blocked-by DV-1
claim "it is gone" equals "$(one DV-2 'i["relations"]["blocked_by"]')" "[]"
divisi issue relate DV-1 blocks DV-2 >/dev/null
claim "a checkpoint is written" divisi issue comment DV-1 "half" --kind checkpoint
claim "and written over" divisi issue comment DV-1 "whole" --kind checkpoint
claim "there is one (R-52)" equals "$(one DV-1 '[c["body"] for c in i["comments"]]')" "['whole']"
claim "a note stays beside it" divisi issue comment DV-2 "Look at the gate"
claim "two apps are not mentioned at once (T01)" divisi_fails 3 issue comment DV-1 "@codex and @cursor look"
claim "the registry is not written by hand" divisi_fails 3 issue comment DV-1 x --kind registry
claim "somebody is accountable" divisi issue assign DV-1 ada
claim "an agent works on it" divisi issue delegate DV-1 codex
claim "a file is attached" divisi issue attach DV-1 body.md --title "The text"
claim "with what it held" equals "$(one DV-1 'i["attachments"][0]["sha256"]')" \
	"$(sha256sum <body.md | cut -d' ' -f1)"
claim "a link too" divisi issue attach DV-1 https://example.com/x
claim "texts change" divisi issue edit DV-1 --title "Review gate" --estimate 0 --version 1
claim "the estimate is gone" equals "$(one DV-1 'i["estimate"]')" 0
claim "a text is not changed behind a back" divisi_fails 6 issue edit DV-2 --body x --version 7
claim "edit wants to know what" divisi_fails 2 issue edit DV-1

claim "words are found" equals \
	"$(divisi issue search train merg --json | python3 -c 'import json,sys; print([i["id"] for i in json.load(sys.stdin)])')" "['DV-2']"
claim "in comments too" says DV-2 divisi issue search gate
claim "the better one first" equals \
	"$(divisi issue search gate --json | python3 -c 'import json,sys; print([i["id"] for i in json.load(sys.stdin)])')" "['DV-1', 'DV-2']"
claim "an odd word is no query" divisi issue search 'NEAR("' '*' OR
claim "no word is no search" divisi_fails 2 issue search '"*'
claim "a list by who" equals \
	"$(divisi issue list --assignee ada --json | python3 -c 'import json,sys; print(len(json.load(sys.stdin)))')" 1

# ---- in an editor --------------------------------------------------------------------------

# typed SCRIPT COMMAND...: COMMAND at a terminal, with SCRIPT as the editor ($1 is the text).
typed() {
	printf '#!/bin/sh\n%s\n' "$1" >"$scratch/bin/scripted_editor"
	chmod 755 "$scratch/bin/scripted_editor"
	shift
	GIT_EDITOR=${editor-scripted_editor} timeout 60 python3 -c '
import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], stdin_read=lambda fd: os.read(fd, 1024))))' "$@" </dev/null
}
drafts() { find "$scratch/home/state/divisi/drafts" -type f 2>/dev/null; }
divisi issue new "Draft" --body $'First line\n\nLast line' >/dev/null
claim "the editor gets title and text" typed "cp \"\$1\" $scratch/seen; sed -i 's/Last/Latest/; 1s/.*/Drafted/' \"\$1\"" \
	divisi issue edit DV-4
claim "whole" equals "$(cat "$scratch/seen")" $'Draft\n\nFirst line\n\nLast line'
claim "what it made of them is written" equals "$(one DV-4 '(i["title"], i["body"])')" \
	"('Drafted', 'First line\\n\\nLatest line')"
claim "a text left as it was is refused" says 'as it was: nothing was changed' typed true divisi issue edit DV-4
claim "an emptied one too" says 'emptied: nothing was changed' typed ': >"$1"' divisi issue edit DV-4
claim "nor is a title taken away" says 'the title, is empty' typed 'sed -i "1s/.*//" "$1"' divisi issue edit DV-4
claim "all of it stands" equals "$(one DV-4 '(i["title"], i["body"])')" \
	"('Drafted', 'First line\\n\\nLatest line')"
claim "that text, which was a change, is kept" equals "$(drafts | wc -l)" 1
rm "$(drafts)"
claim "what somebody wrote meanwhile is not written over" says 'the text is kept in ' \
	typed 'divisi issue edit DV-4 --body Theirs >/dev/null; echo Mine >>"$1"' divisi issue edit DV-4
claim "it stands" equals "$(one DV-4 'i["body"]')" Theirs
claim "and mine is not lost" grep -qx Mine "$(drafts)"
rm "$(drafts)"
claim "nor is their title" says 'was changed meanwhile' \
	typed 'divisi issue edit DV-4 --title Named >/dev/null; sed -i 1s/.*/Mine/ "$1"' divisi issue edit DV-4
rm "$(drafts)"
claim "a title of theirs and a text of mine both stand" \
	typed 'divisi issue edit DV-4 --title Theirs >/dev/null; echo Mine >>"$1"' divisi issue edit DV-4
claim "indeed" equals "$(one DV-4 '(i["title"], i["body"])')" "('Theirs', 'Theirs\\nMine')"
claim "an editor that fails is told" says 'the editor failed: scripted_editor' typed 'exit 1' divisi issue edit DV-4
claim "and leaves nothing" equals "$(drafts)" ""
git config core.editor "scripted_editor"
claim "the editor is the one that git takes" eval 'editor= typed "echo More >>\"\$1\"" divisi issue edit DV-4'
claim "and what it wrote is there" equals "$(one DV-4 'i["body"]')" $'Theirs\nMine\nMore'
git config --unset core.editor
claim "a text can be emptied below its title" typed 'echo Bare >"$1"' divisi issue edit DV-4
claim "then there is none" equals "$(one DV-4 '(i["title"], i["body"])')" "('Bare', '')"

# ---- out and back --------------------------------------------------------------------------

divisi issue export >all.json
divisi issue export --markdown >all.md
same_after() {
	new_repo "$scratch/$1" >/dev/null && cd "$scratch/$1" || return
	divisi issue import "../repo/$2" || return
	divisi issue export >again.json
	python3 - ../repo/all.json again.json <<'PY'
import json, sys
a, b = ({i["id"]: i for i in json.load(open(f))} for f in sys.argv[1:])
for one in (a, b):
    for i in one.values():
        for c in i["comments"]:
            del c["id"]
        for f in i["attachments"]:
            del f["title"]
assert a == b, "\n".join(f"{k}\n  {a.get(k)}\n  {b.get(k)}" for k in a if a.get(k) != b.get(k))
PY
}
claim "JSON comes back as it went" same_after two all.json
cd "$scratch/repo" || exit 99
claim "Markdown too" same_after three all.md
claim "a second time changes nothing" says '0 made, 5 there' divisi issue import ../repo/all.md
claim "numbers go on behind them" says 'DV-5' divisi issue new "Next"
new_repo "$scratch/four" >/dev/null && cd "$scratch/four" || exit 99
divisi issue new "Mine" >/dev/null
claim "another's id is no issue of ours" divisi_fails 6 issue import ../repo/all.json
claim "then nothing came" equals "$(divisi issue list --json | python3 -c 'import json,sys; print(len(json.load(sys.stdin)))')" 1
echo '[{"id": "X-1", "title": "t", "status": "Todo", "labels": ["type:chore"], "parent": "X-9"}]' >lost.json
claim "a parent that is nowhere is refused" divisi_fails 5 issue import lost.json
echo '{"id": 7' >broken.json
claim "half a file is refused" divisi_fails 7 issue import broken.json
claim "and what is none" divisi_fails 7 issue import /dev/null --markdown

e2e_end
