#!/usr/bin/env python3
"""Reading what agents print: 64 MB of JSON lines as Claude Code writes them, and what real
programs printed, recorded, again and again.

DIVISI_BENCH_BYTES is another size, such as 1000000000; DIVISI_STREAMS a directory with more
recorded runs than the repository has.
"""
import glob
import json
import os
import random
import sys

import lib

HERE = os.path.dirname(os.path.abspath(__file__))
BYTES = int(os.environ.get("DIVISI_BENCH_BYTES", 64_000_000))
ROUNDS = 3 if BYTES < 500_000_000 else 1
RECORDED_BYTES = 16_000_000
READ_IN_PYTHON = "import json,sys\nn = 0\nfor line in sys.stdin.buffer:\n" \
                 "    n += json.loads(line).get('type') == 'assistant'\n"


def text(dice, n):
    words = ("the", "phase", "writes", "src/core/step.c", "and", "then", "make check", "\n",
             "\"quoted\"", "passes", "naïve", "→", "\t", "return -1;", "{", "}", "0x1f")
    out = []
    while n > 0:
        out.append(dice.choice(words))
        n -= len(out[-1]) + 1
    return " ".join(out)


def messages(seed=11):
    """Assistant texts, tool calls, tool results, now and then a system line."""
    dice = random.Random(seed)
    session = "0b6a1c3e-0000-4000-8000-000000000001"
    for i in range(400):
        kind = dice.random()
        base = {"parent_tool_use_id": None, "session_id": session, "uuid": f"{i:032x}"}
        usage = {"input_tokens": 4, "cache_creation_input_tokens": 900,
                 "cache_read_input_tokens": 20000 + i, "output_tokens": dice.randrange(900)}
        if kind < 0.3:
            part = {"type": "text", "text": text(dice, dice.randrange(100, 3000))}
        elif kind < 0.6:
            part = {"type": "tool_use", "id": f"toolu_{i}", "name": "Edit", "input": {
                "file_path": "/repo/src/core/step.c", "old_string": text(dice, 800),
                "new_string": text(dice, 900)}}
        elif kind < 0.95:
            yield {"type": "user", "message": {"role": "user", "content": [
                {"tool_use_id": f"toolu_{i}", "type": "tool_result", "is_error": False,
                 "content": text(dice, dice.randrange(200, 6500))}]}, **base}
            continue
        else:
            yield {"type": "system", "subtype": "status", "status": None, **base}
            continue
        yield {"type": "assistant", "message": {
            "model": "claude", "id": f"msg_{i}", "type": "message", "role": "assistant",
            "content": [part], "stop_reason": None, "usage": usage}, **base}


def write(path):
    lines = [json.dumps(m, ensure_ascii=False).encode() + b"\n" for m in messages()]
    n = 0
    with open(path, "wb") as out:
        while n < BYTES:
            out.writelines(lines)
            n += sum(map(len, lines))
    return n, sum(map(len, lines)) // len(lines)


def recorded(directory, adapter):
    """The lines that programs of ADAPTER printed, of all its runs in DIRECTORY."""
    names = {"claude": "claude*", "codex": "codex-app*", "acp": "acp-*"}[adapter]
    for path in sorted(glob.glob(f"{directory}/{names}.jsonl")):
        with open(path, "rb") as lines:
            for line in lines:
                try:
                    said = json.loads(line)
                except ValueError:
                    continue
                # Of a conversation what the client said is left out.
                if isinstance(said, dict) and "dir" in said and "msg" in said:
                    if not said["dir"].startswith(("agent", "server", "cli->")):
                        continue
                    line = json.dumps(said["msg"], ensure_ascii=False).encode() + b"\n"
                yield line if line.endswith(b"\n") else line + b"\n"


def compare(reader, path, name, adapter="claude"):
    """One file: ours beside the peers.  What ours was last."""
    last = []

    def ours():
        last[:] = [lib.run([reader, "parse", path, adapter])]
        return last[0]

    def peer(*argv):
        return lambda: lib.run(argv, stdin=path, may_fail=True)

    if not lib.missing(name, "jq"):
        lib.versus(name, "jq -c .type", peer("jq", "-c", ".type"), ours, "1", rounds=ROUNDS)
    lib.versus(name, "python json", peer(sys.executable, "-c", READ_IN_PYTHON), ours, "1",
               rounds=ROUNDS)
    return last[0]


def measure(build, scratch):
    path = os.path.join(scratch, "out.ndjson")
    n_bytes, mean = write(path)
    reader = f"{build}/bench/stream_read"
    lib.head()
    name = f"{n_bytes / 1e6:.0f} MB, {mean:,} bytes a line"
    ours = compare(reader, path, name)
    lib.versus(f"{name}, split only", "wc -l", lambda: lib.run(["wc", "-l"], stdin=path),
               lambda: lib.run([reader, "follow", path]), "", rounds=ROUNDS)
    lib.value_of("read and understood, one core", f"{n_bytes / 1e6 / ours.cpu:.0f} MB/s",
                 "≥ 100 MB/s")
    lib.value_of("peak memory", lib.size(ours.rss))
    os.unlink(path)
    directory = os.environ.get("DIVISI_STREAMS", f"{HERE}/../tests/data/streams")
    for adapter in ("claude", "codex", "acp"):
        lines = list(recorded(directory, adapter))
        once = sum(map(len, lines))
        if once == 0:
            continue
        with open(path, "wb") as out:
            for _ in range(RECORDED_BYTES // once + 1):
                out.writelines(lines)
        n_bytes = os.path.getsize(path)
        ours = compare(reader, path, f"recorded of {adapter}, {once // len(lines):,} bytes a line",
                       adapter)
        lib.value_of(f"recorded of {adapter}", f"{n_bytes / 1e6 / ours.cpu:.0f} MB/s",
                     "≥ 100 MB/s")


if __name__ == "__main__":
    lib.main(measure)
