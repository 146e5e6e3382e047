#!/bin/bash
# Phases of one plan in two repositories (`Repo:`): one home and one server; worktrees,
# pins, verification and landing in each phase's own repository.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"

fake_repo "$scratch/home-repo" && new_repo "$scratch/other" && cd "$scratch/home-repo" || exit 99
other=$scratch/other
git -C "$other" branch --quiet -m trunk
git -C "$other" config divisi.main trunk
# Its own command verifies what lands there, and the home's would fail.
git -C "$other" config divisi.verify 'test -e other.mark && ! test -e broken'
git -C "$other" config divisi.worktree.setup 'echo set up >>set-up.log; echo set-up.log >>"$(git rev-parse --git-common-dir)/info/exclude"'
touch "$other/other.mark"
git -C "$other" add other.mark && git -C "$other" commit --quiet -m "Mark"
git config divisi.verify '! test -e other.mark'
git config divisi.merge ask

plan=2026-11-22-try-several.md
write_plan() {
	fake_plan "$plan" <<END
1A|quick|Creates: \`src/a.txt\`|fake:write=src/a.txt:a fake:commit=a
1B|quick|Repo: $1; Creates: \`src/a.txt\`, \`src/b.txt\`|fake:write=src/a.txt:theirs fake:write=src/b.txt:b fake:commit=b
1C|quick|Repo: $2; Creates: \`src/b.txt\`|fake:write=src/b.txt:c fake:commit=c
END
}

# ---- what is refused, each with its mend ---------------------------------------------------

# refuses TEXT NAME [NAME]: check says TEXT of a plan whose phases name these.
refuses() {
	write_plan "$2" "${3:-$2}"
	divisi check "$plan" >"$scratch/said" 2>&1 && {
		echo "check lets it pass"
		return 1
	}
	grep -q "L24 .*$1" "$scratch/said" || {
		cat "$scratch/said"
		return 1
	}
}
mkdir "$scratch/plain" && git init --quiet --bare "$scratch/bare.git"
mkdir "$other/sub" && git worktree add --quiet --detach "$scratch/linked"
claim "a name that nobody knows is refused" refuses 'nobody knows.*divisi.repo.lib.path' lib
claim "so is a place that is not there" refuses 'is no directory' ../nowhere
claim "and one that is no repository" refuses 'in no git repository' ../plain
claim "and a bare one" refuses 'bare' ../bare.git
claim "and the plan's own" refuses "the plan's own.*drop the line" ../home-repo
claim "under whatever name" refuses "the plan's own" "$scratch/linked"
claim "and a part of one" refuses 'not the main checkout.*name ' ../other/sub
claim "and two names of one" refuses 'under another name' ../other "$other"
ln -s src "$other/alias" && git -C "$other" add alias && git -C "$other" commit --quiet -m "Alias"
sed -i 's,`src/b.txt`,`alias/b.txt`,' "$plan"
claim "and a footprint through a link" eval \
	"write_plan ../other ../other; sed -i 's,src/b.txt,alias/b.txt,' $plan; says 'L24 .*goes through' divisi check $plan"
git worktree remove "$scratch/linked"

# ---- verdicts --------------------------------------------------------------------------------

git config divisi.repo.lib.path ../other
write_plan lib lib
claim "a name that is set is known" divisi_fails 0 check "$plan"
claim "one path in two repositories is two files" says 'PARALLEL OK' divisi verdict "$plan" 1A 1B
claim "one in one repository is one" says 'src/b.txt' divisi verdict "$plan" 1B 1C
claim "the certificate says the same, and is proven" eval \
	'divisi check "$plan" --certificate "$scratch/c" >/dev/null && divisi-verify "$scratch/c"'
claim "the prompt launches from there" says "Launch from: .*/other " divisi prompt "$plan" 1B

# ---- one dispatch, two repositories -------------------------------------------------------------

write_plan lib lib
sed -i '0,/^- Creates: `src\/b.txt`$/s,,- Creates: `src/c.txt`,; s,fake:write=src/b.txt:c,fake:write=src/c.txt:c,' "$plan"
claim "the table names the repository" says "$other" divisi dispatch "$plan"
approve_table >/dev/null
for id in 1A 1B 1C; do
	claim "$id is ready" becomes $id in-review
done
claim "the worktree of 1B is one of the other repository" eval \
	'git -C "$other" worktree list | grep -q "$(field 1B path)"'
claim "and none of the home's" eval '! git worktree list | grep -q "$(field 1B path)"'
claim "it was set up as that repository says" test -e "$(field 1B path)/set-up.log"
claim "its pins are there" eval 'git -C "$other" for-each-ref refs/divisi | grep -q "/$(field 1B id)/head"'
claim "and not here" eval '! git for-each-ref refs/divisi | grep -q "/$(field 1B id)/"'
claim "1A has none there" eval '! git -C "$other" for-each-ref refs/divisi | grep -q "/$(field 1A id)/"'
claim "status names the repository" equals "$(field 1B repository)" "$other"
claim "and its branch" equals "$(field 1B target)" trunk
before=$(git rev-parse main)
claim "1B lands" eval "divisi merge 1B --yes; becomes 1B done"
claim "on the branch of its own repository" equals "$(cat "$other/src/a.txt" "$other/src/b.txt" | tr '\n' ' ')" "theirs b "
claim "and nowhere else" equals "$(git rev-parse main)" "$before"
claim "verified as that repository wants it" says 'test -e other.mark.* passed' divisi status --json
claim "1A lands at home" eval "divisi merge 1A --yes; becomes 1A done"
claim "with its own file of that name" equals "$(cat src/a.txt)" a
claim "which the other repository did not get" equals "$(cat "$other/src/a.txt")" theirs

# ---- one home ---------------------------------------------------------------------------------

claim "who stands in the other repository sees the plan" eval '(cd "$other" && says 1C divisi status)'
claim "no server began there" eval '! test -e "$other/.git/divisi/journal.db"'
claim "and none begins" eval '! divisi server --top "$other" >"$scratch/said" 2>&1 && grep -q "work in this repository" "$scratch/said"'
claim "nor is a plan of its own dispatched there" eval \
	'cp "$plan" "$other/own.md" && sed -i "/^- Repo:/d" "$other/own.md" && ! divisi dispatch "$other/own.md" >"$scratch/said" 2>&1 && grep -q "work in this repository" "$scratch/said"'
rm -f "$other/own.md"

# ---- a server that dies -----------------------------------------------------------------------

pid=$(server_pid)
kill -KILL "$pid" && until_true is_gone "$pid"
claim "after a restart 1C is where it was" is_state 1C in-review
claim "and lands in its repository" eval "divisi merge 1C --yes; becomes 1C done"
claim "once" equals "$(git -C "$other" log --oneline trunk -- src/c.txt | wc -l)" 1
claim "no agent was started twice" equals "$(wc -l <"$scratch/started" | tr -d ' ')" 3
claim "what is kept there is listed" says "in $other" divisi salvage
claim "and can be had back" eval 'divisi salvage 1B --restore head && git -C "$other" rev-parse --verify --quiet "salvage/$(field 1B id)-head"'
claim "the worktrees are gone" until_true eval '[ "$(git -C "$other" worktree list | wc -l)" -le 2 ]'
claim "doctor sees what is kept there" says "1B/head" divisi doctor --all
claim "the other checkout is in step" eval '[ -z "$(git -C "$other" status --porcelain --untracked-files=no)" ]'

# ---- an agent that lives there while the server dies ----------------------------------------------

plan=2026-11-22-try-alive.md
fake_plan "$plan" <<END
3A|quick|Repo: lib; Creates: \`src/d.txt\`|fake:write=src/d.txt:d fake:bash=echo in >$other/main.txt; echo in >$scratch/home-repo/main.txt; true fake:wait=$scratch/go fake:commit=d
END
divisi dispatch "$plan" >/dev/null 2>&1
approve_table >/dev/null
claim "3A runs" until_true grep -q "3A.r1" "$scratch/started"
pid=$(server_pid)
kill -KILL "$pid" && until_true is_gone "$pid"
claim "it is adopted" becomes 3A active
touch "$scratch/go"
claim "and delivers" becomes 3A in-review
claim "started once" equals "$(starts 3A)" 1
claim "its fence kept it from both checkouts" eval '! test -e "$other/main.txt" && ! test -e main.txt'
divisi server stop >/dev/null
git -C "$other" update-ref refs/heads/trunk "$(git -C "$other" commit-tree -p trunk -m moved "trunk^{tree}")"
git -C "$other" reset --quiet --hard
claim "it lands on what its branch became meanwhile" eval "divisi merge 3A --yes; becomes 3A done"
claim "with that" eval 'git -C "$other" log --format=%s trunk | grep -qx moved && test -e "$other/src/d.txt"'

# ---- a home of its own is respected --------------------------------------------------------------

new_repo "$scratch/third" && mkdir "$scratch/third/.git/divisi" && touch "$scratch/third/.git/divisi/journal.db"
plan=2026-11-22-try-third.md
fake_plan "$plan" <<END
2A|quick|Repo: ../third; Creates: \`src/z.txt\`|fake:write=src/z.txt:z fake:commit=z
2B|quick|Creates: \`src/y.txt\`|fake:write=src/y.txt:y fake:commit=y
END
claim "a repository with a home of its own is refused" eval \
	'! divisi dispatch "$plan" >"$scratch/said" 2>&1 && grep -q "home of its own" "$scratch/said"'
e2e_end
