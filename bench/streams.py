#!/usr/bin/env python3
"""Reading what agents print: 64 MB of JSON lines as Claude Code writes them."""
import json
import os
import random
import sys

import lib

BYTES = 64_000_000
READ_IN_PYTHON = "import json,sys\nn = 0\nfor line in sys.stdin.buffer:\n" \
                 "    n += json.loads(line)['type'] == 'assistant'\n"


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


def measure(build, scratch):
    path = os.path.join(scratch, "out.ndjson")
    n_bytes, mean = write(path)
    reader = f"{build}/bench/stream_read"
    last = {}

    def ours(word="parse"):
        last[word] = lib.run([reader, word, path])
        return last[word]

    def peer(*argv):
        return lambda: lib.run(argv, stdin=path)

    def speed(sample):
        return f"{n_bytes / 1e6 / sample.cpu:.0f} MB/s"

    lib.head()
    name = f"{n_bytes / 1e6:.0f} MB, {mean:,} bytes a line"
    if not lib.missing(name, "jq"):
        lib.versus(name, "jq -c .type", peer("jq", "-c", ".type"), ours, "1", rounds=3)
    lib.versus(name, "python json", peer(sys.executable, "-c", READ_IN_PYTHON), ours, "1",
               rounds=3)
    lib.versus(f"{name}, split only", "wc -l", peer("wc", "-l"),
               lambda: ours("follow"), "", rounds=3)
    lib.value_of("read and understood, one core", speed(last["parse"]), "≥ 100 MB/s")
    lib.value_of("peak memory", lib.size(last["parse"].rss))


if __name__ == "__main__":
    lib.main(measure)
