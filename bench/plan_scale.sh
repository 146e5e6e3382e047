#!/bin/sh
# Plans of growing size from text to verdicts: ten patterns a phase, spread over a tree of
# 2,500 directories so that some phases meet and most do not.
set -eu
divisi=$1/src/cli/divisi
[ -x "$divisi" ] || exit 0
plan=$(mktemp)
trap 'rm -f "$plan"' EXIT

write_plan()
{
	awk -v n="$1" 'BEGIN {
		srand(1)
		print "# Master Plan: Scale\n\n## Phase Map\n"
		print "| Phase | Issues | Focus | Batch | Dependencies | Mode | Reads | Writes |"
		print "|---|---|---|---|---|---|---|---|"
		for (i = 1; i <= n; i++) {
			reads = ""; writes = ""
			for (k = 0; k < 4; k++)
				reads = reads (k ? ", " : "") sprintf("`docs/%d/**`", rand() * 400)
			for (k = 0; k < 2; k++) {
				writes = writes (k ? ", " : "") sprintf("`src/%d/%d/**`", rand() * 50, rand() * 50)
				writes = writes sprintf(", `src/%d/%d/f%d.c`", rand() * 50, rand() * 50, rand() * 9)
				writes = writes sprintf(", `lib/**/n%d_*.h`", rand() * 3000)
			}
			printf "| P%d | [X-%d](https://linear.app/acme/issue/X-%d) | part %d | 1 | None | quick | %s | %s |\n", i, i, i, i, reads, writes
		}
	}' >"$plan"
}

for n in 10 100 200 1000 3000; do
	write_plan "$n"
	before=$(date +%s%N)
	"$divisi" check "$plan" --json >/dev/null || true
	after=$(date +%s%N)
	echo "plan_check_$n $(((after - before) / 1000)) us"
done
