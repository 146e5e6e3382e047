#!/bin/bash
# What needs nobody at landing: numbers of a series are given, derived files are made again
# and never merged by hand, of united files both sides are kept (CONFLICTS 5.1, 5.2).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
mkdir -p db/migrations tests src
echo "create table t" >db/migrations/0001_first.sql
echo "exit 0" >tests/t0001-first.sh
touch src/first.txt
# Only the derived file's own command keeps it in step, so a merge by hand would show.
ls src >index.txt
printf '# Changes\n\n- first\n' >CHANGELOG.md
git add --all && git commit --quiet --message "Things with numbers"
git config --add divisi.derived 'index.txt = ls src >index.txt'
git config --add divisi.united CHANGELOG.md
git config --add divisi.series 'infra:tests=tests/t*.sh'
git config divisi.verify 'test "$(ls src)" = "$(cat index.txt)" && ! test -e broken'

run_batch() {
	divisi dispatch "$1" >/dev/null 2>&1
	approve_table >/dev/null
}
plan=2026-11-22-try-numbers.md
fake_plan "$plan" <<END
1A|quick|Renumbers: schema:main; Creates: \`db/migrations/*_a.sql\`, \`src/a.txt\`; Writes: \`index.txt\`; Appends: \`CHANGELOG.md\`|fake:write=db/migrations/0002_a.sql:see 0002_a fake:write=src/a.txt:a fake:bash=ls src >index.txt fake:append=CHANGELOG.md:- a fake:commit=a
1B|quick|Renumbers: schema:main, infra:tests; Creates: \`db/migrations/*_b.sql\`, \`src/b.txt\`, \`tests/t*-b.sh\`; Writes: \`index.txt\`; Appends: \`CHANGELOG.md\`|fake:write=db/migrations/0002_b.sql:see 0002_b and 00020_b fake:write=db/migrations/0003_b.sql:after 0002_b fake:write=tests/t0002-b.sh:exit 0 fake:write=src/b.txt:b fake:bash=ls src >index.txt fake:append=CHANGELOG.md:- b fake:commit=b
END
claim "the two may run together on branches" says '1A, 1B on branches' divisi check "$plan"
claim "for the derived file is made again" says 'made again at landing|lines are kept' \
	divisi verdict "$plan" 1A 1B
run_batch "$plan"
claim "1A is ready" becomes 1A in-review
claim "1B is ready" becomes 1B in-review
claim "1A lands" eval "divisi merge 1A --yes; becomes 1A done"
claim "1B lands too, though every file of it collides" eval "divisi merge 1B --yes; becomes 1B done"
claim "the first keeps its number" test -e db/migrations/0002_a.sql
claim "the second gets the next ones" test -e db/migrations/0003_b.sql
claim "in their order" grep -qx 'after 0003_b' db/migrations/0004_b.sql
claim "and is called so where it names itself" grep -qx 'see 0003_b and 00020_b' db/migrations/0003_b.sql
claim "nothing has the old name" eval "! test -e db/migrations/0002_b.sql"
claim "a series that nobody else added to keeps its numbers" test -e tests/t0002-b.sh
claim "the derived file was made again" equals "$(cat index.txt)" "$(ls src)"
claim "both lines are kept" equals "$(sed -n '4,$p' CHANGELOG.md | sort | tr '\n' ' ')" "- a - b "
claim "what was done is on record" says '0002_b.sql -> db/migrations/0003_b.sql' \
	divisi status --json
claim "so is what was made again" says 'index.txt was made again by .ls src' divisi status --json
claim "the checkout is in step" is_clean . "$plan"

# ---- what cannot be made again lands nothing ------------------------------------------------

git config --unset-all divisi.derived
git config --add divisi.derived 'index.txt = touch stray; ls src >index.txt'
plan=2026-11-22-try-derived.md
fake_plan "$plan" <<END
2A|quick|Creates: \`src/c.txt\`; Writes: \`index.txt\`|fake:write=src/c.txt:c fake:bash=ls src >index.txt fake:commit=c
2B|quick|Creates: \`src/d.txt\`; Writes: \`index.txt\`|fake:write=src/d.txt:d fake:bash=ls src >index.txt fake:commit=d
END
run_batch "$plan"
claim "2A is ready" becomes 2A in-review
claim "2B is ready" becomes 2B in-review
# The approved table has the command; what the settings say by now does not run.
git config --unset-all divisi.derived
git config --add divisi.derived "index.txt = touch $scratch/never"
claim "2A lands as it is, for nothing moved" eval "divisi merge 2A --yes; becomes 2A done"
claim "2B does not" eval "divisi merge 2B --yes; becomes 2B merge-conflict"
claim "because its command made more than it says" says 'changed others too: stray' divisi why 2B
claim "a command that nobody approved did not run" eval "! test -e $scratch/never"
# What a person puts on top is the session's work as well, and is kept like it (promise 2).
git -C "$(field 2B path)" commit -q --allow-empty -m "Mend it"
mended=$(git -C "$(field 2B path)" rev-parse HEAD)
is_kept() { equals "$(git rev-parse "refs/divisi/$(field 2B id)/head")" "$mended"; }
claim "a person tries again, in vain, and is told so" says "changed others too" divisi merge 2B --yes
claim "what they committed is kept before it is tried" until_true is_kept
claim "main has nothing of it" eval "! test -e src/d.txt"
claim "and is in step" is_clean . "$plan" 2026-11-22-try-numbers.md

# ---- a series given as a pattern ---------------------------------------------------------------

plan=2026-11-22-try-pattern.md
fake_plan "$plan" <<END
3A|quick|Renumbers: \`db/migrations/*.sql\`; Creates: \`db/migrations/*_c.sql\`|fake:write=db/migrations/0005_c.sql:c fake:commit=c
3B|quick|Renumbers: \`db/migrations/*.sql\`; Creates: \`db/migrations/*_d.sql\`|fake:write=db/migrations/0005_d.sql:see 0005_d fake:commit=d
3C|quick|Renumbers: \`db/migrations/*.sql\`; Creates: \`db/migrations/*_e.py\`|fake:commit=e
END
claim "the two may run together on branches" says '=> PARALLEL on separate branches' \
	divisi verdict "$plan" 3A 3B
claim "for the pattern gives both their numbers" \
	says 'renumber db/migrations/\*.sql: the numbers are given at landing' divisi verdict "$plan" 3A 3B
claim "what it does not match gets none, and runs alone" says 'shared infrastructure: db-schema' \
	divisi verdict "$plan" 3A 3C
claim "the certificate says so" eval "divisi check $plan --certificate certificate >/dev/null; divisi-verify certificate"
rm -f certificate
git config divisi.branches delete
run_batch "$plan"
claim "3A is ready" becomes 3A in-review
branch=$(field 3A branch)
claim "its branch stands until it landed" git rev-parse --verify --quiet "refs/heads/$branch"
claim "3B is ready" becomes 3B in-review
claim "3A lands" eval "divisi merge 3A --yes; becomes 3A done"
claim "3B lands too" eval "divisi merge 3B --yes; becomes 3B done"
claim "the first keeps its number" test -e db/migrations/0005_c.sql
claim "the second gets the next one" grep -qx 'see 0006_d' db/migrations/0006_d.sql
no_branch() { ! git rev-parse --verify --quiet "refs/heads/$branch"; }
claim "then it goes, where that is wished (R-57)" until_true no_branch
claim "all of it is pinned" git rev-parse --verify --quiet "refs/divisi/$(field 3A id)/head"
claim "nobody misses it" divisi doctor
e2e_end
