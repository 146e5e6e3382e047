#!/bin/bash
# Sessions that stray into each other while they work: seen, halted, ruled, merged (issue of
# the conflict calculus, item 7; DESIGN 8, SPEC S-45, A-14, J-24).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"

launch() {
	fake_plan "2026-11-22-try-$1.md" &&
		{ divisi dispatch "2026-11-22-try-$1.md"; [ $? = 4 ]; } && approve_table
}
conflict() {
	look "status['conflicts'][$1]['$2']"
}
# is_conflict N FIELD TEXT
is_conflict() {
	equals "$(conflict "$1" "$2")" "$3"
}
n_conflicts() {
	equals "$(look "len(status['conflicts'])")" "$1"
}
strayed() {
	equals "$(field "$1" stray)" "$2"
}

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
mkdir lib && seq 1 30 >lib/words && git add lib && git commit -qm words
git config divisi.merge ask

claim "three of which none strays: launched" launch 0 <<END
0A|quick|Writes: \`0a\`|fake:write=0a:x fake:wait=$scratch/half fake:write=0a:y fake:wait=$scratch/calm fake:bash=git add -A; git commit -qm 0a
0B|quick|Writes: \`0b\`|fake:write=0b:x fake:wait=$scratch/calm fake:bash=git add -A; git commit -qm 0b
0C|quick|Writes: \`0c\`|fake:write=0c:x fake:wait=$scratch/calm fake:bash=git add -A; git commit -qm 0c
END
cost_of() {
	look "status['radar']['$1']"
}
looked() {
	[ "$(cost_of looks)" -ge "$1" ]
}
claim "the radar, and no session, looks at them (A-67)" until_true looked 1
claim "all of them work" eval "becomes 0A active && becomes 0B active && becomes 0C active"
touch "$scratch/half"
claim "and again when one writes more" until_true looked 2
touch "$scratch/calm"
for phase in 0A 0B 0C; do
	claim "$phase is done" becomes $phase in-review
	claim "and lands" eval "divisi merge $phase --yes; becomes $phase done"
done
claim "nothing was raised" n_conflicts 0
claim "nobody strayed" strayed 0A ""
claim "the radar's processor time is shown" says \
	'radar: [0-9]+ looks, [0-9]+ ms of processor time' divisi conflicts
claim "and is little: half a second a look at most" \
	[ "$(cost_of cpu_ms)" -le $((500 * $(cost_of looks))) ]
divisi conflicts | sed -n 's/^radar/# nothing strays: radar/p'

claim "two that both edit an undeclared file: launched" launch 1 <<END
1A|quick|Writes: \`1a\`|fake:write=1a:x fake:bash=sed -i s/^5$/five/ lib/words fake:wait=$scratch/go fake:bash=git add -A; git commit -qm 1a
1B|quick|Writes: \`1b\`|fake:write=1b:x fake:wait=$scratch/second fake:bash=sed -i s/^25$/x/ lib/words fake:wait=$scratch/go fake:bash=git add -A; git commit -qm 1b
1C|quick|Writes: \`1c\`|fake:write=1c:x fake:wait=$scratch/go fake:bash=git add -A; git commit -qm 1c
END
claim "the stray of the first is told" until_true strayed 1A lib/words
claim "nobody is halted for it" n_conflicts 0
touch "$scratch/second"
from=$SECONDS
claim "when the second does it, both are halted" becomes 1A halted
claim "both" is_state 1B halted
claim "within ten seconds" [ $((SECONDS - from)) -le 10 ]
claim "the third goes on" is_state 1C active
claim "it is a race: they would merge" is_conflict 0 kind race
claim "about that file" says 'lib/words' divisi conflicts c1
claim "with both intents" says 'Work on 1A' divisi conflicts c1
claim "it is the first thing that needs a person" says '1/S-A|conflict c1' divisi status
claim "it is on both issues" until_true says 'Conflict c1' divisi issue show "$(field 1A sub_issue)"
claim "a resume is no ruling" divisi_fails 3 resume 1A
claim "why names it" says 'conflict c1' divisi why 1A
claim "a ruling names a session of it" divisi_fails 2 rule c1 --order 1C
claim "the halt survives the server" eval \
	"kill -9 $(server_pid); until_true is_state 1B halted"
claim "a person orders them" divisi rule c1 --order 1B --reason "the smaller one first"
claim "the first goes on" becomes 1A active
claim "and the second" becomes 1B active
claim "the ruling is on record" says 'order 1/S-B, the smaller one first' \
	divisi conflicts --all
touch "$scratch/go"
for phase in 1A 1B 1C; do
	claim "$phase is done" becomes $phase in-review
done
claim "the second of the order waits" eval \
	"divisi merge 1A --yes; until_true says 'behind S-B' divisi why 1A"
claim "the first lands" eval "divisi merge 1B --yes; becomes 1B done"
claim "then the second, on top of it" becomes 1A "done"
claim "both changes are there" equals "$(sed -n '5p;25p' lib/words | tr '\n' ' ')" "five x "
claim "and the third" eval "divisi merge 1C --yes; becomes 1C done"
claim "it was not raised again" n_conflicts 1

rm -f "$scratch/go"
claim "two that declare one file and do not merge: launched" launch 2 <<END
2A|quick|Writes: \`lib/words\`|fake:bash=sed -i s/^9$/nine/ lib/words fake:wait=$scratch/go fake:bash=git add -A; git commit -qm 2a
2B|quick|Writes: \`lib/words\`|fake:bash=sed -i s/^9$/NINE/ lib/words fake:wait=$scratch/go fake:bash=git add -A; git commit -qm 2b
END
claim "they are halted" becomes 2B halted
claim "a failed trial merge" is_conflict 1 kind file
claim "with both sides" says 'NINE' divisi conflicts c2
claim "one yields" divisi rule c2 --yield 2B --reason "2A was first"
claim "it is parked" becomes 2B parked
claim "with what it never committed pinned" until_true is_pinned "$(field 2B id)" lib/words NINE
claim "the other goes on" becomes 2A active
touch "$scratch/go"
claim "and lands" eval "becomes 2A in-review && divisi merge 2A --yes && becomes 2A done"
claim "the yielded one is given up" divisi abandon 2B

rm -f "$scratch/go"
git config divisi.radar tell
claim "with divisi.radar tell: launched" launch 3 <<END
3A|quick|Writes: \`3a\`|fake:write=3a:x fake:write=lib/new:a fake:wait=$scratch/go fake:bash=rm -f lib/new; git add -A; git commit -qm 3a
3B|quick|Writes: \`3b\`|fake:write=3b:x fake:write=lib/new:b fake:wait=$scratch/go fake:bash=rm -f lib/new; git add -A; git commit -qm 3b
END
claim "it is told, once" eval "until_true is_conflict 2 policy tell && n_conflicts 3"
claim "and nobody is halted" is_state 3A active
touch "$scratch/go"
claim "what nothing strays costs is shown" says 'radar: [0-9]+ looks, [0-9]+ ms' divisi conflicts
divisi conflicts | sed -n 's/^radar/# radar/p'
claim "the sessions end" eval "becomes 3A in-review && becomes 3B in-review"

rm -f "$scratch/go"
git config --unset divisi.radar
printf 'int area(int w, int h)\n{\n\treturn w * h;\n}\n' >shape.c
git add shape.c && git commit -qm shape
git config divisi.verify 'test ! -e use.c || ! grep -q depth shape.c'
claim "one changes parameters, the other adds a call: launched" launch 4 <<END
4A|quick|Writes: \`shape.c\`|fake:bash=sed -i "s/int h)/int h, int depth)/" shape.c fake:wait=$scratch/go fake:bash=git add -A; git commit -qm 4a
4B|quick|Writes: \`use.c\`|fake:bash=echo "int two(void) { return area(1, 2); }" >use.c fake:wait=$scratch/go fake:bash=git add -A; git commit -qm 4b
END
claim "an alarm is told" until_true is_conflict 3 kind semantic
claim "and asks for a build of both" says 'divisi try [0-9]+/S-A [0-9]+/S-B' divisi conflicts c4
claim "nobody is halted for a guess" is_state 4A active
claim "both together fail" divisi_fails 1 try 4A 4B
claim "with the command named" says "together: 'test ! -e use.c .*' fails with 1" divisi try 4A 4B
claim "nothing is left of it" equals "$(find "$scratch/tmp" -name 'divisi-union*' | wc -l)" 0
claim "the person has one yield" divisi rule c4 --yield 4B
claim "it is parked" becomes 4B parked
touch "$scratch/go"
claim "the other ends" becomes 4A in-review

rm -f "$scratch/go"
git config --unset divisi.verify
git config divisi.radar tell
claim "one that strays into the work of two others: launched" launch 5 <<END
5A|quick|Writes: \`5a\`|fake:bash=sed -i "s/^12$/A/; s/^22$/A/" lib/words; git add -A; git commit -qm 5a
5B|quick|Writes: \`5b\`|fake:bash=sed -i "s/^12$/B/" lib/words fake:wait=$scratch/go fake:bash=git add -A; git commit -qm 5b
5C|quick|Writes: \`5c\`|fake:bash=sed -i "s/^22$/C/" lib/words fake:wait=$scratch/go fake:bash=git add -A; git commit -qm 5c
END
open_files() {
	look "len([c for c in status['conflicts'] if c['state'] == 'open' and c['kind'] == 'file'])"
}
claim "it does not merge with either" until_true eval 'equals "$(open_files)" 2'
claim "it had better land last" says '/S-A collides with 2 others' divisi conflicts
claim "the order is proposed" says 'rule c[0-9]+ --order [0-9]+/S-C' divisi conflicts
claim "it is done first" becomes 5A in-review
claim "and waits for the others" eval \
	"divisi merge 5A --yes; until_true says 'collides with more others' divisi why 5A"
claim "it is counted for who wrote the plan" says \
	'^planner .+: 6 plan\(s\); [0-9]+ of [0-9]+ sessions wrote what was not declared' divisi report
claim "and learn says so too" says '^planner .+: 6 plan' divisi learn --dry-run
git init -q "$scratch/young" && git -C "$scratch/young" commit -q --allow-empty -m one
measured() {
	(cd "$scratch/young" && divisi learn --json) | python3 -c 'import json, sys
said = json.load(sys.stdin)
print(said["pairs"], said["base_rate"], *said["shipped"].values(), *said["learned"].values())'
}
claim "where no two changes met, no number is made up" equals "$(measured)" \
	"0 None None None None None None None None None"
claim "the plan is aborted" divisi abort --reason "again, with what is known"
touch "$scratch/go"
divisi dispatch 2026-11-22-try-5.md --dry-run --json >"$scratch/table"
order() {
	python3 -c 'import json, sys
t = json.load(open(sys.argv[1]))
print(" ".join(s["phase"] for s in sorted(t["batch"]["sessions"], key=lambda s: int(s["merge"]))))' "$scratch/table"
}
claim "the next table lands the hub last" equals "$(order)" "5B 5C 5A"
claim "and says why" says "5A and 5[BC] did not merge when they were tried|5[BC] and 5A did not merge when" cat "$scratch/table"
e2e_end
