#!/usr/bin/env python3
"""The part of GitHub's API that has the logs of Actions, on a loopback port, which it prints.

usage: logs_server.py TOKEN LOG

LOG gets a line for each request.  The API wants the token; the address it sends on to, as
GitHub's does, must not see it.  Job 7 failed, run 5 has it; job 8 has a log without an end.
"""

import http.server
import json
import sys

LOG = ("2026-11-22T10:00:00.0000000Z ##[group]Run make\n" + "compiling quietly\n" * 4000 +
       "2026-11-22T10:00:01.0000000Z src/a.c:3: error: no such thing\n" +
       "cleaning up\n" * 4000 + "##[error]Process completed with exit code 2.\n")


class Handler(http.server.BaseHTTPRequestHandler):
    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        token = self.headers.get("Authorization")
        with open(sys.argv[2], "a", encoding="utf-8") as log:
            print(self.path.split("?")[0], "with" if token else "without", file=log)
        if self.path.startswith("/blob/"):
            if token:
                self.reply(400)
            elif self.path.endswith("/7"):
                self.reply(200, LOG.encode())
            else:
                self.endless()
            return
        if token != "Bearer " + sys.argv[1]:
            self.reply(401, b'{"message": "Bad credentials"}')
        elif self.path.startswith("/repos/o/r/actions/runs/5/jobs"):
            jobs = [{"id": 6, "conclusion": "success"}, {"id": 7, "conclusion": "failure"}]
            self.reply(200, json.dumps({"total_count": 2, "jobs": jobs}).encode())
        elif self.path in ("/repos/o/r/actions/jobs/7/logs", "/repos/o/r/actions/jobs/8/logs"):
            self.reply(302, Location=f"http://127.0.0.1:{self.server.server_port}/blob/"
                       + self.path.split("/")[-2])
        else:
            self.reply(404, b'{"message": "Not Found"}')

    def endless(self):
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"x" * 65536)
        except OSError:
            pass

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
