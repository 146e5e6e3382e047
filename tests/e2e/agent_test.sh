#!/bin/bash
# `divisi agent test`: the shipped agents keep the protocol of CONTRACTS 3, and each way to
# break it is named, with what to mend.
. "$(dirname "$0")/lib.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"

cp -R "$top/examples/agents" "$scratch/agents-shipped"
cd "$scratch" || exit 99

# broken NAME: makes an agent of the Python that follows on standard input; tell(), hear()
# and commit() are there.
broken() {
	cat - >"$scratch/$1.body" && {
		cat <<'END'
#!/usr/bin/env python3
import json, os, subprocess, sys, time
def tell(what, **fields):
    print(json.dumps({"type": what, **fields}), flush=True)
def hear(wanted):
    for message in map(json.loads, sys.stdin):
        if message["type"] in (wanted, "interrupt", "stop"):
            return message
    return {"type": "stop"}
def commit():
    # Killed and started again, it may find the locks of its earlier self.
    says = lambda *words: subprocess.check_output(["git", *words], text=True).strip()
    for name in ("index", "HEAD", says("symbolic-ref", "HEAD")):
        lock = says("rev-parse", "--git-path", name + ".lock")
        if os.path.exists(lock): os.unlink(lock)
    subprocess.run(["git", "commit", "-q", "--allow-empty", "-m", "work"], check=True)
def asks(kind, number=1):
    tell("ask", id=str(number), kind=kind, text="may I?")
    return hear("answer").get("decision") == "allow"
def asks_plan():
    if os.environ["DIVISI_LAUNCH_AS"] == "plan" and not asks("plan"):
        tell("failed", reason="no")
        sys.exit()
END
		cat "$scratch/$1.body"
	} >"$scratch/$1" && chmod 755 "$scratch/$1"
}
# breaks NAME CLAIM...: exactly these claims are not ok.
breaks() {
	local program=$1 got
	shift
	divisi agent test --limit 3 -- "$scratch/$program" >"$scratch/said" 2>&1
	[ $? = 1 ] || {
		cat "$scratch/said"
		return 1
	}
	got=$(sed -n 's/^not ok *\([a-z-]*\) .*/\1/p' "$scratch/said" | tr '\n' ' ')
	[ "$got" = "$* " ] || {
		echo "not ok are: $got, not: $*"
		cat "$scratch/said"
		return 1
	}
}

claim "the example in Python is an agent" divisi agent test -- agents-shipped/worker.py
claim "the example in sh is one" \
	divisi agent test -- agents-shipped/oneshot.sh sh -c 'echo x >made'
claim "what is said is one value" bash -c 'divisi agent test --json -- agents-shipped/worker.py |
	python3 -c "
import json, sys
said = json.load(sys.stdin)
assert said[\"broken\"] == 0 and len(said[\"claims\"]) == 16, said
assert all(c[\"holds\"] and c[\"mend\"] is None for c in said[\"claims\"]), said"'

broken chatty <<'END'
hear("prompt"); tell("started"); asks_plan(); print("working on it"); commit(); tell("done")
END
claim "one that talks to people on standard output" breaks chatty messages
broken mute <<'END'
hear("prompt"); commit(); tell("done")
END
claim "one that does not say that it started is not tried further" breaks mute started
broken loose <<'END'
hear("prompt"); tell("started"); asks_plan(); open("left", "w"); tell("done")
END
claim "one that commits nothing" breaks loose committed
broken stays <<'END'
hear("prompt"); tell("started"); asks_plan(); commit(); tell("done")
subprocess.Popen(["tail", "-f", "/dev/null"], start_new_session=True)
time.sleep(60)
END
claim "one that stays when its input ended, and leaves a process" \
	breaks stays input-end children stop
broken eager <<'END'
hear("prompt"); tell("started"); commit()
if os.environ["DIVISI_LAUNCH_AS"] == "plan": asks("plan")
tell("done")
END
claim "one that works before its plan is approved" breaks eager plan declined
broken stubborn <<'END'
hear("prompt"); tell("started")
if os.environ["DIVISI_LAUNCH_AS"] == "plan": asks("plan")
commit(); tell("done")
END
claim "one that does not hear the no" breaks stubborn declined
broken nervous <<'END'
hear("prompt"); tell("started")
if os.environ["DIVISI_LAUNCH_AS"] == "plan":
    tell("ask", id="1", kind="plan", text="may I?")
    if json.loads(sys.stdin.readline() or "{}").get("decision") != "allow":
        tell("failed", reason="no"); sys.exit()
commit(); tell("done")
END
claim "one that takes any line for its answer" breaks nervous noise
broken twice <<'END'
hear("prompt"); tell("started"); asks_plan(); asks("question", 1); asks("question", 1)
commit(); tell("done"); tell("done")
END
claim "one that repeats an id, and its end" breaks twice asks end again
broken ends <<'END'
hear("prompt"); tell("started"); asks_plan(); commit()
END
claim "one that just ends" breaks ends end noise again
claim "what is no program is refused" divisi_fails 5 agent test -- "$scratch/nothing"
printf 'no program' >"$scratch/text" && chmod 755 "$scratch/text"
claim "what cannot be executed is told" breaks text start
claim "without -- and a program the usage is told" divisi_fails 2 agent test
no_scratch() {
	[ -z "$(find "$TMPDIR" -maxdepth 1 -name 'divisi-agent.*')" ]
}
claim "nothing of it is left" no_scratch

e2e_end
