#!/bin/bash
# What an agent commits beside its branch lands with the rest of its work, or it is said that
# it does not: nothing is done that has not landed (promises 2 and 4).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"
plan=2026-11-22-try-it.md

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git config divisi.publish none
fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`|fake:bash=git checkout -q --detach fake:write=a.txt:one fake:commit=a
1B|quick|Writes: \`b.txt\`|fake:write=b.txt:two fake:commit=b fake:bash=git checkout -q --detach main && git commit -q --allow-empty -m other
1C|quick|Writes: \`c.txt\`|fake:write=c.txt:three fake:commit=c
END
divisi dispatch "$plan" >/dev/null 2>&1
approve_table >/dev/null

# ---- on a detached HEAD ------------------------------------------------------------------------
claim "1A committed on no branch, and is reviewed" becomes 1A in-review
claim "its branch has it" says '^one$' git show "$(field 1A branch):a.txt"
divisi merge 1A --yes >/dev/null
claim "1A is done" becomes 1A "done"
claim "and has landed" says '^one$' git show main:a.txt

# ---- two ways ------------------------------------------------------------------------------------
claim "1B left its branch for another way, and is not done" becomes 1B failed
claim "which is said" says 'on no branch .a detached HEAD. at [0-9a-f]+, and its branch [^ ]* at [0-9a-f]+ has other commits' divisi why 1B
claim "with what helps" says 'checkout -B' divisi why 1B
kept() { git for-each-ref --contains "$1" refs/divisi/p1.1.1B | grep -q .; }
claim "both ways are kept" until_true kept "$(git rev-parse "$(field 1B branch)")"
claim "that one, too" until_true kept "$(git -C "$(field 1B path)" rev-parse HEAD)"

# ---- after the review ----------------------------------------------------------------------------
claim "1C is reviewed" becomes 1C in-review
tree=$(field 1C path)
git -C "$tree" checkout -q --detach && git -C "$tree" commit -q --allow-empty -m "by hand" &&
	git -C "$tree" checkout -q --detach main
claim "what would land is not what was reviewed" divisi_fails 6 merge 1C --yes
claim "and that is said" says 'has other commits|has more' divisi why 1C
git -C "$tree" checkout -q "$(field 1C branch)"
claim "back on its branch it lands" divisi merge 1C --yes
claim "as it was reviewed" until_true says '^three$' git show main:c.txt
# ---- midway --------------------------------------------------------------------------------------
cat >"$scratch/midway" <<'END'
echo one >README.md && git commit -qam one && git checkout -q --detach HEAD~1 &&
	echo two >README.md && git commit -qam two && two=$(git rev-parse HEAD) &&
	git checkout -q - && ! git merge -q "$two"
END
fake_plan again.md <<END
1A|quick|Writes: \`README.md\`|fake:bash=bash $scratch/midway
END
sed -i 's/1A/9A/g; s/T-11/T-91/g' again.md
divisi abandon 1B --reason "not now" >/dev/null
divisi approve p1/1 >/dev/null
divisi dispatch again.md >/dev/null 2>&1
approve_table >/dev/null
claim "a merge that stopped midway is no result" becomes 9A failed
claim "which is said with its file" says 'a merge stopped midway in its worktree, with conflicts in README.md' divisi why 9A
claim "nobody is asked whether to commit it" divisi_fails 5 approve 9A
claim "what is there is kept" until_true is_pinned p2.1.9A README.md '<<<<<<< HEAD'
claim "the journal is replayed to the same state" until_true divisi replay
divisi server --stop >/dev/null

e2e_end
