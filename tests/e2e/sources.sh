#!/bin/bash
# Evidence whose sources lead nowhere is named and counts for nothing: files and commits are looked
# up in the repository, addresses are asked for only where that is allowed (R-124, A-79).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"
plan=2026-11-22-store.md

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
printf 'one\ntwo\n' >notes.md
ln -s /etc/passwd link.md
git add notes.md link.md && git commit -qm notes
head=$(git rev-parse --short=10 HEAD)
mkdir "$scratch/www" && echo there >"$scratch/www/there"
python3 -u -m http.server --bind 127.0.0.1 --directory "$scratch/www" 0 >"$scratch/www.log" 2>&1 &
until_true grep -q "port [0-9]" "$scratch/www.log"
at=http://127.0.0.1:$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$scratch/www.log" | head -1)
cat >"$scratch/bin/hand" <<END
#!/bin/sh
comma=
piece() {
	printf '%s{"type":"empirical","question":"Q1","answer":"yes","claim":"it was measured",' "\$comma"
	printf '"confidence":"high","source":{"title":"A bench","%s":"%s"}}' "\$1" "\$2"
	comma=,
}
{
	printf '{"summary":"an answer","evidence":['
	piece url file:notes.md
	piece url file:notes.md:2
	piece url file:notes.md:3
	piece url file:no-such.md
	piece url file:../out.md
	piece url file:link.md
	piece url commit:$head
	piece url commit:0123456789
	piece url commit:HEAD
	piece url https://
	piece url https://nowhere.invalid/x
	piece url $at/there
	piece url $at/gone
	piece url http://example.invalid.org/plain
	piece doi 10.1000/182
	piece doi ten-thousand
	printf ']}\n'
} >"\$DIVISI_OUTPUT"
END
chmod 755 "$scratch/bin/hand"
fake_plan "$plan" <<END
1A|spike (analysis-only)|Reads: \`**\`; Output: evidence|Q1: which store? fake:bash=hand
END
divisi dispatch "$plan" >/dev/null 2>&1
claim "the table is approved" approve_table
claim "the track is done" becomes 1A "done"
dead() { divisi research "$plan" 2>/dev/null | grep -F "source: $1 of 1A counts for nothing: $2"; }
alive() { ! divisi research "$plan" 2>/dev/null | grep -F "source: $1 of 1A counts"; }
for one in "file:notes.md:3|the file has 2 lines" "file:no-such.md|the repository has no such file" \
	"file:../out.md|it is no path below" "file:link.md|the repository has no such file" \
	"commit:0123456789|the repository has no such commit" "commit:HEAD|it is no id of a commit" \
	"https://|it names no host" "https://nowhere.invalid/x|it names no host" "ten-thousand|it is no DOI"; do
	claim "${one%%|*} is named" dead "${one%%|*}" "${one#*|}"
done
for one in file:notes.md file:notes.md:2 "commit:$head" "$at/there" "$at/gone" 10.1000/182; do
	claim "$one counts" alive "$one"
done
claim "nobody asked for an address" bash -c "! grep -q GET $scratch/www.log"
claim "as JSON, too" says 'file:no-such.md of 1A' divisi research "$plan" --json
git config divisi.research.links check
claim "where that is allowed, what is gone is named" dead "$at/gone" "its server answers 404"
claim "what is there counts" alive "$at/there"
claim "each was asked for once" equals "$(grep -c 'GET /gone' "$scratch/www.log")" 2
claim "what cannot be known counts" alive http://example.invalid.org/plain
git config divisi.research.links perhaps
claim "a value that means nothing is named" divisi_fails 7 research "$plan"
e2e_end
