#!/bin/bash
# A repository that an agent begins in its worktree, as many a generator does: nothing of it
# is lost, and no link lands in the place of its files (promises 2 and 4).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"
plan=2026-11-22-try-it.md

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git config divisi.publish none
echo 'vendor/' >.gitignore
git add .gitignore && git commit -qm ignore
begin='git init -q && echo nest >n.txt && git add -A && git -c user.name=x -c user.email=x@y commit -qm nest'
fake_plan "$plan" <<END
1A|quick|Writes: \`app/**\`|fake:bash=mkdir app && cd app && $begin; true fake:commit=a
1B|quick|Writes: \`b.txt\`|fake:write=b.txt:two fake:bash=mkdir -p vendor/x && cd vendor/x && $begin; true fake:commit=b
END
silent() { ! divisi status | grep -q "its worktree is kept"; }
divisi dispatch "$plan" >/dev/null 2>&1
approve_table >/dev/null

# ---- committed, it is a link without files -----------------------------------------------------
claim "1A is done" becomes 1A in-review
claim "what it made is no change that can land" divisi_fails 6 merge 1A --yes
claim "which is said" says 'app: a repository of its own, of which only a link would land' divisi why 1A
claim "with what helps" says 'git rm -q --cached app' divisi why 1A
claim "and nothing has landed" equals "$(git ls-tree main app)" ""
tree=$(field 1A path)
claim "a person does it" bash -c 'cd "$1" && mv app/.git "$2" && git rm -q --cached app &&
	git add app && git commit -qm "its files"' _ "$tree" "$scratch/app.git"
claim "then it lands" divisi merge 1A --yes
claim "with its files" until_true says '^nest$' git show main:app/n.txt
claim "and its worktree goes" until_true test ! -e "$tree"

# ---- ignored, it is in no commit ----------------------------------------------------------------
claim "1B is done" becomes 1B in-review
tree=$(field 1B path)
divisi merge 1B --yes >/dev/null
claim "1B lands" becomes 1B "done"
claim "its worktree is kept, and status says why" until_true says 'S-B has landed; its worktree is kept: vendor/x/ is a repository' \
	divisi status
claim "so does the doctor" says 'refused before: vendor/x/ is a repository of its own' divisi doctor
claim "who removes nothing of it" divisi_fails 1 doctor --mend --yes
claim "it is there" says '^nest$' cat "$tree/vendor/x/n.txt"
mv "$tree/vendor/x" "$scratch/x"
claim "moved away it lets the worktree go" divisi doctor --mend --yes
claim "which is gone" test ! -e "$tree"
claim "and status says nothing of it any more" silent
divisi server --stop >/dev/null

e2e_end
