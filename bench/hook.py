#!/usr/bin/env python3
"""The guard hook: what an agent waits before each tool call, beside hooks that do the same.

All of them read the call, ask the same server over the same socket, and print the answer.
"""
import os
import shutil
import subprocess

import lib

NODE = r"""
const net = require("net");
let text = "";
process.stdin.on("data", d => text += d).on("end", () => {
  const call = JSON.parse(text);
  const path = require("path").resolve(call.cwd, call.tool_input.file_path);
  const body = JSON.stringify({ tool: call.tool_name, n: 1, p0: path });
  const s = net.connect(process.argv[2]);
  let reply = "";
  s.write(`POST /v1/guard HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${
    Buffer.byteLength(body)}\r\n\r\n${body}`);
  s.on("data", d => reply += d).on("end", () => {
    const answer = JSON.parse(reply.slice(reply.indexOf("\r\n\r\n") + 4));
    if (answer.decision === "deny")
      console.log(JSON.stringify({ hookSpecificOutput: { hookEventName: "PreToolUse",
        permissionDecision: "deny", permissionDecisionReason: answer.text } }));
  });
});
"""
SHELL = r"""
call=$(cat)
path=$(printf '%s' "$call" | jq -r '.tool_input.file_path')
tool=$(printf '%s' "$call" | jq -r '.tool_name')
answer=$(jq -nc --arg t "$tool" --arg p "$path" '{tool:$t,n:1,p0:$p}' |
	curl -s --unix-socket "$1" --data-binary @- http://x/v1/guard)
[ "$(printf '%s' "$answer" | jq -r .decision)" != deny ] || printf '%s' "$answer" |
	jq -c '{hookSpecificOutput:{hookEventName:"PreToolUse",permissionDecision:"deny",permissionDecisionReason:.text}}'
"""
TIMES = 20


def measure(build, scratch):
    repo, call, look = (f"{scratch}/{name}" for name in ("repo", "call", "look"))
    env = dict(os.environ, HOME=scratch, XDG_STATE_HOME=f"{scratch}/state",
               GIT_CONFIG_NOSYSTEM="1")
    for words in (["init", "-q", repo], ["-C", repo, "-c", "user.name=x", "-c", "user.email=x@x",
                                        "commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run(["git", *words], check=True, env=env)
    server = subprocess.Popen([f"{build}/src/cli/divisi", "server", "--foreground"], cwd=repo,
                              env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    sock = f"{repo}/.git/divisi/sock"
    try:
        while not os.path.exists(sock) and server.poll() is None:
            os.sched_yield()
        for name, tool in ((call, "Write"), (look, "Read")):
            with open(name, "w", encoding="utf-8") as file:
                file.write('{"hook_event_name":"PreToolUse","cwd":"%s","tool_name":"%s",'
                           '"tool_input":{"file_path":"%s/a.c","content":"%s"}}'
                           % (repo, tool, repo, "x" * 4000))
        for name, text in (("hook.js", NODE), ("hook.sh", SHELL)):
            with open(f"{scratch}/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        compare(build, scratch, call, look, sock)
    finally:
        server.terminate()
        server.wait()


def compare(build, scratch, call, look, sock):
    def again(stdin, *argv):
        def go():
            samples = [lib.run(argv, stdin=stdin) for _ in range(TIMES)]
            return lib.Sample(*(sum(getattr(s, what) for s in samples) / TIMES
                                for what in ("wall", "cpu", "rss", "status")))
        return go

    hook = f"{build}/src/hook/divisi-hook"
    ours = again(call, hook)
    lib.head()
    for by in ("wall", "cpu"):
        if not lib.missing("one tool call", "node"):
            lib.versus("one tool call", "node", again(call, "node", f"{scratch}/hook.js", sock),
                       ours, "", by=by)
        if shutil.which("jq") and shutil.which("curl"):
            lib.versus("one tool call", "sh jq curl",
                       again(call, "sh", f"{scratch}/hook.sh", sock), ours, "", by=by)
        lib.versus("one tool call", "/bin/true", again(call, "/bin/true"), ours, "", by=by)
        lib.versus("what the question itself adds", "nothing asked", again(look, hook), ours, "",
                   by=by)


if __name__ == "__main__":
    lib.main(measure)
